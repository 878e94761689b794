-- The current items of one type within some time, in the order in which they happened. To be planned with its values.
-- $1 event_type, $2 and $7 session and time of the item behind which to begin, $3 how many at most, or NULL for all, $4 the page, or NULL for
-- any, $5 and $6 the time (the second excluded).
SELECT session_id, occurred_at, event_id, received_at, properties
FROM events
WHERE event_type = $1::text AND (occurred_at, session_id) > ($7::timestamptz, $2::text)
      AND occurred_at >= $5::timestamptz AND occurred_at < $6::timestamptz
      AND occurred_hour >= date_bin('1 hour', $5::timestamptz, '2000-01-01 00:00:00+00') AND occurred_hour <= date_bin('1 hour', $6::timestamptz, '2000-01-01 00:00:00+00')
      AND ($4::text IS NULL
           OR (page_hash = hashtextextended($4::text, hashtextextended($1::text, 0)) AND properties -> 'page_url' = to_jsonb($4::text)))
ORDER BY occurred_at, session_id
LIMIT $3::bigint
