-- One event: appends it to the history and makes it the current item of its key, in one statement. What a service sends that commits
-- each event for itself; the same two writes as the product's.
-- $1 event_type, $2 session_id, $3 properties.
WITH appended AS (
    INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
    VALUES ($2::text, clock_timestamp(), gen_random_uuid(), $1::text, clock_timestamp(), $3::jsonb)
    ON CONFLICT DO NOTHING
    RETURNING event_type, session_id, event_id, occurred_at, received_at, properties
)
INSERT INTO events AS item (event_type, session_id, event_id, occurred_at, received_at, properties)
SELECT event_type, session_id, event_id, occurred_at, received_at, properties FROM appended
ON CONFLICT (event_type, session_id) DO UPDATE
SET event_id = excluded.event_id,
    occurred_at = excluded.occurred_at,
    received_at = excluded.received_at,
    properties = excluded.properties
WHERE (item.received_at, item.event_id) < (excluded.received_at, excluded.event_id)
