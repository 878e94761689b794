-- ?1 seq in the quarantine, ?2 event_id, ?3 seq as a record
INSERT INTO records
SELECT ?3, event_id, occurred_at_us, received_at_us, event_type, session_id, properties, NULL, NULL
FROM quarantine
WHERE seq = ?1 AND event_id = ?2
