-- What has been applied: number, name, checksum, and when.
SELECT number::text, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM schema_migrations
ORDER BY number
