-- Stores a group of events; see the function of that name.
-- $1 session_id, $2 occurred_at, $3 event_id, $4 event_type, $5 received_at, $6 properties: arrays of one length, sorted by key.
-- Returns the identity of each event that is new; where all are, as nearly always, one row of NULLs in their stead, which costs both sides
-- less than to send and take back what the other knows.
WITH appended AS MATERIALIZED (
    SELECT session_id, occurred_at, event_id
    FROM event_write($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[])
)
SELECT session_id, occurred_at, event_id FROM appended WHERE (SELECT count(*) FROM appended) < cardinality($1::text[])
UNION ALL
SELECT NULL, NULL, NULL WHERE (SELECT count(*) FROM appended) = cardinality($1::text[])
