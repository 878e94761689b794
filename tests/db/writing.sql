-- event_write: what is new is told and becomes the item, what is known changes nothing.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();

-- Writes events given as "session n", each of second n, received when written; returns those that are told to be new, in order.
CREATE FUNCTION pg_temp.write(VARIADIC events text[]) RETURNS text LANGUAGE sql AS
    $$WITH posted AS (SELECT split_part(e, ' ', 1) AS s, split_part(e, ' ', 2)::int AS n FROM unnest(events) AS e),
           told AS (SELECT (event_write(array_agg(s), array_agg(timestamptz '2026-11-20' + n * interval '1 s'),
                                        array_agg(('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid), array_agg('t'::text),
                                        array_agg(timestamptz '2026-11-21' + n * interval '1 s'), array_agg(jsonb_build_object('n', n)))).* FROM posted)
      SELECT coalesce(string_agg(session_id || ' ' || ltrim(right(event_id::text, 12), '0'), ', ' ORDER BY session_id, event_id), '') FROM told$$;
CREATE FUNCTION pg_temp.items() RETURNS text LANGUAGE sql AS
    $$SELECT string_agg(session_id || ' ' || (properties ->> 'n'), ', ' ORDER BY session_id) FROM events WHERE event_type = 't'$$;

SELECT is(pg_temp.write('a 1', 'b 2', 'c 3'), 'a 1, b 2, c 3', 'a group of new events');
SELECT is(pg_temp.items(), 'a 1, b 2, c 3', 'each is the item of its key');
SELECT is(pg_temp.write('a 1', 'b 2', 'c 3'), '', 'the same again: none is new');
SELECT is(pg_temp.write('a 4', 'b 2', 'd 5'), 'a 4, d 5', 'those that are new among others that are known');
SELECT is(pg_temp.items(), 'a 4, b 2, c 3, d 5', 'are the items, and the known ones change nothing');
SELECT is(pg_temp.write('e 6', 'e 6', 'f 7'), 'e 6, f 7', 'an event twice in a group is one');
SELECT is(pg_temp.write('g 9', 'g 8'), 'g 8, g 9', 'two events of one key are both new');
SELECT is(pg_temp.items(), 'a 4, b 2, c 3, d 5, e 6, f 7, g 9', 'the later received is the item');
SELECT is(pg_temp.write('g 10', 'g 9', 'g 11'), 'g 10, g 11', 'also beside one that is known');
SELECT is(pg_temp.write('c 2'), 'c 2', 'an event that was received earlier than the item');
SELECT is(pg_temp.items(), 'a 4, b 2, c 3, d 5, e 6, f 7, g 11', 'is history and not the item');
SELECT is((SELECT count(*) FROM event_log), 12::bigint, 'the history has each event once');
SELECT is((SELECT count(*) FROM event_write('{}', '{}', '{}', '{}', '{}', '{}')), 0::bigint, 'no events at all');
SELECT throws_ok($$SELECT pg_temp.write('x 20', NULL)$$, '23502');
SELECT is((SELECT count(*) FROM event_log WHERE session_id = 'x'), 0::bigint, 'what cannot be stored takes its whole group with it');

SELECT * FROM finish();
ROLLBACK;
