-- The current item of one key.
-- $1 event_type, $2 session_id, $3 how many at most (there is one), or NULL, $4 its page, or NULL for any,
-- $5 and $6 the time that it lies within (the second excluded).
SELECT session_id, occurred_at, event_id, received_at, properties
FROM events
WHERE event_type = $1::text AND session_id = $2::text AND occurred_at >= $5::timestamptz AND occurred_at < $6::timestamptz
      AND ($4::text IS NULL OR properties -> 'page_url' = to_jsonb($4::text))
LIMIT $3::bigint
