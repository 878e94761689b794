-- The event catalogue: what an event of a type must look like. And the quarantine: events that were refused for it.

-- Rows are never changed: a new schema, a change of mode and the end of a type's checks are new versions. The greatest version of a type is
-- the one in force.
CREATE TABLE event_schemas (
    event_type text COLLATE "C" NOT NULL,
    version    integer          NOT NULL,
    mode       text             NOT NULL,
    schema     text             NOT NULL,
    author     text             NOT NULL,
    note       text             NOT NULL DEFAULT '',
    created_at timestamptz      NOT NULL DEFAULT now(),
    created_by text             NOT NULL DEFAULT session_user,
    digest     bigint           NOT NULL GENERATED ALWAYS AS (hashtextextended(schema, 0)) STORED,
    CONSTRAINT event_schemas_pkey PRIMARY KEY (event_type, version),
    CONSTRAINT event_schemas_event_type_check CHECK (octet_length(event_type) BETWEEN 1 AND 1024),
    CONSTRAINT event_schemas_version_check CHECK (version > 0),
    CONSTRAINT event_schemas_mode_check CHECK (mode IN ('enforce', 'observe', 'off', 'shared')),
    CONSTRAINT event_schemas_schema_check CHECK (octet_length(schema) <= 262144)
);

COMMENT ON TABLE event_schemas IS 'The event catalogue: JSON Schemas (draft-07) of event types, all versions. The greatest version of a type is in force; `synchrony schema` writes it.';
COMMENT ON COLUMN event_schemas.event_type IS 'The event type that the schema is for; of a shared schema the name by which others refer to it.';
COMMENT ON COLUMN event_schemas.version IS 'Counts from 1 for each type. Every change is a new version.';
COMMENT ON COLUMN event_schemas.mode IS 'enforce: what fails is refused and quarantined. observe: stored and counted. off: not judged. shared: of no event type, but referred to by other schemas.';
COMMENT ON COLUMN event_schemas.schema IS 'The schema, byte for byte as it was put.';
COMMENT ON COLUMN event_schemas.author IS 'Who put it, as `synchrony schema` was told.';
COMMENT ON COLUMN event_schemas.note IS 'Why, in the author''s words.';
COMMENT ON COLUMN event_schemas.created_at IS 'When this version was put.';
COMMENT ON COLUMN event_schemas.created_by IS 'The database role that put it.';
COMMENT ON COLUMN event_schemas.digest IS 'Of the schema''s text, to tell cheaply whether the catalogue has changed.';

-- All that the responder goes by, in one word: it changes with the versions in force, however they were changed.
CREATE FUNCTION event_catalogue_fingerprint() RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_hex(hashtextextended(coalesce(string_agg(format('%s %s %s %s', length(event_type), event_type || version, mode, digest), E'\n' ORDER BY event_type), ''), 0))
    FROM (SELECT DISTINCT ON (event_type) event_type, version, mode, digest FROM public.event_schemas ORDER BY event_type, version DESC) AS current
$$;

COMMENT ON FUNCTION event_catalogue_fingerprint() IS
    'A word that changes whenever the schemas in force do. Reads no schema''s text.';

CREATE FUNCTION event_catalogue_read() RETURNS TABLE (event_type text, version integer, mode text, schema text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ON (event_type) event_type, version, mode, schema FROM public.event_schemas ORDER BY event_type, version DESC
$$;

COMMENT ON FUNCTION event_catalogue_read() IS 'The schemas in force: of each type the greatest version.';

-- Puts new versions, all or none. The caller says which catalogue it has seen: the schemas were judged together with the others in force, so
-- a change that came in between makes that judgement void. A schema that is NULL stays as it is, and the mode alone changes; a mode that is
-- NULL likewise.
CREATE FUNCTION event_schemas_put(seen_fingerprint text, event_types text[], modes text[], schemas text[], author text, note text)
RETURNS TABLE (event_type text, version integer)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('synchrony event_schemas_put', 0));
    IF public.event_catalogue_fingerprint() IS DISTINCT FROM seen_fingerprint THEN
        RAISE EXCEPTION 'the catalogue was changed meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    PERFORM public.audit_change(author, 'schema.put', array_to_string(event_types, ' '));
    RETURN QUERY
    INSERT INTO public.event_schemas AS made (event_type, version, mode, schema, author, note)
    SELECT posted.event_type, coalesce(current.version, 0) + 1, coalesce(posted.mode, current.mode, 'observe'),
           coalesce(posted.schema, current.schema), event_schemas_put.author, event_schemas_put.note
    FROM unnest(event_types, modes, schemas) AS posted (event_type, mode, schema)
    LEFT JOIN LATERAL (
        SELECT version, mode, schema FROM public.event_schemas AS old
        WHERE old.event_type = posted.event_type ORDER BY version DESC LIMIT 1
    ) AS current ON true
    RETURNING made.event_type, made.version;
