-- The events of one type in the history of one session, in the order in which they happened. To be planned with its values: which
-- partitions are worth an index changes with the months.
-- $1 event_type, $2 session_id, $3 how many at most, or NULL for all, $4 the page, or NULL for any, $5 and $6 the time (the second excluded),
-- $7 and $8 time and identity of the event behind which to begin.
SELECT session_id, occurred_at, event_id, received_at, properties
FROM event_log
WHERE session_id = $2::text AND (occurred_at, event_id) > ($7::timestamptz, $8::uuid)
      AND occurred_at >= $5::timestamptz AND occurred_at < $6::timestamptz AND event_type = $1::text
      AND ($4::text IS NULL OR properties -> 'page_url' = to_jsonb($4::text))
ORDER BY occurred_at, event_id
LIMIT $3::bigint
