-- Keys, plans, what was used, and the record: what the functions do.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.digest(word text) RETURNS bytea LANGUAGE sql AS $$SELECT sha256(convert_to(word, 'UTF8'))$$;
CREATE FUNCTION pg_temp.make(id text, plan text DEFAULT NULL, lifetime interval DEFAULT NULL) RETURNS void LANGUAGE sql AS
    $$SELECT api_key_create('root', id, pg_temp.digest(id), 'shop', ARRAY['ingest'], plan, ARRAY['https://a.example', 'https://b.example'], ARRAY['t'], lifetime)$$;

-- Plans
SELECT lives_ok($$SELECT usage_plan_put('root', 'small', 0.5, 10, NULL)$$, 'a plan is put');
SELECT lives_ok($$SELECT usage_plan_put('root', 'small', 1000, 100, 5000)$$, 'and put again');
SELECT results_eq('SELECT plan_name, events_per_s, burst, daily_quota FROM usage_plan_list()', $$VALUES ('small', 1000::float8, 100, 5000::bigint)$$, 'the latter counts');
SELECT throws_ok(format('SELECT usage_plan_put(''root'', %L, %s, %s, %s)', name, rate, burst, quota), '23514', NULL, format('no plan: %s %s %s %s', name, rate, burst, quota))
    FROM (VALUES ('', 1, 1, 'NULL'), ('a b', 1, 1, 'NULL'), ('p', 0, 1, 'NULL'), ('p', 1000001, 1, 'NULL'), ('p', 1, 0, 'NULL'), ('p', 1, 1, '0')) AS bad (name, rate, burst, quota);

-- Keys
SELECT lives_ok($$SELECT pg_temp.make('syk_AAAAAAA1', 'small')$$, 'a key is kept');
SELECT throws_ok($$SELECT pg_temp.make('syk_AAAAAAA1')$$, '23505', NULL, 'an identity is used once');
SELECT throws_ok($$SELECT pg_temp.make('syk_AAAAAAA2', 'nothing')$$, 'P0002', 'there is no plan nothing');
SELECT throws_ok($$SELECT pg_temp.make('AAAAAAA2')$$, '23514', NULL, 'an identity has a form');
SELECT throws_ok($$SELECT api_key_create('root', 'syk_AAAAAAA3', pg_temp.digest('x'), 'n', ARRAY['owner'], NULL, '{}', '{}', NULL)$$, '23514', NULL, 'no scope of that name');
SELECT throws_ok($$SELECT api_key_create('root', 'syk_AAAAAAA3', '\x00', 'n', ARRAY['read'], NULL, '{}', '{}', NULL)$$, '23514', NULL, 'no digest of that length');
SELECT results_eq('SELECT key_id, digest, scopes, interval_ns, burst, daily_quota, origins, event_types, expires_us FROM access_snapshot()',
    $$VALUES ('syk_AAAAAAA1', pg_temp.digest('syk_AAAAAAA1'), 'ingest', 1000000::bigint, 100::bigint, 5000::bigint,
              E'https://a.example\nhttps://b.example', 't', 0::bigint)$$, 'what a responder is told of it');
SELECT throws_ok($$SELECT usage_plan_remove('root', 'small')$$, '55006', 'the plan small is in use by the key syk_AAAAAAA1');
SELECT throws_ok($$SELECT usage_plan_remove('root', 'nothing')$$, 'P0002', 'there is no plan nothing');

-- Rotation: both are good for the grace, and the new one is all that the old one was.
SELECT is(api_key_rotate('root', 'syk_AAAAAAA1', 'syk_AAAAAAA4', pg_temp.digest('new'), interval '1 hour'), 'shop', 'a key is rotated');
SELECT set_eq('SELECT key_id FROM access_snapshot()', ARRAY['syk_AAAAAAA1', 'syk_AAAAAAA4'], 'both are good');
SELECT is(expires_at, now() + interval '1 hour', 'the old one for the grace') FROM api_keys WHERE key_id = 'syk_AAAAAAA1';
SELECT results_eq($$SELECT key_name, scopes, plan_name, allowed_origins, allowed_event_types FROM api_keys WHERE key_id = 'syk_AAAAAAA4'$$,
                  $$SELECT key_name, scopes, plan_name, allowed_origins, allowed_event_types FROM api_keys WHERE key_id = 'syk_AAAAAAA1'$$, 'with the same rights');
