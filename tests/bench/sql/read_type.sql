-- All current items of a type as one JSON array: PostgreSQL makes the text, so that a service need only pass it on.
-- $1 event_type.
SELECT '[' || coalesce(string_agg(
           '{"event_type": ' || to_json(event_type) || ', "session_id": ' || to_json(session_id)
           || CASE properties WHEN '{}' THEN '}' ELSE ', ' || substr(properties::text, 2) END, ', ' ORDER BY session_id), '') || ']'
FROM events
WHERE event_type = $1::text
