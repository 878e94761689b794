-- The current items of one type and page, in bytewise order of their sessions. Read from the index events_page_url, row by row.
-- $1 event_type, $2 the session behind which to begin, $3 how many at most, or NULL for all, $4 the page.
SELECT session_id, occurred_at, event_id, received_at, properties
FROM events
WHERE page_hash = hashtextextended($4::text, hashtextextended($1::text, 0)) AND session_id > $2::text
      AND event_type = $1::text AND properties -> 'page_url' = to_jsonb($4::text)
ORDER BY session_id
LIMIT $3::bigint
