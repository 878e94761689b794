-- The event catalogue and the quarantine: versions that are never changed, a fingerprint that tells every change, bounds.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

SELECT columns_are('event_schemas', ARRAY['event_type', 'version', 'mode', 'schema', 'author', 'note', 'created_at', 'created_by', 'digest']);
SELECT col_is_pk('event_schemas', ARRAY['event_type', 'version']);
SELECT columns_are('rejected_events', ARRAY['rejection_id', 'rejected_at', 'event_type', 'session_id', 'event_id', 'occurred_at', 'received_at', 'reason',
                                            'pointer', 'keyword', 'schema_version', 'violations', 'size_bytes', 'payload', 'is_cut', 'replayed_at']);
SELECT col_is_pk('rejected_events', 'rejection_id');

-- ---- the catalogue ----

DELETE FROM event_schemas;
CREATE TEMPORARY TABLE fingerprints (fingerprint text);
CREATE FUNCTION pg_temp.is_new(description text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before bigint := (SELECT count(DISTINCT fingerprint) FROM fingerprints);
BEGIN
    INSERT INTO fingerprints SELECT event_catalogue_fingerprint();
    RETURN is((SELECT count(DISTINCT fingerprint) FROM fingerprints), before + 1, 'the fingerprint tells ' || description);
END
$$;
CREATE FUNCTION pg_temp.put(event_type text, mode text, schema text) RETURNS SETOF text LANGUAGE sql AS
    $$SELECT put.event_type || ' ' || put.version
      FROM event_schemas_put(event_catalogue_fingerprint(), ARRAY[event_type], ARRAY[mode], ARRAY[schema], 'ada', 'why') AS put$$;

SELECT pg_temp.is_new('an empty catalogue');
SELECT results_eq($$SELECT pg_temp.put('b', NULL, '{"type" :  "object"}')$$, ARRAY['b 1'], 'versions count from 1');
SELECT pg_temp.is_new('a first schema');
SELECT set_eq($$SELECT mode, schema, author, note, created_by FROM event_schemas$$,
                  $$VALUES ('observe', '{"type" :  "object"}', 'ada', 'why', session_user::text)$$, 'a new schema is observed, and kept byte for byte');
SELECT results_eq($$SELECT pg_temp.put('b', 'enforce', NULL)$$, ARRAY['b 2'], 'a change of mode is a version');
SELECT pg_temp.is_new('a change of mode');
SELECT results_eq($$SELECT pg_temp.put('b', NULL, 'true')$$, ARRAY['b 3'], 'so is a schema');
SELECT pg_temp.is_new('a change of schema');
SELECT results_eq($$SELECT pg_temp.put('b', NULL, 'true')$$, ARRAY['b 4'], 'and the same schema put again');
SELECT pg_temp.is_new('a new version of the same text');
SELECT set_eq('SELECT * FROM event_catalogue_read()', $$VALUES ('b', 4, 'enforce', 'true')$$, 'the greatest version is in force; the mode stays');
SELECT set_eq($$SELECT event_type, version FROM event_schemas_put(event_catalogue_fingerprint(), ARRAY['a', 'b'], ARRAY['shared', 'off'], ARRAY['{}', NULL], 'ada', '')$$,
                    $$VALUES ('a', 1), ('b', 5)$$, 'several at once');
SELECT pg_temp.is_new('several at once');
SELECT set_eq('SELECT * FROM event_catalogue_read()', $$VALUES ('a', 1, 'shared', '{}'), ('b', 5, 'off', 'true')$$,
                  'what is off is read, too: its type is known');
SELECT throws_ok($$SELECT event_schemas_put('another', ARRAY['c'], ARRAY['off'], ARRAY['{}'], 'ada', '')$$, '40001', NULL, 'who has seen another catalogue puts nothing');
SELECT throws_ok($$SELECT pg_temp.put('c', 'enforce', NULL)$$, '23502', NULL, 'a mode needs a schema');
SELECT throws_ok($$SELECT pg_temp.put('c', 'maybe', '{}')$$, '23514', NULL, 'no other modes');
SELECT throws_ok($$SELECT pg_temp.put('', 'off', '{}')$$, '23514', NULL, 'a type has a name');
SELECT throws_ok($$SELECT pg_temp.put('c', 'off', repeat(' ', 262145))$$, '23514', NULL, 'a schema has its bounds');
UPDATE event_schemas SET schema = 'false' WHERE event_type = 'b' AND version = 5;
SELECT pg_temp.is_new('a text that was changed by hand');
DELETE FROM event_schemas WHERE event_type = 'a';
SELECT pg_temp.is_new('a schema that was deleted by hand');
UPDATE event_schemas SET note = 'another';
SELECT is(event_catalogue_fingerprint(), (SELECT fingerprint FROM fingerprints ORDER BY ctid DESC LIMIT 1), 'and not what the responder does not go by');

-- ---- the quarantine ----

DELETE FROM rejected_events;
CREATE FUNCTION pg_temp.reject(ids uuid[]) RETURNS void LANGUAGE sql AS
    $$SELECT rejected_events_write(ids, array_agg('t'::text), array_agg('s'::text), array_agg('0190b6a5-7c1d-4e2f-9a3b-5c6d7e8f9a0b'::uuid), array_agg('9999-01-01'::timestamptz),
                                   array_agg('2026-11-20T10:00:00.000001Z'::timestamptz), array_agg('{"a":1.10}'::text),
                                   array_agg('{"reason":"schema","pointer":"/a","keyword":"type","schema_version":3,"size_bytes":10,"is_cut":false,
                                               "violations":[{"pointer":"/a"}]}'::jsonb)) FROM unnest(ids)$$;
SELECT pg_temp.reject(ARRAY['00000000-0000-7000-8000-000000000001'::uuid]);
SELECT pg_temp.reject(ARRAY['00000000-0000-7000-8000-000000000001'::uuid]);
SELECT set_eq($$SELECT event_type, session_id, event_id, occurred_at, received_at, reason, pointer, keyword, schema_version, violations, size_bytes, payload,
                           is_cut, replayed_at FROM rejected_events$$,
                  $$VALUES ('t', 's', '0190b6a5-7c1d-4e2f-9a3b-5c6d7e8f9a0b'::uuid, '9999-01-01'::timestamptz, '2026-11-20T10:00:00.000001Z'::timestamptz,
                            'schema', '/a', 'type', 3, '[{"pointer":"/a"}]'::jsonb, 10, '{"a":1.10}', false, NULL::timestamptz)$$,
                  'a refused event is kept as it is, once');
SELECT pg_temp.reject((SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 24)));
SELECT is(rejected_events_prune('1 day', 100, 10), 0::bigint, 'what lies within the bounds stays');
SELECT is(rejected_events_prune('1 day', 20, 3), 3::bigint, 'what is past the number goes, in small pieces');
SELECT is(rejected_events_prune('1 day', 20, 10), 2::bigint, 'until');
SELECT is(rejected_events_prune('1 day', 20, 10), 0::bigint, 'there is no more');
UPDATE rejected_events SET rejected_at = now() - interval '2 days' WHERE rejection_id IN (SELECT rejection_id FROM rejected_events LIMIT 4);
SELECT is(rejected_events_prune('1 day', 20, 10), 4::bigint, 'what is past its time goes');
SELECT is((SELECT count(*) FROM rejected_events), 16::bigint, 'and nothing else');
SELECT is(rejected_events_prune('1 day', 0, 100), 16::bigint, 'no rows at all are possible, too');

SELECT pg_temp.reject(ARRAY['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']::uuid[]);
DELETE FROM audit_log;
SELECT rejected_events_settle('ada', ARRAY['00000000-0000-7000-8000-000000000001']::uuid[]) FROM generate_series(1, 2);
SELECT results_eq('SELECT replayed_at IS NOT NULL FROM rejected_events ORDER BY rejection_id', ARRAY[true, false], 'what was replayed is noted');
SELECT results_eq($$SELECT action, subject FROM audit_log$$, $$VALUES ('quarantine.replay', '1 events')$$, 'once, and in the record');

SELECT * FROM finish();
ROLLBACK;
