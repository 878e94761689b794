-- How items and history are read: which index each query takes, and that a page costs the same wherever it begins.
-- psql reads the very queries that the responder runs.
\set by_key `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_read_by_key.sql"`
\set by_type `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_read_by_type.sql"`
\set by_page_url `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_read_by_page_url.sql"`
\set within `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_read_within.sql"`
\set by_time `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_read_by_time.sql"`
\set history `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_history.sql"`
\set history_by_session `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_history_by_session.sql"`
\set history_by_time `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/event_history_by_time.sql"`
\set plan_mode `grep -v '^--' "$SYNCHRONY_SOURCE/db/queries/plan_mode.sql"`

BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

PREPARE by_key AS :by_key;
PREPARE by_type AS :by_type;
PREPARE by_page_url AS :by_page_url;
PREPARE within AS :within;
PREPARE by_time AS :by_time;
PREPARE history AS :history;
PREPARE history_by_session AS :history_by_session;
PREPARE history_by_time AS :history_by_time;
PREPARE plan_mode AS :plan_mode;

-- The plan's text, and the pages of tables and indexes that it touched.
CREATE FUNCTION pg_temp.plan(statement text) RETURNS text LANGUAGE plpgsql AS
    $$DECLARE line text; lines text := ''; BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP lines := lines || line || E'\n'; END LOOP; RETURN lines; END$$;
CREATE FUNCTION pg_temp.pages(statement text) RETURNS bigint LANGUAGE plpgsql AS
    $$DECLARE plan json; BEGIN
      EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
      RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint; END$$;

CREATE FUNCTION pg_temp.sessions(statement text) RETURNS SETOF text LANGUAGE plpgsql AS
    $$DECLARE item record; BEGIN FOR item IN EXECUTE statement LOOP RETURN NEXT item.session_id; END LOOP; END$$;

-- Planned once, while there was nothing: no statistics say what is to come.
EXECUTE plan_mode('force_generic_plan', 'off') \g /dev/null
SELECT matches(pg_temp.plan(statement), 'Index Scan using ' || index, statement || ' reads ' || index || ' in its order') FROM (VALUES
    ($$EXECUTE by_key('t', 's', NULL, NULL, '-infinity', 'infinity')$$, 'events_pkey'),
    ($$EXECUTE by_key('t', 's', 2, 'https://x/', '-infinity', 'infinity')$$, 'events_pkey'),
    ($$EXECUTE by_type('t', '', NULL)$$, 'events_pkey'),
    ($$EXECUTE by_page_url('t', '', NULL, 'https://x/')$$, 'events_page_url')) AS cases (statement, index);
SELECT unalike(pg_temp.plan(statement), '%Sort%', statement || ' sorts nothing, so that its first row comes at once') FROM (VALUES
    ($$EXECUTE by_type('t', '', 1001)$$), ($$EXECUTE by_page_url('t', '', 1001, 'https://x/')$$)) AS cases (statement);

SELECT count(*) FROM event_log_extend('2026-11-20 00:00+00', 0) \g /dev/null
INSERT INTO events (event_type, session_id, event_id, occurred_at, received_at, properties)
    SELECT (ARRAY['t', 'u'])[1 + n % 2], md5(n::text), gen_random_uuid(), timestamptz '2026-11-20 00:00+00' + n * interval '1 s', now(),
           jsonb_build_object('page_url', 'https://x/' || n % 3, 'text', repeat('x', 300))
    FROM generate_series(1, 30000) AS n;
INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
    SELECT session_id, occurred_at, event_id, event_type, received_at, properties FROM events;

SELECT is(pg_temp.plan($$EXECUTE by_type('t', '', 101)$$), pg_temp.plan($$EXECUTE by_type('t', 'f', 101)$$), 'the plan of a page is the same wherever it begins');
-- 101 rows: each on a page of the table, and those of the index.
SELECT cmp_ok(pg_temp.pages(format($$EXECUTE by_type('t', %L, 101)$$, session_id)), '<=', 101::bigint + 10, 'a page of 100 items that begins behind ' || quote_literal(session_id) || ' touches its own rows alone')
    FROM unnest(ARRAY['', '4', '8', 'c', 'f']) AS session_id;
SELECT cmp_ok(pg_temp.pages(format($$EXECUTE by_page_url('t', %L, 101, 'https://x/1')$$, session_id)), '<=', 101::bigint + 10, 'likewise of one page URL, behind ' || quote_literal(session_id))
    FROM unnest(ARRAY['', '4', '8', 'c']) AS session_id;

