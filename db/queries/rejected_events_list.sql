-- What is in the quarantine, newest first: rejection_id, time, type, reason, keyword, pointer, schema's version, size, state; and all of it as JSON.
-- $1 event_type, $2 reason, $3 the earliest rejected_at as text, empty each: any; $4 how many at most, as text.
SELECT rejection_id::text, to_char(rejected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), event_type, reason, coalesce(keyword, ''),
       coalesce(pointer, ''), coalesce(schema_version::text, ''), size_bytes::text,
       CASE WHEN replayed_at IS NOT NULL THEN 'replayed' WHEN is_cut THEN 'cut' ELSE 'kept' END,
       json_build_object('rejection_id', rejection_id, 'rejected_at', rejected_at, 'event_type', event_type, 'reason', reason, 'keyword', keyword,
                         'pointer', pointer, 'schema_version', schema_version, 'size_bytes', size_bytes, 'is_cut', is_cut, 'replayed_at', replayed_at)::text
FROM rejected_events
WHERE ($1::text = '' OR event_type = $1::text)
  AND ($2::text = '' OR reason = $2::text)
  AND ($3::text = '' OR rejected_at >= nullif($3::text, '')::timestamptz)
ORDER BY rejection_id DESC
LIMIT $4::text::bigint
