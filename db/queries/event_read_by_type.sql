-- The current items of one type as JSON text, in bytewise order of their sessions.
-- $1 event_type.
SELECT '{"event_type": ' || to_json(event_type) || ', "session_id": ' || to_json(session_id)
       || CASE properties WHEN '{}' THEN '}' ELSE ', ' || substr(properties::text, 2) END
FROM events
WHERE event_type = $1::text
ORDER BY session_id
