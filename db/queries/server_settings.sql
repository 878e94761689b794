-- What a server promises, as this connection sees it; all as text: version, fsync, synchronous_commit, full_page_writes, encoding,
-- whether it is a standby, connections that others than superusers may have, connections that there are, its clock in microseconds
-- since 1970.
SELECT current_setting('server_version_num'),
       current_setting('fsync'),
       current_setting('synchronous_commit'),
       current_setting('full_page_writes'),
       current_setting('server_encoding'),
       pg_is_in_recovery()::text,
       (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)::text,
       (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database)::text,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text
