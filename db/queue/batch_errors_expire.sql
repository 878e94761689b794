-- ?1 the time before which a batch was done, ?2 how many errors at most
DELETE FROM batch_errors
WHERE (batch, batch_index) IN (
    SELECT e.batch, e.batch_index
    FROM batches AS b
    JOIN batch_errors AS e ON e.batch = b.batch
    WHERE b.done_at_us < ?1
    LIMIT ?2
)
