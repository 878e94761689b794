-- ?1 id, ?2 batch_index behind which to begin, ?3 how many. Without an error there is one row of NULLs, without a batch none.
SELECT e.batch_index, e.code, e.error, e.pointer
FROM batches AS b
LEFT JOIN batch_errors AS e ON e.batch = b.batch AND e.batch_index > ?2
WHERE b.id = ?1
ORDER BY e.batch_index
LIMIT ?3