END
$$;

COMMENT ON FUNCTION event_schemas_put(text, text[], text[], text[], text, text) IS
    'Puts new versions of schemas, all or none, if the catalogue still has the given fingerprint (else SQLSTATE 40001). Where an element of schemas or modes is NULL that of the version before stays.';

COMMENT ON COLUMN audit_log.action IS 'What was done: session.read, key.create, key.revoke, key.rotate, plan.put, plan.remove, schema.put, quarantine.replay.';

CREATE TABLE rejected_events (
    rejection_id   uuid             NOT NULL,
    rejected_at    timestamptz      NOT NULL DEFAULT now(),
    event_type     text COLLATE "C" NOT NULL,
    session_id     text COLLATE "C" NOT NULL,
    event_id       uuid             NOT NULL,
    occurred_at    timestamptz      NOT NULL,
    received_at    timestamptz      NOT NULL,
    reason         text             NOT NULL,
    pointer        text,
    keyword        text,
    schema_version integer,
    violations     jsonb,
    size_bytes     integer          NOT NULL,
    payload        text             NOT NULL,
    is_cut         boolean          NOT NULL,
    replayed_at    timestamptz,
    CONSTRAINT rejected_events_pkey PRIMARY KEY (rejection_id)
);

CREATE INDEX rejected_events_rejected_at_idx ON rejected_events (rejected_at, rejection_id);

COMMENT ON TABLE rejected_events IS 'The quarantine: events that the catalogue refused, as a sample of bounded rate, number and age. `synchrony quarantine` shows and replays them.';
COMMENT ON COLUMN rejected_events.rejection_id IS 'A UUIDv7 of the refusal.';
COMMENT ON COLUMN rejected_events.rejected_at IS 'When it came to the quarantine; rows older than quarantine_retention_s are removed.';
COMMENT ON COLUMN rejected_events.event_type IS 'What happened, as the page named it.';
COMMENT ON COLUMN rejected_events.session_id IS 'The visit it belongs to.';
COMMENT ON COLUMN rejected_events.event_id IS 'The identity that it would have had, and has when it is replayed: the client''s UUID, else a UUIDv7 made on arrival.';
COMMENT ON COLUMN rejected_events.occurred_at IS 'When it happened, by the rules of event_log.';
COMMENT ON COLUMN rejected_events.received_at IS 'When it came; a replay does not overwrite what was accepted later.';
COMMENT ON COLUMN rejected_events.reason IS 'The code word of the answer: schema, unknown_event_type, …';
COMMENT ON COLUMN rejected_events.pointer IS 'JSON Pointer of the first value at fault; empty: the event itself; NULL: no value is.';
COMMENT ON COLUMN rejected_events.keyword IS 'The keyword of the schema that it failed first; NULL: none.';
COMMENT ON COLUMN rejected_events.schema_version IS 'The version of its type''s schema that refused it; NULL: none did.';
COMMENT ON COLUMN rejected_events.violations IS 'All that was found, at most 16: an array of objects with pointer, keyword and expected. No values.';
COMMENT ON COLUMN rejected_events.size_bytes IS 'Size of payload before it was cut.';
COMMENT ON COLUMN rejected_events.payload IS 'All other members of the event, after masking: a JSON object, or where is_cut its beginning.';
COMMENT ON COLUMN rejected_events.is_cut IS 'The payload was longer than quarantine_payload_max_bytes: it cannot be replayed.';
COMMENT ON COLUMN rejected_events.replayed_at IS 'When it was taken in after all; NULL: it was not.';

