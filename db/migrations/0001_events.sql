-- Events: the current item of each key, and the history of all that were accepted.

CREATE TABLE schema_migrations (
    number     integer     NOT NULL,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);

COMMENT ON TABLE schema_migrations IS 'The migrations that `synchrony migrate` has applied to this database.';
COMMENT ON COLUMN schema_migrations.number IS 'The number that the file begins with; migrations are applied in this order.';
COMMENT ON COLUMN schema_migrations.name IS 'The rest of the file''s name.';
COMMENT ON COLUMN schema_migrations.checksum IS 'SHA-256 of the file as it was applied, hexadecimal.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';

-- Keys compare bytewise (collation "C"): the order in which the responder sorts them before it writes, whatever the locale.
CREATE TABLE events (
    event_type  text COLLATE "C" NOT NULL,
    session_id  text COLLATE "C" NOT NULL,
    event_id    uuid             NOT NULL,
    occurred_at timestamptz      NOT NULL,
    received_at timestamptz      NOT NULL,
    properties  jsonb            NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (event_type, session_id)
);

COMMENT ON TABLE events IS 'The current item of each key (event_type, session_id): the last event that was accepted for it.';
COMMENT ON COLUMN events.event_type IS 'What happened, as the page named it (page_view, click, …): 1 to 128 bytes.';
COMMENT ON COLUMN events.session_id IS 'The visit it belongs to, as the page named it: 1 to 256 bytes.';
COMMENT ON COLUMN events.event_id IS 'Identity of the event: the client''s UUID, else a UUIDv7 made on arrival.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened: the client''s timestamp, else the time of its UUIDv7, else received_at.';
COMMENT ON COLUMN events.received_at IS 'When it was accepted; the later acceptance is the current item.';
COMMENT ON COLUMN events.properties IS 'All other members of the event, as they were posted.';