SELECT is(expires_at, NULL, 'the new one without an end, as the old one was') FROM api_keys WHERE key_id = 'syk_AAAAAAA4';
SELECT lives_ok($$SELECT pg_temp.make('syk_AAAAAAA5', NULL, interval '1 minute')$$, 'a key with an end');
SELECT lives_ok($$SELECT api_key_rotate('root', 'syk_AAAAAAA5', 'syk_AAAAAAA6', pg_temp.digest('6'), interval '1 hour')$$, 'is rotated');
SELECT is(expires_at, now() + interval '1 minute', 'a grace makes no key longer: ' || key_id) FROM api_keys WHERE key_id IN ('syk_AAAAAAA5', 'syk_AAAAAAA6');
SELECT throws_ok($$SELECT api_key_rotate('root', 'syk_nothing1', 'syk_AAAAAAA7', pg_temp.digest('7'), interval '1 hour')$$, 'P0002', 'there is no valid key syk_nothing1');

-- Revoking
SELECT lives_ok($$SELECT api_key_revoke('root', 'syk_AAAAAAA4')$$, 'a key is revoked');
SELECT lives_ok($$SELECT api_key_revoke('root', 'syk_AAAAAAA4')$$, 'and again, which changes nothing');
SELECT throws_ok($$SELECT api_key_revoke('root', 'syk_nothing1')$$, 'P0002', 'there is no key syk_nothing1');
SELECT set_eq('SELECT key_id FROM access_snapshot()', ARRAY['syk_AAAAAAA1', 'syk_AAAAAAA5', 'syk_AAAAAAA6'], 'and is told no more');
SELECT lives_ok($$SELECT pg_temp.make('syk_AAAAAAA8', NULL, interval '-1 second')$$, 'a key whose end has come');
SELECT set_eq('SELECT key_id FROM access_snapshot()', ARRAY['syk_AAAAAAA1', 'syk_AAAAAAA5', 'syk_AAAAAAA6'], 'is not told');
SELECT set_eq('SELECT key_id, state FROM api_key_list()', $$VALUES ('syk_AAAAAAA1', 'valid'), ('syk_AAAAAAA4', 'revoked'), ('syk_AAAAAAA5', 'valid'),
              ('syk_AAAAAAA6', 'valid'), ('syk_AAAAAAA8', 'expired')$$, 'the list says all of it');

-- What was used
SELECT results_eq($$SELECT * FROM access_usage_add('2026-11-22', ARRAY['syk_AAAAAAA5', 'syk_AAAAAAA1', 'syk_nothing1'], ARRAY[0, 7, 3])$$,
                  $$VALUES ('syk_AAAAAAA1', 7::bigint)$$, 'the first report');
SELECT results_eq($$SELECT * FROM access_usage_add('2026-11-22', ARRAY['syk_AAAAAAA1', 'syk_AAAAAAA5'], ARRAY[5, 1]) ORDER BY key_id$$,
                  $$VALUES ('syk_AAAAAAA1', 12::bigint), ('syk_AAAAAAA5', 1)$$, 'sums of all reports');
SELECT results_eq($$SELECT * FROM access_usage_add('2026-11-23', ARRAY['syk_AAAAAAA1'], ARRAY[1])$$, $$VALUES ('syk_AAAAAAA1', 1::bigint)$$, 'each day for itself');
SELECT is(last_used_at, now(), 'when it was used') FROM api_keys WHERE key_id = 'syk_AAAAAAA1';

-- The record
SELECT results_eq($$SELECT action, subject, origin FROM audit_log ORDER BY audit_id LIMIT 3$$,
    $$VALUES ('plan.put', 'small: 0.5/s, burst 10, daily quota none', 'local'), ('plan.put', 'small: 1000/s, burst 100, daily quota 5000', 'local'),
             ('key.create', 'syk_AAAAAAA1 ingest for shop', 'local')$$, 'changes are recorded');
SELECT is(actor, format('role:%s (root)', session_user), 'by who was logged in') FROM audit_log ORDER BY audit_id LIMIT 1;
SELECT is_empty($$SELECT subject FROM audit_log WHERE subject ~ 'AAAAAAA[23]'$$, 'what was refused is not');
SELECT lives_ok($$SELECT audit_session_reads(ARRAY[now(), now()], ARRAY['key:k', 'user:u'], ARRAY['t/s', 't/s2'], ARRAY['192.0.2.1', '::1'], ARRAY['r1', 'r2'])$$,
                'reads are recorded');
SELECT is(count(*)::int, 2, 'each') FROM audit_log WHERE action = 'session.read';

SELECT * FROM finish();
ROLLBACK;
