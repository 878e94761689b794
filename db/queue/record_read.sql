-- ?1 seq behind which to begin, ?2 how many. The columns are those of quarantine_read.
SELECT seq, event_id, occurred_at_us, received_at_us, event_type, session_id, properties, batch IS NOT NULL, NULL, 0
FROM records
WHERE seq > ?1
ORDER BY seq
LIMIT ?2
