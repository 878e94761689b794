-- How many events event_check_items gives.
-- $1 event_type, $2 the earliest received_at as text, empty: any; $3 how many at most, as text.
SELECT count(*)::text
FROM (SELECT FROM events WHERE event_type = $1::text AND received_at >= coalesce(nullif($2::text, '')::timestamptz, '-infinity') LIMIT $3::text::bigint) AS items
