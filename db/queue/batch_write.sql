-- ?1 id, ?2 created_at_us. Returns its number.
INSERT INTO batches (id, created_at_us, received, inserted, duplicates, rejected, pending)
VALUES (?1, ?2, 0, 0, 0, 0, 0)
RETURNING batch
