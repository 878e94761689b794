-- Adds what was used of keys on one day; see the function of that name.
-- $1 days since 1970 as text, $2 key ids, $3 events of each, as text: arrays of one length.
-- Returns the sum of all hosts for each key that was used.
SELECT key_id, n_events_of_day::text
FROM access_usage_add('1970-01-01'::date + $1::text::int, $2::text[], $3::text[]::bigint[])
