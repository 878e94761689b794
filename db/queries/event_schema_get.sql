-- One version of one schema: its text, version, mode.
-- $1 type, $2 version as text; empty: the current one.
SELECT schema, version::text, mode
FROM event_schemas
WHERE event_type = $1::text AND ($2::text = '' OR version = nullif($2::text, '')::integer)
ORDER BY version DESC
LIMIT 1
