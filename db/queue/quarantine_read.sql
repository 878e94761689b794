-- ?1 seq behind which to begin, ?2 how many. The columns are those of record_read.
SELECT seq, event_id, occurred_at_us, received_at_us, event_type, session_id, properties, FALSE, reason, quarantined_at_us
FROM quarantine
WHERE seq > ?1
ORDER BY seq
LIMIT ?2
