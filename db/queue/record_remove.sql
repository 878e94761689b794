-- ?1 seq, ?2 event_id: a record that was read from this very file. Returns what it belongs to.
DELETE FROM records WHERE seq = ?1 AND event_id = ?2
RETURNING batch, batch_index