CREATE TABLE event_log (
    session_id  text COLLATE "C" NOT NULL,
    occurred_at timestamptz      NOT NULL,
    event_id    uuid             NOT NULL,
    event_type  text COLLATE "C" NOT NULL,
    received_at timestamptz      NOT NULL,
    properties  jsonb            NOT NULL,
    CONSTRAINT event_log_pkey PRIMARY KEY (session_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

COMMENT ON TABLE event_log IS 'The history: every event that was accepted, once. Rows are never changed. One partition a month (UTC) of occurred_at.';
COMMENT ON COLUMN event_log.session_id IS 'The visit it belongs to. With occurred_at and event_id the identity of the event; in that order a visit''s journey.';
COMMENT ON COLUMN event_log.occurred_at IS 'When it happened: the client''s timestamp, else the time of its UUIDv7, else received_at.';
COMMENT ON COLUMN event_log.event_id IS 'Identity of the event: the client''s UUID, else a UUIDv7 made on arrival.';
COMMENT ON COLUMN event_log.event_type IS 'What happened, as the page named it.';
COMMENT ON COLUMN event_log.received_at IS 'When it was accepted.';
COMMENT ON COLUMN event_log.properties IS 'All other members of the event, as they were posted.';

CREATE TABLE event_log_default PARTITION OF event_log DEFAULT;

COMMENT ON TABLE event_log_default IS 'Events whose time lies in no month that has a partition: strays of clocks that are far off.';

-- Makes the partitions of the months from first_month to months_ahead months after it, returning the names of those that are new.
-- Events of such a month that lie in the default partition move into the new one.
CREATE FUNCTION event_log_extend(first_month timestamptz, months_ahead integer) RETURNS SETOF text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    month_begin timestamptz;
    month_end   timestamptz;
    partition   text;
BEGIN
    IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION 'months_ahead must lie within 0 and 120, got %', months_ahead;
    END IF;
    -- One at a time: two callers would both find a partition missing.
    PERFORM pg_advisory_xact_lock(hashtextextended('synchrony event_log_extend', 0));
    FOR i IN 0..months_ahead LOOP
        month_begin := date_trunc('month', first_month) + make_interval(months => i);
        month_end := month_begin + interval '1 month';
        partition := 'event_log_' || to_char(month_begin, 'YYYY_MM');
        CONTINUE WHEN to_regclass(format('public.%I', partition)) IS NOT NULL;
        -- A stray that comes while the new partition is made would be in its way.
        LOCK TABLE public.event_log_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.event_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', partition);
        EXECUTE format(
            'WITH strays AS (DELETE FROM public.event_log_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *) '
            'INSERT INTO public.%I SELECT * FROM strays', month_begin, month_end, partition);
        EXECUTE format('ALTER TABLE public.event_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', partition, month_begin, month_end);
        EXECUTE format('COMMENT ON TABLE public.%I IS %L', partition, 'Events of ' || to_char(month_begin, 'YYYY-MM') || ' (UTC).');
        RETURN NEXT partition;
    END LOOP;
END
$$;

COMMENT ON FUNCTION event_log_extend(timestamptz, integer) IS
    'Makes the monthly partitions of event_log from the month of the first argument on, as many months ahead as the second says; returns the names of new ones.';

REVOKE ALL ON FUNCTION event_log_extend(timestamptz, integer) FROM PUBLIC;

-- Stores events: appends to the history what it does not have, and makes the last new one of each key the current item, unless a
-- later acceptance is there. The arguments are arrays of one length, element i of each belonging to one event, sorted by key: two
-- groups that touch the same rows then lock them in the same order. (Unsorted, they deadlock.)
--
-- A function of the owner, because an upsert needs SELECT on every column that it sets, and the writer is to read nothing.
CREATE FUNCTION event_write(
    session_ids text[], occurred_ats timestamptz[], event_ids uuid[], event_types text[], received_ats timestamptz[], properties jsonb[]
) RETURNS TABLE (session_id text, occurred_at timestamptz, event_id uuid)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH posted AS (
        SELECT *
        FROM unnest(session_ids, occurred_ats, event_ids, event_types, received_ats, properties)
             AS event (session_id, occurred_at, event_id, event_type, received_at, properties)
    ), appended AS (
        INSERT INTO public.event_log AS log (session_id, occurred_at, event_id, event_type, received_at, properties)
        SELECT * FROM posted
        ON CONFLICT DO NOTHING
        RETURNING log.*
    ), current AS (
        SELECT DISTINCT ON (event_type, session_id) event_type, session_id, event_id, occurred_at, received_at, properties
        FROM appended
        ORDER BY event_type, session_id, received_at DESC, event_id DESC
    ), upserted AS (
        INSERT INTO public.events AS item (event_type, session_id, event_id, occurred_at, received_at, properties)
        SELECT * FROM current
        ON CONFLICT (event_type, session_id) DO UPDATE
        SET event_id = excluded.event_id,
            occurred_at = excluded.occurred_at,
            received_at = excluded.received_at,
            properties = excluded.properties
        WHERE (item.received_at, item.event_id) < (excluded.received_at, excluded.event_id)
    )
    SELECT appended.session_id, appended.occurred_at, appended.event_id FROM appended;
END
$$;

COMMENT ON FUNCTION event_write(text[], timestamptz[], uuid[], text[], timestamptz[], jsonb[]) IS
    'Stores a group of events in history and current items; returns the identity of each that is new. The only way in for synchrony_writer.';

REVOKE ALL ON FUNCTION event_write(text[], timestamptz[], uuid[], text[], timestamptz[], jsonb[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_write(text[], timestamptz[], uuid[], text[], timestamptz[], jsonb[]) TO synchrony_writer;

GRANT SELECT ON events, event_log TO synchrony_reader;

GRANT SELECT ON schema_migrations TO synchrony_operator;
GRANT EXECUTE ON FUNCTION event_log_extend(timestamptz, integer) TO synchrony_operator;
