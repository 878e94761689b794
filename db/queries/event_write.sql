-- Stores a group of events; see the function of that name.
-- $1 session_id, $2 occurred_at, $3 event_id, $4 event_type, $5 received_at, $6 properties: arrays of one length, sorted by key.
-- Returns the identity of each event that is new.
SELECT session_id, occurred_at, event_id
FROM event_write($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[])
