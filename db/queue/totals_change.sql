-- ?1 records more, ?2 quarantined more. Returns how many records there are now.
UPDATE totals SET records = records + ?1, quarantined = quarantined + ?2
RETURNING records
