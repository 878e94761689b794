-- The history by weeks. An event goes to a random place of its partition's primary key, which costs more as soon as that no longer fits
-- the server's memory. Measured with 512 MB of shared_buffers, groups of 100 events, ten million in the month: with all of them in one
-- partition events come at 0.57 to 0.87 of the rate into an empty one, with a quarter of them in the current one at 0.94 to 0.97. Days would
-- do with less still, but whoever reads a journey without bounds of time opens, and locks, every partition that there is.

DROP FUNCTION event_log_extend(timestamptz, integer);

-- Makes the partitions from the week of `since` to the end of the month that is months_ahead after its own, returning the names of those that
-- are new. What another partition holds already stays with it, of whatever length that is; a week of which a part is held becomes shorter.
-- Events of such a week that lie in the default partition move into the new one.
CREATE FUNCTION event_log_extend(since timestamptz, months_ahead integer) RETURNS SETOF text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    part_begin timestamptz := date_trunc('week', since);
    part_end   timestamptz;
    until      timestamptz;
    held       tstzrange[];
    held_end   timestamptz;
    partition  text;
BEGIN
    IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION 'months_ahead must lie within 0 and 120, got %', months_ahead;
    END IF;
    until := date_trunc('month', since) + make_interval(months => months_ahead + 1);
    -- One at a time: two callers would both find a partition missing.
    PERFORM pg_advisory_xact_lock(hashtextextended('synchrony event_log_extend', 0));
    SELECT array_agg(tstzrange(substring(bound FROM 'FROM \(''([^'']+)''\)')::timestamptz, substring(bound FROM 'TO \(''([^'']+)''\)')::timestamptz))
    INTO held
    FROM (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'public.event_log'::regclass) AS partitions
    WHERE bound <> 'DEFAULT';
    WHILE part_begin < until LOOP
        SELECT coalesce(upper(range), 'infinity') INTO held_end FROM unnest(held) AS range WHERE range @> part_begin;
        IF FOUND THEN
            part_begin := held_end;
            CONTINUE;
        END IF;
        SELECT least(date_trunc('week', part_begin) + interval '1 week', min(lower(range))) INTO part_end
        FROM unnest(held) AS range WHERE lower(range) > part_begin;
        partition := 'event_log_' || to_char(part_begin, 'YYYY_MM_DD');
        -- A table of that name that is no partition was taken out by hand: its time is left to the default partition.
        IF to_regclass(format('public.%I', partition)) IS NULL THEN
            -- A stray that comes while the new partition is made would be in its way.
            LOCK TABLE public.event_log_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('CREATE TABLE public.%I (LIKE public.event_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', partition);
            EXECUTE format(
                'WITH strays AS (DELETE FROM public.event_log_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *) '
                'INSERT INTO public.%I SELECT * FROM strays', part_begin, part_end, partition);
            EXECUTE format('ALTER TABLE public.event_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', partition, part_begin, part_end);
            EXECUTE format('COMMENT ON TABLE public.%I IS %L', partition,
                           format('Events from %s to %s (UTC).', to_char(part_begin, 'YYYY-MM-DD'), to_char(part_end - interval '1 day', 'YYYY-MM-DD')));
            RETURN NEXT partition;
        END IF;
        part_begin := part_end;
    END LOOP;
END
$$;

COMMENT ON FUNCTION event_log_extend(timestamptz, integer) IS
    'Makes the weekly partitions of event_log from the week of the first argument to the end of the month that is so many months ahead as the second says; returns the names of new ones.';

REVOKE ALL ON FUNCTION event_log_extend(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_log_extend(timestamptz, integer) TO synchrony_operator;

COMMENT ON TABLE event_log IS 'The history: every event that was accepted, once. Rows are never changed. One partition a week (from Monday, UTC) of occurred_at.';
COMMENT ON TABLE event_log_default IS 'Events whose time lies in no week that has a partition: strays of clocks that are far off.';
