-- ?1 seq, ?2 event_id, ?3 occurred_at_us, ?4 received_at_us, ?5 event_type, ?6 session_id, ?7 properties, ?8 batch, ?9 batch_index
INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
