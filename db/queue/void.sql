-- A change that means nothing. Where a commit failed, what was written of it may still lie in the log and be taken for a commit by whoever
-- recovers the log; this is written over it.
UPDATE totals SET voided = voided + 1
