-- ?1 how many records are to be added. Returns the number of the last of them.
UPDATE totals SET last_seq = last_seq + ?1, records = records + ?1
RETURNING last_seq
