-- ?1 seq, ?2 event_id, ?3 reason, ?4 quarantined_at_us
INSERT INTO quarantine
SELECT seq, event_id, occurred_at_us, received_at_us, event_type, session_id, properties, ?3, ?4
FROM records
WHERE seq = ?1 AND event_id = ?2