-- The arguments are arrays of one length. findings: objects with reason, pointer, keyword, schema_version, violations, size_bytes, is_cut.
CREATE FUNCTION rejected_events_write(
    rejection_ids uuid[], event_types text[], session_ids text[], event_ids uuid[], occurred_ats timestamptz[], received_ats timestamptz[],
    payloads text[], findings jsonb[]
) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.rejected_events (rejection_id, event_type, session_id, event_id, occurred_at, received_at, payload, reason, pointer, keyword,
                                        schema_version, violations, size_bytes, is_cut)
    SELECT rejection_id, event_type, session_id, event_id, occurred_at, received_at, payload, finding ->> 'reason', finding ->> 'pointer',
           finding ->> 'keyword', (finding ->> 'schema_version')::integer, finding -> 'violations', (finding ->> 'size_bytes')::integer,
           (finding ->> 'is_cut')::boolean
    FROM unnest(rejection_ids, event_types, session_ids, event_ids, occurred_ats, received_ats, payloads, findings)
         AS rejected (rejection_id, event_type, session_id, event_id, occurred_at, received_at, payload, finding)
    ON CONFLICT DO NOTHING
$$;

COMMENT ON FUNCTION rejected_events_write(uuid[], text[], text[], uuid[], timestamptz[], timestamptz[], text[], jsonb[]) IS
    'Puts refused events into the quarantine. The only way in for synchrony_writer, which cannot read it.';

-- Removes what is past the bounds, oldest first, no more than most_rows at a time, so that nobody waits for it. Returns how many.
CREATE FUNCTION rejected_events_prune(retention interval, max_rows bigint, most_rows integer) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH last_past AS (
        SELECT rejected_at, rejection_id FROM public.rejected_events ORDER BY rejected_at DESC, rejection_id DESC OFFSET max_rows LIMIT 1
    ), removed AS (
        DELETE FROM public.rejected_events
        WHERE rejection_id IN (
            SELECT rejection_id FROM public.rejected_events AS old
            WHERE old.rejected_at < now() - retention
               OR (old.rejected_at, old.rejection_id) <= (SELECT rejected_at, rejection_id FROM last_past)
            ORDER BY old.rejected_at, old.rejection_id
            LIMIT most_rows
            FOR UPDATE SKIP LOCKED)
        RETURNING rejection_id
    )
    SELECT count(*) FROM removed
$$;

COMMENT ON FUNCTION rejected_events_prune(interval, bigint, integer) IS
    'Removes rows of the quarantine that are older than the first argument, or past the number of the second, oldest first; no more than the third at a time. Returns how many.';

-- Notes that events of the quarantine were taken in, also in the record: they come in with a time of acceptance that is long past.
CREATE FUNCTION rejected_events_settle(os_user text, rejection_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n bigint;
BEGIN
    UPDATE public.rejected_events SET replayed_at = now() WHERE rejection_id = ANY (rejection_ids) AND replayed_at IS NULL;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN
        PERFORM public.audit_change(os_user, 'quarantine.replay', format('%s events', n));
    END IF;
END
$$;

COMMENT ON FUNCTION rejected_events_settle(text, uuid[]) IS 'Notes that these events of the quarantine were replayed; called after the commit that stored them.';

REVOKE ALL ON FUNCTION event_catalogue_fingerprint() FROM PUBLIC;
REVOKE ALL ON FUNCTION event_catalogue_read() FROM PUBLIC;
REVOKE ALL ON FUNCTION event_schemas_put(text, text[], text[], text[], text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rejected_events_write(uuid[], text[], text[], uuid[], timestamptz[], timestamptz[], text[], jsonb[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rejected_events_prune(interval, bigint, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rejected_events_settle(text, uuid[]) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION event_catalogue_fingerprint() TO synchrony_writer, synchrony_reader, synchrony_operator;
GRANT EXECUTE ON FUNCTION event_catalogue_read() TO synchrony_writer, synchrony_reader, synchrony_operator;
GRANT EXECUTE ON FUNCTION rejected_events_write(uuid[], text[], text[], uuid[], timestamptz[], timestamptz[], text[], jsonb[]) TO synchrony_writer;
GRANT EXECUTE ON FUNCTION rejected_events_prune(interval, bigint, integer) TO synchrony_writer, synchrony_operator;
GRANT EXECUTE ON FUNCTION event_schemas_put(text, text[], text[], text[], text, text) TO synchrony_operator;
GRANT EXECUTE ON FUNCTION rejected_events_settle(text, uuid[]) TO synchrony_operator;
GRANT SELECT ON event_schemas, rejected_events TO synchrony_operator;
