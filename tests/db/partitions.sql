-- The partitions of event_log: made ahead, a default for stray clocks, and the function that makes more.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.log(at timestamptz) RETURNS text LANGUAGE sql AS
    $$INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
      VALUES ('s', at, gen_random_uuid(), 't', now(), '{}') RETURNING tableoid::regclass::text$$;
CREATE FUNCTION pg_temp.week(ahead integer) RETURNS text LANGUAGE sql AS
    $$SELECT 'event_log_' || to_char(date_trunc('week', now() AT TIME ZONE 'UTC') + make_interval(weeks => ahead), 'YYYY_MM_DD')$$;

SELECT is_partition_of('event_log_default', 'event_log');
SELECT is(pg_get_expr(relpartbound, oid), 'DEFAULT', 'event_log_default takes what no other partition takes')
    FROM pg_class WHERE oid = 'event_log_default'::regclass;
SELECT is_partition_of(pg_temp.week(ahead), 'event_log', format('there is a partition for %s weeks ahead', ahead)) FROM generate_series(0, 12) AS ahead;

-- Where events go.
SELECT is(pg_temp.log(now()), pg_temp.week(0), 'now goes to the partition of this week');
SELECT is(pg_temp.log(date_trunc('week', now(), 'UTC')), pg_temp.week(0), 'so does the first instant of the week, UTC');
SELECT is(pg_temp.log(date_trunc('week', now(), 'UTC') + interval '1 week'), pg_temp.week(1), 'and of the next week to the next');
SELECT is(pg_temp.log(t), 'event_log_default', t || ' goes to the default partition')
    FROM unnest(ARRAY['1970-01-01', '0001-01-01', '2200-06-15', '9999-12-31 23:59:59+00', '-infinity', 'infinity']::timestamptz[]) AS t;

-- A week that gets its partition late takes its strays along. 2031-02-24 is a Monday; March of 2031 ends with a Monday.
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL datestyle = 'German';
SELECT is(pg_temp.log(t), 'event_log_default', 'a stray of 2031') FROM unnest(ARRAY['2031-03-10 00:00+00', '2031-03-16 23:59:59.999999+00', '2031-03-17 00:00+00', '2031-04-07 00:00+00']::timestamptz[]) AS t;
SELECT results_eq($$SELECT event_log_extend('2031-03-01 12:00+00', 0)$$,
                  ARRAY['event_log_2031_02_24', 'event_log_2031_03_03', 'event_log_2031_03_10', 'event_log_2031_03_17', 'event_log_2031_03_24', 'event_log_2031_03_31'],
                  'event_log_extend makes the partitions from the week to the end of the month and tells their names');
SELECT is((SELECT count(*) FROM ONLY event_log_2031_03_10), 2::bigint, 'the strays of a week, in UTC, have moved');
SELECT is((SELECT count(*) FROM ONLY event_log_2031_03_17), 1::bigint, 'those of the next to the next');
SELECT is((SELECT count(*) FROM ONLY event_log_default WHERE occurred_at = '2031-04-07 00:00+00'), 1::bigint, 'that of a later one has not');
SELECT is((SELECT count(*) FROM event_log WHERE occurred_at BETWEEN '2031-03-01 00:00+00' AND '2031-04-30 00:00+00'), 4::bigint, 'none is lost');
SELECT is(obj_description('event_log_2031_03_31'::regclass), 'Events from 2031-03-31 to 2031-04-06 (UTC).', 'its comment says which week it has');
SELECT is_empty($$SELECT event_log_extend('2031-03-31 23:00+00', 0)$$, 'repeated, it makes nothing');
SELECT results_eq($$SELECT event_log_extend('2031-03-31 23:00+00', 1)$$, ARRAY['event_log_2031_04_07', 'event_log_2031_04_14', 'event_log_2031_04_21', 'event_log_2031_04_28'], 'and only what is missing');
SELECT is((SELECT count(*) FROM generate_series(1, 1) WHERE 'event_log_2032_03_01' = ANY (ARRAY(SELECT event_log_extend('2031-12-31 23:59+00', 3)))), 1::bigint, 'across the end of a year, and a leap day');
SELECT is(pg_temp.log('2032-02-29 23:59:59+00'), 'event_log_2032_02_23', 'the leap day has its partition');

-- What was made otherwise stays, and the weeks end and begin with it: months as they were made before, and what has no beginning or end.
DELETE FROM event_log_default;
CREATE TABLE event_log_2033_05 PARTITION OF event_log FOR VALUES FROM ('2033-05-01 00:00+00') TO ('2033-06-01 00:00+00');
CREATE TABLE event_log_future PARTITION OF event_log FOR VALUES FROM ('2033-06-09 00:00+00') TO (MAXVALUE);
CREATE TABLE event_log_past PARTITION OF event_log FOR VALUES FROM (MINVALUE) TO ('1969-01-01 00:00+00');
SELECT results_eq($$SELECT event_log_extend('2033-04-20 00:00+00', 3)$$,
                  ARRAY['event_log_2033_04_18', 'event_log_2033_04_25', 'event_log_2033_06_01', 'event_log_2033_06_06'], 'weeks fill what others leave');
SELECT is(pg_get_expr(relpartbound, oid), bound, 'with these bounds') FROM pg_class, (SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true)) AS settings, (VALUES
    ('event_log_2033_04_25'::regclass, $$FOR VALUES FROM ('2033-04-25 00:00:00+00') TO ('2033-05-01 00:00:00+00')$$),
    ('event_log_2033_06_01', $$FOR VALUES FROM ('2033-06-01 00:00:00+00') TO ('2033-06-06 00:00:00+00')$$),
    ('event_log_2033_06_06', $$FOR VALUES FROM ('2033-06-06 00:00:00+00') TO ('2033-06-09 00:00:00+00')$$)) AS cases (name, bound) WHERE oid = name;
SELECT throws_ok($$SELECT event_log_extend(now(), -1)$$);
SELECT throws_ok($$SELECT event_log_extend(now(), 100000)$$);
SELECT throws_ok($$SELECT event_log_extend(now(), NULL)$$);

-- A new partition is like the others.
SELECT col_is_pk('event_log_2031_03_10', ARRAY['session_id', 'occurred_at', 'event_id']);
SELECT is(pg_get_userbyid(relowner), 'synchrony_owner', 'a new partition has the owner of the others') FROM pg_class WHERE relname = 'event_log_2031_03_10';
SELECT isnt(obj_description('event_log_2031_03_10'::regclass), NULL, 'and a comment');

-- The primary key is the idempotency key, in the default partition too.
SELECT throws_ok(format($$INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
                          SELECT 'dup', %L, '0190b6a5-7c1d-4e2f-9a3b-5c6d7e8f9a0b', 't', now(), '{}' FROM generate_series(1, 2)$$, t), '23505')
    FROM unnest(ARRAY[now(), '1970-01-01']::timestamptz[]) AS t;

-- A week that was taken out stays out.
SELECT is_empty($$SELECT event_log_extend('2030-01-07', 0) AS name OFFSET 4$$, 'four weeks and no more');
ALTER TABLE event_log DETACH PARTITION event_log_2030_01_14;
SELECT is_empty($$SELECT event_log_extend('2030-01-07', 0)$$, 'what was detached is not made again');

SELECT * FROM finish();
ROLLBACK;
