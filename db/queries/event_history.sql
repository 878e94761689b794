-- The events of one type in the history, session by session in bytewise order, each in the order in which they happened. To be planned with
-- its values; the limit is hidden from the planner, so that it prefers plans whose first rows come early.
-- $1 event_type, $2, $7 and $8 session, time and identity of the event behind which to begin, $3 how many at most, or NULL for all, $4 the
-- page, or NULL for any, $5 and $6 the time (the second excluded).
SELECT session_id, occurred_at, event_id, received_at, properties
FROM event_log
WHERE (session_id, occurred_at, event_id) > ($2::text, $7::timestamptz, $8::uuid)
      AND occurred_at >= $5::timestamptz AND occurred_at < $6::timestamptz AND event_type = $1::text
      AND ($4::text IS NULL OR properties -> 'page_url' = to_jsonb($4::text))
ORDER BY session_id, occurred_at, event_id
LIMIT (SELECT $3::bigint)
