-- ?1 the time before which a batch was done, ?2 how many batches at most. One that has errors yet stays.
DELETE FROM batches
WHERE batch IN (
    SELECT b.batch
    FROM batches AS b
    WHERE b.done_at_us < ?1 AND NOT EXISTS (SELECT 1 FROM batch_errors AS e WHERE e.batch = b.batch)
    LIMIT ?2
)