-- Planned with its values.
ANALYZE events, event_log;
EXECUTE plan_mode('force_custom_plan', 'on') \g /dev/null
SELECT matches(pg_temp.plan(statement), index, statement || ' takes ' || index) FROM (VALUES
    ($$EXECUTE within('t', '', NULL, NULL, '2026-11-20 01:00:00+00', '2026-11-20 01:00:10+00')$$, 'events_occurred_hour'),
    ($$EXECUTE within('t', '', 101, NULL, '-infinity', '2026-11-21 00:00:00+00')$$, 'events_pkey'),
    ($$EXECUTE by_time('t', '', 101, NULL, '2026-11-20 01:00:00+00', '2026-11-20 01:00:10+00', '-infinity')$$, 'events_occurred_hour'),
    ($$EXECUTE history_by_session('t', 'c4ca4238a0b923820dcc509a6f75849b', NULL, NULL, '-infinity', 'infinity', '-infinity', '00000000-0000-0000-0000-000000000000')$$, '_pkey'),
    ($$EXECUTE history_by_time('t', '', 101, NULL, '2026-11-20 01:00:00+00', '2026-11-20 01:00:10+00', '-infinity', '00000000-0000-0000-0000-000000000000')$$, '_occurred_at_idx')
    ) AS cases (statement, index);
SELECT unalike(pg_temp.plan($$EXECUTE history_by_time('t', '', 101, NULL, '2026-11-20 01:00:00+00', '2026-11-20 01:00:10+00', '-infinity', '00000000-0000-0000-0000-000000000000')$$),
              '%event_log_default%', 'the history is looked for in the weeks that can have it');

-- The bounds of time, at the edges of an hour and without end.
SELECT is((SELECT count(*) FROM events WHERE occurred_hour <> date_trunc('hour', occurred_at, 'UTC')), 0::bigint, 'each item is in its hour');
SELECT lives_ok(format($$INSERT INTO events (event_type, session_id, event_id, occurred_at, received_at, properties) VALUES ('edge', %L, gen_random_uuid(), %L, now(), '{}')$$, t, t))
    FROM unnest(ARRAY['2026-11-20 00:59:59.999999+00', '2026-11-20 01:00:00+00', '2026-11-20 02:00:00+00', '0001-01-01', '9999-12-31 23:59:59.999999+00', '-infinity', 'infinity']::timestamptz[]) AS t;
SELECT results_eq($$SELECT * FROM pg_temp.sessions($q$EXECUTE by_time('edge', '', NULL, NULL, '2026-11-20 01:00:00+00', '2026-11-20 02:00:00+00', '-infinity')$q$)$$,
                  $$SELECT timestamptz '2026-11-20 01:00:00+00'::text$$, 'an hour has its first instant, and not that of the next');
SELECT is((SELECT count(*) FROM pg_temp.sessions($$EXECUTE within('edge', '', NULL, NULL, '-infinity', 'infinity')$$)), 6::bigint, 'without bounds all is found but what never happens');

-- An item is updated where it is, and found where it was, as long as neither its page nor its hour changes.
CREATE FUNCTION pg_temp.write(at timestamptz, page text) RETURNS bigint LANGUAGE plpgsql AS
    $$DECLARE before bigint := pg_stat_get_xact_tuples_hot_updated('events'::regclass); BEGIN
      PERFORM event_write(ARRAY['hot'], ARRAY[at], ARRAY[gen_random_uuid()], ARRAY['t'], ARRAY[clock_timestamp()], ARRAY[jsonb_build_object('page_url', page, 'at', at)]);
      RETURN pg_stat_get_xact_tuples_hot_updated('events'::regclass) - before; END$$;
SELECT is(pg_temp.write(at, page), hot, what) FROM (VALUES
    (1, '2026-11-20 01:00:00+00'::timestamptz, 'https://x/a', 0::bigint, 'a new item is no update'),
    (2, '2026-11-20 01:00:01+00', 'https://x/a', 1, 'the same page in the same hour: no index is touched'),
    (3, '2026-11-20 01:59:59+00', 'https://x/a', 1, 'nor at the end of the hour'),
    (4, '2026-11-20 01:59:59+00', 'https://x/b', 0, 'another page'),
    (5, '2026-11-20 02:00:00+00', 'https://x/b', 0, 'another hour')) AS cases (n, at, page, hot, what) ORDER BY n;
SELECT is((SELECT count(*) FROM pg_temp.sessions($$EXECUTE by_page_url('t', '', NULL, 'https://x/a')$$)), 0::bigint, 'it is not found by a page that it has left');
SELECT set_eq($$SELECT * FROM pg_temp.sessions($q$EXECUTE by_page_url('t', '', NULL, 'https://x/b')$q$)$$, ARRAY['hot'], 'but by the one on which it is');

-- A long URL has a short place in its index; random text does not compress.
CREATE FUNCTION pg_temp.random_text(n integer) RETURNS text LANGUAGE sql AS
    $$SELECT left(string_agg(md5(random()::text), ''), n) FROM generate_series(1, n / 32 + 1)$$;
SELECT lives_ok($$INSERT INTO events SELECT pg_temp.random_text(128), pg_temp.random_text(1024), gen_random_uuid(), now(), now(),
                      jsonb_build_object('page_url', pg_temp.random_text(65536)) FROM generate_series(1, 5)$$, 'page URLs of 64 KiB fit');

SELECT * FROM finish();
ROLLBACK;
