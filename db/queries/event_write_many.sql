-- As event_write, for a large group: where all of its events are new, as nearly always, one row of NULLs says so in their stead. That costs
-- both sides less than to send and take back what the other knows; for a small group it would cost more.
-- $1 session_id, $2 occurred_at, $3 event_id, $4 event_type, $5 received_at, $6 properties: as for event_write.
WITH appended AS MATERIALIZED (
    SELECT session_id, occurred_at, event_id
    FROM event_write($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[])
)
SELECT session_id, occurred_at, event_id FROM appended WHERE (SELECT count(*) FROM appended) < cardinality($1::text[])
UNION ALL
SELECT NULL, NULL, NULL WHERE (SELECT count(*) FROM appended) = cardinality($1::text[])
