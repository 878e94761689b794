-- Events of the quarantine that were not replayed, as they came.
-- $1 event_type and $2 reason, empty: any; $3 the rejection_id behind which to go on, empty: from the first; $4 how many at most, as text.
SELECT rejection_id, event_id, occurred_at, received_at, event_type, session_id, payload, reason, CASE WHEN is_cut THEN 't' ELSE 'f' END
FROM rejected_events
WHERE replayed_at IS NULL
  AND ($1::text = '' OR event_type = $1::text)
  AND ($2::text = '' OR reason = $2::text)
  AND ($3::text = '' OR rejection_id > nullif($3::text, '')::uuid)
ORDER BY rejection_id
LIMIT $4::text::bigint
