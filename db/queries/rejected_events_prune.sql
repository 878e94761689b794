-- Removes a piece of what is past the quarantine's bounds.
-- $1 retention in seconds, $2 how many rows may stay, $3 how many are removed at most, as text. Returns how many were.
SELECT rejected_events_prune(make_interval(secs => $1::text::double precision), $2::text::bigint, $3::text::integer)::text
