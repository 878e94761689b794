-- The tables: columns, keys, owners, and a comment on everything a DBA meets.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

-- What is ours: not what an extension has brought.
CREATE TEMPORARY VIEW own_relation AS
    SELECT oid, relname, relkind, relowner, relispartition FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e');
CREATE TEMPORARY VIEW own_function AS
    SELECT oid, oid::regprocedure::text AS signature, proowner, prosecdef, proconfig FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e');

SELECT set_eq('SELECT relname FROM own_relation WHERE NOT relispartition', ARRAY['events', 'event_log', 'event_schemas', 'rejected_events', 'schema_migrations', 'usage_plans', 'api_keys', 'api_key_usage', 'audit_log', 'audit_log_audit_id_seq'],
              'these tables and no others');

-- events: the current item of each key
SELECT columns_are('events', ARRAY['event_type', 'session_id', 'event_id', 'occurred_at', 'received_at', 'properties', 'page_hash', 'occurred_hour']);
SELECT is(attgenerated, 's', attname || ' follows from the others') FROM pg_attribute WHERE attrelid = 'events'::regclass AND attname IN ('page_hash', 'occurred_hour');
SELECT col_is_pk('events', ARRAY['event_type', 'session_id']);
-- event_log: every accepted event
SELECT columns_are('event_log', ARRAY['event_type', 'session_id', 'event_id', 'occurred_at', 'received_at', 'properties']);
SELECT col_is_pk('event_log', ARRAY['session_id', 'occurred_at', 'event_id']);
SELECT is_partitioned('event_log');
SELECT is(pg_get_partkeydef('event_log'::regclass), 'RANGE (occurred_at)', 'event_log is partitioned by the range of occurred_at');

SELECT col_type_is(t, c, y, format('%s.%s is %s', t, c, y))
    FROM unnest(ARRAY['events', 'event_log']) AS t,
         (VALUES ('event_type', 'text'), ('session_id', 'text'), ('event_id', 'uuid'), ('occurred_at', 'timestamp with time zone'),
                 ('received_at', 'timestamp with time zone'), ('properties', 'jsonb')) AS columns (c, y);
SELECT col_not_null(t, c)
    FROM unnest(ARRAY['events', 'event_log']) AS t,
         unnest(ARRAY['event_type', 'session_id', 'event_id', 'occurred_at', 'received_at', 'properties']) AS c;
SELECT is(collname, 'C', format('%s.%s compares bytewise', attrelid::regclass, attname))
    FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid IN ('events'::regclass, 'event_log'::regclass) AND attname IN ('event_type', 'session_id');

SELECT columns_are('schema_migrations', ARRAY['number', 'name', 'checksum', 'applied_at']);
SELECT col_is_pk('schema_migrations', 'number');
SELECT isnt_empty('SELECT FROM schema_migrations', 'what was applied is noted');
SELECT is_empty($$SELECT number FROM schema_migrations WHERE checksum !~ '^[0-9a-f]{64}$'$$, 'with its SHA-256');

-- No triggers, so that the same files run on Citus.
SELECT is_empty('SELECT tgname FROM pg_trigger WHERE NOT tgisinternal', 'there are no triggers');
SELECT is_empty($$SELECT conname FROM pg_constraint JOIN own_relation ON own_relation.oid = conrelid
                  WHERE contype IN ('p', 'u', 'c', 'f') AND NOT relispartition AND conname !~ ('^' || relname || '_')$$,
                'every constraint is named after its table');

-- Owners and comments
SELECT is_empty($$SELECT relname FROM own_relation WHERE relowner <> 'synchrony_owner'::regrole$$, 'synchrony_owner owns every table');
SELECT is_empty($$SELECT signature FROM own_function WHERE proowner <> 'synchrony_owner'::regrole$$, 'synchrony_owner owns every function');
SELECT is_empty($$SELECT relname FROM own_relation WHERE relkind <> 'S' AND obj_description(oid, 'pg_class') IS NULL$$, 'every table and partition has a comment');
SELECT is_empty($$SELECT relname, attname FROM own_relation JOIN pg_attribute ON attrelid = own_relation.oid
                  WHERE relkind <> 'S' AND attnum > 0 AND NOT attisdropped AND NOT relispartition AND col_description(attrelid, attnum) IS NULL$$,
                'every column has a comment');
SELECT is_empty($$SELECT signature FROM own_function WHERE obj_description(oid, 'pg_proc') IS NULL$$, 'every function has a comment');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'synchrony\_%' AND shobj_description(oid, 'pg_authid') IS NULL$$,
                'every role has a comment');
SELECT is_empty($$SELECT signature FROM own_function WHERE prosecdef AND NOT EXISTS
                  (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')$$,
                'a function with its owner''s rights has a search path of its own');

-- Keys at their limits fit the index whatever they hold: random text does not compress.
CREATE FUNCTION pg_temp.random_text(n integer) RETURNS text LANGUAGE sql AS
    $$SELECT left(string_agg(md5(random()::text), ''), n) FROM generate_series(1, n / 32 + 1)$$;
SELECT lives_ok($$INSERT INTO events SELECT pg_temp.random_text(128), pg_temp.random_text(256), gen_random_uuid(), now(), now(),
                      jsonb_build_object('page_url', pg_temp.random_text(2000)) FROM generate_series(1, 20)$$, 'keys of 128 and 256 bytes fit events');
SELECT lives_ok($$INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
                  SELECT pg_temp.random_text(256), now(), gen_random_uuid(), pg_temp.random_text(128), now(), '{}' FROM generate_series(1, 20)$$,
                'and event_log');

-- Numbers are kept as they were written.
SELECT is('{"a":1.10,"b":18446744073709551615,"c":12345678901234567890.123}'::jsonb::text,
          '{"a": 1.10, "b": 18446744073709551615, "c": 12345678901234567890.123}', 'jsonb keeps numbers');

SELECT * FROM finish();
ROLLBACK;
