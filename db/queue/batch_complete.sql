-- ?1 batch, ?2 rejected, ?3 pending. Done at once where nothing is pending.
UPDATE batches
SET received = ?2 + ?3, rejected = ?2, pending = ?3, done_at_us = CASE WHEN ?3 = 0 THEN created_at_us END
WHERE batch = ?1
