-- ?1 id
SELECT received, inserted, duplicates, rejected, pending, created_at_us, done_at_us
FROM batches
WHERE id = ?1
