-- The history of one type for a schema to be tried on: event_id, occurred_at, the event as JSON text.
-- $1 event_type, $2 the earliest occurred_at as text, empty: any; $3 how many at most, as text.
SELECT event_id, occurred_at,
       '{"event_type": ' || to_json(event_type) || ', "session_id": ' || to_json(session_id) || CASE properties WHEN '{}' THEN '}' ELSE ', ' || substr(properties::text, 2) END
FROM event_log
WHERE event_type = $1::text AND occurred_at >= coalesce(nullif($2::text, '')::timestamptz, '-infinity')
LIMIT $3::text::bigint
