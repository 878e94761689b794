-- The versions of schemas, newest first within a type: type, version, mode, author, note, time, whether it is in force, size in bytes.
-- $1 the type; empty: the current version of every type.
SELECT event_type, version::text, mode, author, note, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       CASE WHEN is_current THEN 't' ELSE 'f' END, octet_length(schema)::text
FROM (SELECT *, version = max(version) OVER (PARTITION BY event_type) AS is_current FROM event_schemas) AS versions
WHERE CASE $1::text WHEN '' THEN is_current ELSE event_type = $1::text END
ORDER BY event_type, version DESC
