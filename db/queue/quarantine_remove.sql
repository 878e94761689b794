-- ?1 seq, ?2 event_id
DELETE FROM quarantine WHERE seq = ?1 AND event_id = ?2
