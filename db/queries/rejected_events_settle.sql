-- Notes that events of the quarantine were taken in.
-- $1 the user of the operating system, $2 rejection_id: an array.
SELECT rejected_events_settle($1::text, $2::uuid[])
