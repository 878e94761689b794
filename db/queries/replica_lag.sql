-- How far a standby lies behind, in milliseconds as text: 0 where it has replayed all that it received, and on a server that is none. One
-- that has replayed nothing since it was started lies behind since then at least.
SELECT CASE
           WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() THEN '0'
           ELSE greatest(0, (extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) * 1000)::bigint)::text
       END
