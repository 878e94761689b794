-- One event of the quarantine, with all that is kept of it: names and values for people, and all of it as JSON.
-- $1 rejection_id as text.
SELECT entry.name, coalesce(entry.value, ''),
       (to_jsonb(rejected) - 'payload' || jsonb_build_object('payload', payload))::text
FROM rejected_events AS rejected,
     LATERAL (VALUES (1, 'rejection_id', rejection_id::text), (2, 'rejected_at', to_char(rejected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
                     (3, 'event_type', event_type), (4, 'session_id', session_id), (5, 'event_id', event_id::text),
                     (6, 'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
                     (7, 'received_at', to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
                     (8, 'reason', reason), (9, 'schema_version', schema_version::text), (10, 'size_bytes', size_bytes::text),
                     (11, 'is_cut', is_cut::text), (12, 'replayed_at', to_char(replayed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
                     (13, 'violations', violations::text), (14, 'payload', payload)) AS entry (place, name, value)
WHERE rejection_id = $1::text::uuid
ORDER BY entry.place
