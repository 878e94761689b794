-- ?1 batch, ?2 inserted, ?3 duplicates, ?4 rejected, of one record; ?5 now
UPDATE batches
SET inserted = inserted + ?2, duplicates = duplicates + ?3, rejected = rejected + ?4, pending = pending - 1,
    done_at_us = CASE WHEN pending = 1 THEN ?5 END
WHERE batch = ?1
