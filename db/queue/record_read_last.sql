-- ?1 seq behind which all are wanted, the last first: of a damaged file, from its other end. The columns are those of record_read.
SELECT seq, event_id, occurred_at_us, received_at_us, event_type, session_id, properties, batch IS NOT NULL, NULL, 0
FROM records
WHERE seq > ?1
ORDER BY seq DESC
