-- Who may do what, and above all who may not.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

-- What the statement does as that role: "lives", or its SQLSTATE. Whatever it did is undone.
CREATE FUNCTION pg_temp.attempt(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION
    WHEN SQLSTATE 'ZZZZZ' THEN RETURN 'lives';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

-- The product's own statements, with an event that meets one that is there in the place of their parameters.
\set write `cat "$SYNCHRONY_SOURCE/db/queries/event_write.sql"`
\set read_by_type `cat "$SYNCHRONY_SOURCE/db/queries/event_read_by_type.sql"`
\set read_by_key `cat "$SYNCHRONY_SOURCE/db/queries/event_read_by_key.sql"`
CREATE FUNCTION pg_temp.with_values(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    arrays text[] := ARRAY['ARRAY[''s'']', 'ARRAY[now()]', 'ARRAY[gen_random_uuid()]', 'ARRAY[''t'']', 'ARRAY[now() + interval ''1s'']', 'ARRAY[''{}'']'];
BEGIN
    statement := regexp_replace(statement, '--[^\n]*', '', 'g');
    FOR n IN 1..6 LOOP
        statement := replace(statement, '$' || n, arrays[n]);
    END LOOP;
    RETURN statement;
END
$$;
CREATE FUNCTION pg_temp.with_keys(statement text) RETURNS text LANGUAGE sql AS
    $$SELECT regexp_replace(replace(replace(regexp_replace(statement, '--[^\n]*', '', 'g'), '$1', quote_literal('t')), '$2', quote_literal('s')),
                            '\$[3-9]', 'NULL', 'g')$$;

CREATE FUNCTION pg_temp.reject() RETURNS text LANGUAGE sql AS
    $body$SELECT $_$SELECT rejected_events_write(ARRAY[gen_random_uuid()], ARRAY['t'], ARRAY['s'], ARRAY[gen_random_uuid()], ARRAY[now()], ARRAY[now()],
                                             ARRAY['{}'], ARRAY['{"reason":"schema","size_bytes":2,"is_cut":false}'::jsonb])$_$$body$;

SELECT has_role(r) FROM unnest(ARRAY['synchrony_owner', 'synchrony_writer', 'synchrony_reader', 'synchrony_report', 'synchrony_operator']) AS r;
SELECT is(rolcanlogin, rolname <> 'synchrony_owner', format('%s may %slog in', rolname, CASE rolname WHEN 'synchrony_owner' THEN 'not ' ELSE '' END))
    FROM pg_roles WHERE rolname LIKE 'synchrony\_%' ORDER BY rolname;
SELECT is_empty($$SELECT rolname FROM pg_authid WHERE rolname LIKE 'synchrony\_%'
                  AND (rolpassword IS NOT NULL OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)$$,
                'no role has a password or a power over the server');
SELECT is_empty($$SELECT member::regrole FROM pg_auth_members WHERE member::regrole::text LIKE 'synchrony\_%'$$, 'no role is a member of another');

-- The schema's tables at a glance: every privilege on a whole table that is not the owner's.
CREATE TEMPORARY TABLE granted (role_name text, table_name text, verb text);
INSERT INTO granted VALUES
    ('synchrony_reader', 'events', 'SELECT'),
    ('synchrony_reader', 'event_log', 'SELECT'),
    ('synchrony_operator', 'schema_migrations', 'SELECT'),
    ('synchrony_operator', 'audit_log', 'SELECT'),
    ('synchrony_operator', 'event_schemas', 'SELECT'),
    ('synchrony_operator', 'rejected_events', 'SELECT');
SELECT set_eq(
    $$SELECT grantee::regrole::text, relname::text, privilege_type FROM pg_class, aclexplode(relacl)
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT relispartition AND grantee <> relowner
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')$$,
    'SELECT * FROM granted',
    'nobody may more with a whole table than this');
SELECT is_empty($$SELECT attrelid::regclass, attname FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid::regclass::text !~ '^(pg_|information_schema)'$$,
                'and nothing with a single column');

-- Every role that can log in, every table, every verb: what the server does, not what its catalogue says. 42501 is insufficient_privilege.
-- A table's first column stands for all: a right to one would be found above.
SELECT is(pg_temp.attempt(role_name, statement), CASE WHEN verb = 'SELECT' AND EXISTS (
              SELECT FROM granted AS g WHERE g.role_name = roles.role_name AND g.table_name = tables.table_name) THEN 'lives' ELSE '42501' END,
          format('%s: %s', role_name, statement))
FROM (SELECT rolname::text AS role_name FROM pg_roles WHERE rolname LIKE 'synchrony\_%' AND rolcanlogin) AS roles,
     (SELECT relname::text AS table_name, (SELECT attname FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND attidentity = ''
                                           ORDER BY attnum LIMIT 1) AS column_name
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')) AS tables,
     LATERAL (VALUES ('SELECT', format('SELECT %I FROM %I', column_name, table_name)),
                     ('INSERT', format('INSERT INTO %I DEFAULT VALUES', table_name)),
                     ('UPDATE', format('UPDATE %I SET %I = DEFAULT', table_name, column_name)),
                     ('DELETE', format('DELETE FROM %I', table_name)),
                     ('TRUNCATE', format('TRUNCATE %I CASCADE', table_name)),
                     ('LOCK', format('LOCK TABLE %I IN EXCLUSIVE MODE', table_name)),
                     ('ALTER', format('ALTER TABLE %I ADD COLUMN more text', table_name)),
                     ('DROP', format('DROP TABLE %I CASCADE', table_name))) AS verbs (verb, statement)
ORDER BY role_name, table_name, verb;

-- The record is append-only for its owner too, unless he grants himself more.
SELECT is(pg_temp.attempt('synchrony_owner', statement), wanted, format('synchrony_owner: %s: %s', statement, wanted)) FROM (VALUES
    ('SELECT actor FROM audit_log', 'lives'),
    ($$INSERT INTO audit_log (actor, action, subject, origin) VALUES ('a', 'b', 'c', 'd')$$, 'lives'),
    ('UPDATE audit_log SET actor = DEFAULT', '42501'),
    ('DELETE FROM audit_log', '42501'),
    ('TRUNCATE audit_log', '42501')
) AS attempts (statement, wanted);

-- Every function, and who may call it.
SELECT set_eq(
    $$SELECT grantee::regrole::text, proname::text FROM pg_proc, aclexplode(proacl)
      WHERE pronamespace = 'public'::regnamespace AND grantee <> proowner
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')$$,
    $$VALUES ('synchrony_writer', 'event_write'), ('synchrony_operator', 'event_log_extend'),
             ('synchrony_writer', 'access_snapshot'), ('synchrony_writer', 'access_usage_add'), ('synchrony_writer', 'audit_session_reads'),
             ('synchrony_operator', 'api_key_create'), ('synchrony_operator', 'api_key_list'), ('synchrony_operator', 'api_key_revoke'),
             ('synchrony_operator', 'api_key_rotate'), ('synchrony_operator', 'usage_plan_list'), ('synchrony_operator', 'usage_plan_put'),
             ('synchrony_operator', 'usage_plan_remove'),
             ('synchrony_writer', 'event_catalogue_fingerprint'), ('synchrony_reader', 'event_catalogue_fingerprint'),
             ('synchrony_operator', 'event_catalogue_fingerprint'), ('synchrony_writer', 'event_catalogue_read'),
             ('synchrony_reader', 'event_catalogue_read'), ('synchrony_operator', 'event_catalogue_read'),
             ('synchrony_operator', 'event_schemas_put'), ('synchrony_writer', 'rejected_events_write'),
             ('synchrony_writer', 'rejected_events_prune'), ('synchrony_operator', 'rejected_events_prune'),
             ('synchrony_operator', 'rejected_events_settle')$$,
    'these functions, and nobody may call more');
SELECT is_empty($$SELECT relname FROM pg_class, aclexplode(relacl) WHERE relispartition AND grantee <> relowner$$,
                'nobody may anything with a partition but through its table');

INSERT INTO events VALUES ('t', 's', gen_random_uuid(), now(), now(), '{"secret": 1}');
INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
    VALUES ('s', now(), '0190b6a5-7c1d-4e2f-9a3b-5c6d7e8f9a0b', 't', now(), '{"secret": 1}');

-- 42501 is insufficient_privilege.
SELECT is(pg_temp.attempt(role, statement), wanted, format('%s: %s: %s', role, regexp_replace(statement, '\s+', ' ', 'g'), wanted)) FROM (VALUES
    -- The writer stores by the one function that is its own, and reads nothing.
    ('synchrony_writer', pg_temp.with_values(:'write'), 'lives'),
    ('synchrony_writer', $$INSERT INTO events VALUES ('t2', 's', gen_random_uuid(), now(), now(), '{}')$$, '42501'),
    ('synchrony_writer', $$INSERT INTO event_log (session_id) VALUES ('x')$$, '42501'),
    ('synchrony_writer', 'SELECT session_id FROM events', '42501'),
    ('synchrony_writer', 'SELECT * FROM events', '42501'),
    ('synchrony_writer', 'SELECT properties FROM events', '42501'),
    ('synchrony_writer', 'SELECT * FROM event_log', '42501'),
    ('synchrony_writer', 'SELECT properties FROM event_log', '42501'),
    ('synchrony_writer', 'SELECT event_type FROM event_log', '42501'),
    ('synchrony_writer', $$SELECT 1 FROM events WHERE properties ? 'secret'$$, '42501'),
    ('synchrony_writer', 'DELETE FROM events', '42501'),
    ('synchrony_writer', 'DELETE FROM event_log', '42501'),
    ('synchrony_writer', 'TRUNCATE events', '42501'),
    ('synchrony_writer', 'TRUNCATE event_log', '42501'),
    ('synchrony_writer', $$UPDATE event_log SET properties = '{}'$$, '42501'),
    ('synchrony_writer', $$UPDATE events SET session_id = 'x'$$, '42501'),
    ('synchrony_writer', $$UPDATE events SET event_type = 'x'$$, '42501'),
    ('synchrony_writer', 'SELECT event_log_extend(now(), 1)', '42501'),
    ('synchrony_writer', 'SELECT * FROM schema_migrations', '42501'),
    ('synchrony_writer', 'CREATE TABLE public.mine ()', '42501'),
    ('synchrony_writer', 'DROP TABLE events', '42501'),
    ('synchrony_writer', 'ALTER TABLE events ADD COLUMN x text', '42501'),
    ('synchrony_writer', 'LOCK TABLE events IN ACCESS EXCLUSIVE MODE', '42501'),
    ('synchrony_writer', 'SELECT event_catalogue_fingerprint(), * FROM event_catalogue_read()', 'lives'),
    ('synchrony_writer', 'SELECT event_schemas_put(event_catalogue_fingerprint(), ARRAY[''t''], ARRAY[''off''], ARRAY[''{}''], ''a'', '''')', '42501'),
    ('synchrony_writer', pg_temp.reject(), 'lives'),
    ('synchrony_writer', 'SELECT rejected_events_prune(interval ''1 day'', 10, 10)', 'lives'),
    -- The reader reads, and writes nothing.
    ('synchrony_reader', pg_temp.with_keys(:'read_by_type'), 'lives'),
    ('synchrony_reader', pg_temp.with_keys(:'read_by_key'), 'lives'),
    ('synchrony_reader', 'SELECT * FROM events', 'lives'),
    ('synchrony_reader', 'SELECT * FROM event_log', 'lives'),
    ('synchrony_reader', $$INSERT INTO events VALUES ('t2', 's', gen_random_uuid(), now(), now(), '{}')$$, '42501'),
    ('synchrony_reader', $$INSERT INTO event_log (session_id) VALUES ('x')$$, '42501'),
    ('synchrony_reader', $$UPDATE events SET properties = '{}'$$, '42501'),
    ('synchrony_reader', $$UPDATE event_log SET properties = '{}'$$, '42501'),
    ('synchrony_reader', 'DELETE FROM events', '42501'),
    ('synchrony_reader', 'DELETE FROM event_log', '42501'),
    ('synchrony_reader', 'TRUNCATE events', '42501'),
    ('synchrony_reader', 'SELECT * FROM events FOR UPDATE', '42501'),
    ('synchrony_reader', pg_temp.with_values(:'write'), '42501'),
    ('synchrony_reader', 'SELECT event_log_extend(now(), 1)', '42501'),
    ('synchrony_reader', 'SELECT * FROM schema_migrations', '42501'),
    ('synchrony_reader', 'CREATE TABLE public.mine ()', '42501'),
    ('synchrony_reader', 'SELECT event_catalogue_fingerprint(), * FROM event_catalogue_read()', 'lives'),
    ('synchrony_reader', pg_temp.reject(), '42501'),
    -- Reports see views only, of which there are none yet.
    ('synchrony_report', 'SELECT * FROM events', '42501'),
    ('synchrony_report', 'SELECT session_id FROM event_log', '42501'),
    ('synchrony_report', 'SELECT * FROM schema_migrations', '42501'),
    ('synchrony_report', $$INSERT INTO events VALUES ('t2', 's', gen_random_uuid(), now(), now(), '{}')$$, '42501'),
    ('synchrony_report', pg_temp.with_values(:'write'), '42501'),
    ('synchrony_report', 'SELECT event_log_extend(now(), 1)', '42501'),
    ('synchrony_report', 'CREATE TABLE public.mine ()', '42501'),
    ('synchrony_report', 'SELECT event_catalogue_read()', '42501'),
    -- The operator keeps partitions, the catalogue and the quarantine, and reads no event that was stored.
    ('synchrony_operator', 'SELECT event_schemas_put(event_catalogue_fingerprint(), ARRAY[''t''], ARRAY[''off''], ARRAY[''{}''], ''a'', '''')', 'lives'),
    ('synchrony_operator', 'SELECT rejected_events_settle(''ada'', ARRAY[gen_random_uuid()])', 'lives'),
    ('synchrony_operator', pg_temp.reject(), '42501'),
    ('synchrony_operator', 'SELECT event_log_extend(now(), 1)', 'lives'),
    ('synchrony_operator', 'SELECT * FROM schema_migrations', 'lives'),
    ('synchrony_operator', $$UPDATE schema_migrations SET checksum = ''$$, '42501'),
    ('synchrony_operator', 'DELETE FROM schema_migrations', '42501'),
    ('synchrony_operator', pg_temp.with_values(:'write'), '42501'),
    ('synchrony_operator', 'SELECT * FROM events', '42501'),
    ('synchrony_operator', 'SELECT properties FROM event_log', '42501'),
    ('synchrony_operator', 'SELECT * FROM event_log_default', '42501'),
    ('synchrony_operator', 'DELETE FROM event_log', '42501'),
    ('synchrony_operator', 'DROP TABLE event_log_default', '42501')
) AS attempts (role, statement, wanted);

SELECT is_empty($$SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
                  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')$$,
                'no function is for everybody');

SELECT * FROM finish();
ROLLBACK;
