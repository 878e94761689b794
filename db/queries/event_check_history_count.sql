-- How many events event_check_history gives.
-- $1 event_type, $2 the earliest occurred_at as text, empty: any; $3 how many at most, as text.
SELECT count(*)::text
FROM (SELECT FROM event_log WHERE event_type = $1::text AND occurred_at >= coalesce(nullif($2::text, '')::timestamptz, '-infinity') LIMIT $3::text::bigint) AS history
