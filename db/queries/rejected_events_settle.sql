-- Notes that events of the quarantine were taken in.
-- $1 rejection_id: an array.
SELECT rejected_events_settle($1::uuid[])
