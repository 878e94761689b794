-- The current items of one type, in bytewise order of their sessions. Read from the primary key, row by row.
-- $1 event_type, $2 the session behind which to begin, $3 how many at most, or NULL for all.
SELECT session_id, occurred_at, event_id, received_at, properties
FROM events
WHERE event_type = $1::text AND session_id > $2::text
ORDER BY session_id
LIMIT $3::bigint
