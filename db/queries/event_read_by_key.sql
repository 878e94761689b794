-- The current item of one key as JSON text.
-- $1 event_type, $2 session_id.
SELECT '{"event_type": ' || to_json(event_type) || ', "session_id": ' || to_json(session_id)
       || CASE properties WHEN '{}' THEN '}' ELSE ', ' || substr(properties::text, 2) END
FROM events
WHERE event_type = $1::text AND session_id = $2::text
