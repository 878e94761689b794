-- The partitions of event_log: made ahead, a default for stray clocks, and the function that makes more.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.log(at timestamptz) RETURNS text LANGUAGE sql AS
    $$INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
      VALUES ('s', at, gen_random_uuid(), 't', now(), '{}') RETURNING tableoid::regclass::text$$;
CREATE FUNCTION pg_temp.month(ahead integer) RETURNS text LANGUAGE sql AS
    $$SELECT 'event_log_' || to_char((now() AT TIME ZONE 'UTC') + make_interval(months => ahead), 'YYYY_MM')$$;

SELECT is_partition_of('event_log_default', 'event_log');
SELECT is(pg_get_expr(relpartbound, oid), 'DEFAULT', 'event_log_default takes what no other partition takes')
    FROM pg_class WHERE oid = 'event_log_default'::regclass;
SELECT is_partition_of(pg_temp.month(ahead), 'event_log', format('there is a partition for %s months ahead', ahead)) FROM generate_series(0, 2) AS ahead;

-- Where events go.
SELECT is(pg_temp.log(now()), pg_temp.month(0), 'now goes to the partition of this month');
SELECT is(pg_temp.log(date_trunc('month', now(), 'UTC')), pg_temp.month(0), 'so does the first instant of the month, UTC');
SELECT is(pg_temp.log(date_trunc('month', now(), 'UTC') + interval '1 month'), pg_temp.month(1), 'and of the next month to the next');
SELECT is(pg_temp.log(t), 'event_log_default', t || ' goes to the default partition')
    FROM unnest(ARRAY['1970-01-01', '0001-01-01', '2200-06-15', '9999-12-31 23:59:59+00', '-infinity', 'infinity']::timestamptz[]) AS t;

-- A month that gets its partition late takes its strays along.
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is(pg_temp.log(t), 'event_log_default', 'a stray of 2031') FROM unnest(ARRAY['2031-03-01 00:00+00', '2031-03-31 23:59:59.999999+00', '2031-04-01 00:00+00']::timestamptz[]) AS t;
SELECT results_eq($$SELECT event_log_extend('2031-03-15 12:00+00', 0)$$, ARRAY['event_log_2031_03'], 'event_log_extend makes the month''s partition and tells its name');
SELECT is((SELECT count(*) FROM ONLY event_log_2031_03), 2::bigint, 'the strays of that month, in UTC, have moved');
SELECT is((SELECT count(*) FROM ONLY event_log_default WHERE occurred_at = '2031-04-01 00:00+00'), 1::bigint, 'that of the next has not');
SELECT is((SELECT count(*) FROM event_log WHERE occurred_at >= '2031-03-01 00:00+00' AND occurred_at <= '2031-04-01 00:00+00'), 3::bigint, 'none is lost');
SELECT is_empty($$SELECT event_log_extend('2031-03-01 00:00+00', 0)$$, 'repeated, it makes nothing');
SELECT results_eq($$SELECT event_log_extend('2031-03-31 23:00+00', 2)$$, ARRAY['event_log_2031_04', 'event_log_2031_05'], 'and only what is missing');
SELECT results_eq($$SELECT event_log_extend('2031-12-31 23:59+00', 2)$$, ARRAY['event_log_2031_12', 'event_log_2032_01', 'event_log_2032_02'], 'across the end of a year');
SELECT is(pg_temp.log('2032-02-29 23:59:59+00'), 'event_log_2032_02', 'a leap day has its partition');
SELECT throws_ok($$SELECT event_log_extend(now(), -1)$$);
SELECT throws_ok($$SELECT event_log_extend(now(), 100000)$$);
SELECT throws_ok($$SELECT event_log_extend(now(), NULL)$$);

-- A new partition is like the others.
SELECT col_is_pk('event_log_2031_03', ARRAY['session_id', 'occurred_at', 'event_id']);
SELECT is(pg_get_userbyid(relowner), 'synchrony_owner', 'a new partition has the owner of the others') FROM pg_class WHERE relname = 'event_log_2031_03';
SELECT isnt(obj_description('event_log_2031_03'::regclass), NULL, 'and a comment');

-- The primary key is the idempotency key, in the default partition too.
SELECT throws_ok(format($$INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
                          SELECT 'dup', %L, '0190b6a5-7c1d-4e2f-9a3b-5c6d7e8f9a0b', 't', now(), '{}' FROM generate_series(1, 2)$$, t), '23505')
    FROM unnest(ARRAY[now(), '1970-01-01']::timestamptz[]) AS t;

SELECT * FROM finish();
ROLLBACK;
