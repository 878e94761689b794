-- Up to when the history has partitions, in seconds since 1970 as text; no row where it has none but the default one.
SELECT (extract(epoch FROM max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz))::bigint)::text
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'event_log'::regclass
  AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
HAVING count(*) > 0
