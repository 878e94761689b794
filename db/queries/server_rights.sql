-- What the role of this connection may, each 'true', 'false' or 'missing': store events, read events, change events other than by the
-- function that stores them, be the owner, be a superuser; then its name.
SELECT coalesce(has_function_privilege(
                    to_regprocedure('event_write(text[], timestamptz[], uuid[], text[], timestamptz[], jsonb[])')::oid,
                    'EXECUTE')::text, 'missing'),
       coalesce((has_table_privilege(to_regclass('events')::oid, 'SELECT')
                 OR has_table_privilege(to_regclass('event_log')::oid, 'SELECT'))::text, 'missing'),
       coalesce((has_table_privilege(to_regclass('events')::oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                 OR has_table_privilege(to_regclass('event_log')::oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))::text, 'missing'),
       pg_has_role(to_regrole('synchrony_owner')::oid, 'MEMBER')::text,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)::text,
       current_user::text
