-- Who may: keys and their usage plans, what was used of them, and the record of who read and who changed what.

CREATE TABLE usage_plans (
    plan_name    text COLLATE "C" NOT NULL,
    events_per_s double precision NOT NULL,
    burst        integer          NOT NULL,
    daily_quota  bigint,
    changed_at   timestamptz      NOT NULL DEFAULT now(),
    changed_by   text             NOT NULL,
    CONSTRAINT usage_plans_pkey PRIMARY KEY (plan_name),
    CONSTRAINT usage_plans_plan_name_check CHECK (plan_name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    CONSTRAINT usage_plans_events_per_s_check CHECK (events_per_s >= 0.001 AND events_per_s <= 1000000),
    CONSTRAINT usage_plans_burst_check CHECK (burst BETWEEN 1 AND 1000000),
    CONSTRAINT usage_plans_daily_quota_check CHECK (daily_quota BETWEEN 1 AND 1000000000000)
);

COMMENT ON TABLE usage_plans IS 'What the holders of keys may use: synchrony plan put|list|remove.';
COMMENT ON COLUMN usage_plans.plan_name IS 'Its name.';
COMMENT ON COLUMN usage_plans.events_per_s IS 'How many events a second a key may store in the long run, on each host.';
COMMENT ON COLUMN usage_plans.burst IS 'How many events at once after a pause.';
COMMENT ON COLUMN usage_plans.daily_quota IS 'How many events a day (UTC), on all hosts together; NULL: as many as the rate lets through.';
COMMENT ON COLUMN usage_plans.changed_at IS 'When it was last put.';
COMMENT ON COLUMN usage_plans.changed_by IS 'The database role that put it.';

CREATE TABLE api_keys (
    key_id              text COLLATE "C" NOT NULL,
    digest              bytea            NOT NULL,
    key_name            text             NOT NULL,
    scopes              text[]           NOT NULL,
    plan_name           text COLLATE "C",
    allowed_origins     text[]           NOT NULL,
    allowed_event_types text[]           NOT NULL,
    created_at          timestamptz      NOT NULL DEFAULT now(),
    created_by          text             NOT NULL,
    expires_at          timestamptz,
    revoked_at          timestamptz,
    last_used_at        timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT api_keys_digest_key UNIQUE (digest),
    CONSTRAINT api_keys_plan_name_fkey FOREIGN KEY (plan_name) REFERENCES usage_plans (plan_name),
    CONSTRAINT api_keys_key_id_check CHECK (key_id ~ '^syk_[0-9A-Za-z]{8}$'),
    CONSTRAINT api_keys_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT api_keys_key_name_check CHECK (char_length(key_name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_scopes_check CHECK (scopes <@ ARRAY['ingest', 'read', 'report', 'metrics'] AND cardinality(scopes) >= 1),
    CONSTRAINT api_keys_allowed_origins_check CHECK (cardinality(allowed_origins) <= 100),
    CONSTRAINT api_keys_allowed_event_types_check CHECK (cardinality(allowed_event_types) <= 100)
);

COMMENT ON TABLE api_keys IS 'Keys of X-Api-Key. Of the key itself only its SHA-256 is kept: synchrony key create|list|revoke|rotate.';
COMMENT ON COLUMN api_keys.key_id IS 'What the key begins with; it is shown to people and in logs.';
COMMENT ON COLUMN api_keys.digest IS 'SHA-256 of the whole key.';
COMMENT ON COLUMN api_keys.key_name IS 'Who has it, or what for.';
COMMENT ON COLUMN api_keys.scopes IS 'What it is good for: ingest, read, report, metrics.';
COMMENT ON COLUMN api_keys.plan_name IS 'Its usage plan; NULL: no limit.';
COMMENT ON COLUMN api_keys.allowed_origins IS 'The origins that it is good at, as in the option allowed_origins; none: everywhere.';
COMMENT ON COLUMN api_keys.allowed_event_types IS 'The event types that it may store and read; none: all.';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made.';
COMMENT ON COLUMN api_keys.created_by IS 'The database role that made it.';
COMMENT ON COLUMN api_keys.expires_at IS 'When it ends; NULL: never.';
COMMENT ON COLUMN api_keys.revoked_at IS 'When it was revoked; NULL: it was not.';
COMMENT ON COLUMN api_keys.last_used_at IS 'When it was last used, within some seconds.';

CREATE TABLE api_key_usage (
    key_id   text COLLATE "C" NOT NULL,
    used_on  date             NOT NULL,
    n_events bigint           NOT NULL,
    CONSTRAINT api_key_usage_pkey PRIMARY KEY (key_id, used_on),
    CONSTRAINT api_key_usage_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_keys (key_id)
);

COMMENT ON TABLE api_key_usage IS 'What was used of each key on each day: the count behind the daily quota.';
COMMENT ON COLUMN api_key_usage.key_id IS 'The key.';
COMMENT ON COLUMN api_key_usage.used_on IS 'The day (UTC).';
COMMENT ON COLUMN api_key_usage.n_events IS 'Events that were admitted, and one for each request that carried none, as the hosts have reported so far.';

CREATE TABLE audit_log (
    audit_id    bigint GENERATED ALWAYS AS IDENTITY,
    happened_at timestamptz NOT NULL DEFAULT now(),
    actor       text        NOT NULL,
    action      text        NOT NULL,
    subject     text        NOT NULL,
    origin      text        NOT NULL,
    request_id  text,
    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id)
);

CREATE INDEX audit_log_happened_at_idx ON audit_log (happened_at);

COMMENT ON TABLE audit_log IS 'Who read the events of a single session, and who changed keys and plans. Append-only for every role of the product.';
COMMENT ON COLUMN audit_log.audit_id IS 'In the order in which they were written down.';
COMMENT ON COLUMN audit_log.happened_at IS 'When.';
COMMENT ON COLUMN audit_log.actor IS 'Who: key:ID, user:NAME of the web server''s login, or role:NAME of the database with the operating system''s user as it says.';
COMMENT ON COLUMN audit_log.action IS 'What was done: session.read, key.create, key.revoke, key.rotate, plan.put, plan.remove.';
COMMENT ON COLUMN audit_log.subject IS 'To what: the event type and session, the key, the plan.';
COMMENT ON COLUMN audit_log.origin IS 'From where: the address of the client; local for a Unix socket.';
COMMENT ON COLUMN audit_log.request_id IS 'The X-Request-Id of the request; NULL for a command.';

-- Not even by mistake: who wants to shorten the record has to grant it to himself first, which shows.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM synchrony_owner;

-- ---- for those who look after keys ----

-- Writes down a change of keys or plans, by whoever is logged in. For the functions below alone.
CREATE FUNCTION audit_change(os_user text, action text, subject text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.audit_log (actor, action, subject, origin)
    VALUES (left(format('role:%s (%s)', session_user, os_user), 200), action, left(subject, 1000), coalesce(host(inet_client_addr()), 'local'))
$$;

COMMENT ON FUNCTION audit_change(text, text, text) IS 'Writes a change of keys or plans to audit_log; called by the functions that make it.';

CREATE FUNCTION usage_plan_put(os_user text, name text, rate double precision, burst integer, quota bigint) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.usage_plans AS plan (plan_name, events_per_s, burst, daily_quota, changed_by)
    VALUES (name, rate, usage_plan_put.burst, quota, session_user)
    ON CONFLICT (plan_name) DO UPDATE
    SET events_per_s = excluded.events_per_s, burst = excluded.burst, daily_quota = excluded.daily_quota,
        changed_at = excluded.changed_at, changed_by = excluded.changed_by;
    PERFORM public.audit_change(os_user, 'plan.put', format('%s: %s/s, burst %s, daily quota %s', name, rate, usage_plan_put.burst, coalesce(quota::text, 'none')));
END
$$;

COMMENT ON FUNCTION usage_plan_put(text, text, double precision, integer, bigint) IS 'Makes a usage plan, or changes it for all keys that have it.';

CREATE FUNCTION usage_plan_remove(os_user text, name text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holder text;
BEGIN
    SELECT key_id INTO holder FROM public.api_keys
    WHERE plan_name = name AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY key_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the plan % is in use by the key %', name, holder USING ERRCODE = 'object_in_use';
    END IF;
    UPDATE public.api_keys SET plan_name = NULL WHERE plan_name = name;
    DELETE FROM public.usage_plans WHERE plan_name = name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no plan %', name USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM public.audit_change(os_user, 'plan.remove', name);
END
$$;

COMMENT ON FUNCTION usage_plan_remove(text, text) IS 'Removes a usage plan that no key has which is good for anything.';

CREATE FUNCTION usage_plan_list() RETURNS TABLE (plan_name text, events_per_s double precision, burst integer, daily_quota bigint, n_keys bigint)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT plan.plan_name, plan.events_per_s, plan.burst, plan.daily_quota,
           (SELECT count(*) FROM public.api_keys AS k
            WHERE k.plan_name = plan.plan_name AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))
    FROM public.usage_plans AS plan ORDER BY plan.plan_name
$$;

COMMENT ON FUNCTION usage_plan_list() IS 'The usage plans, and how many keys have each.';

CREATE FUNCTION api_key_create(
    os_user text, id text, digest bytea, name text, scopes text[], plan text, origins text[], event_types text[], lifetime interval
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF plan IS NOT NULL AND NOT EXISTS (SELECT FROM public.usage_plans WHERE plan_name = plan) THEN
        RAISE EXCEPTION 'there is no plan %', plan USING ERRCODE = 'no_data_found';
    END IF;
    INSERT INTO public.api_keys (key_id, digest, key_name, scopes, plan_name, allowed_origins, allowed_event_types, created_by, expires_at)
    VALUES (id, api_key_create.digest, name, api_key_create.scopes, plan, origins, event_types, session_user, now() + lifetime);
    PERFORM public.audit_change(os_user, 'key.create', format('%s %s for %s', id, array_to_string(api_key_create.scopes, ','), name));
END
$$;

COMMENT ON FUNCTION api_key_create(text, text, bytea, text, text[], text, text[], text[], interval) IS 'Keeps a new key: its SHA-256, never the key.';

CREATE FUNCTION api_key_revoke(os_user text, id text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no key %', id USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM public.audit_change(os_user, 'key.revoke', id);
END
$$;

COMMENT ON FUNCTION api_key_revoke(text, text) IS 'Ends a key for good. Every responder refuses it within five seconds.';

-- The old key goes on for the grace, so that its holder can change over without a gap.
CREATE FUNCTION api_key_rotate(os_user text, id text, new_id text, new_digest bytea, grace interval) RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old public.api_keys;
BEGIN
    SELECT * INTO old FROM public.api_keys
    WHERE key_id = id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no valid key %', id USING ERRCODE = 'no_data_found';
    END IF;
    INSERT INTO public.api_keys (key_id, digest, key_name, scopes, plan_name, allowed_origins, allowed_event_types, created_by, expires_at)
    VALUES (new_id, new_digest, old.key_name, old.scopes, old.plan_name, old.allowed_origins, old.allowed_event_types, session_user,
            now() + (old.expires_at - old.created_at));
    UPDATE public.api_keys SET expires_at = least(expires_at, now() + grace) WHERE key_id = id;
    PERFORM public.audit_change(os_user, 'key.rotate', format('%s by %s', id, new_id));
    RETURN old.key_name;
END
$$;

COMMENT ON FUNCTION api_key_rotate(text, text, text, bytea, interval) IS
    'Keeps a new key with all that the old one may, as long-lived as that was; the old one ends after the grace. Returns its name.';

CREATE FUNCTION api_key_list() RETURNS TABLE (
    key_id text, key_name text, state text, scopes text[], plan_name text, allowed_origins text[], allowed_event_types text[], created_at timestamptz,
    created_by text, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz, used_today bigint
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.key_id, k.key_name,
           CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= now() THEN 'expired' ELSE 'valid' END,
           k.scopes, k.plan_name, k.allowed_origins, k.allowed_event_types, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.last_used_at,
           coalesce((SELECT u.n_events FROM public.api_key_usage AS u WHERE u.key_id = k.key_id AND u.used_on = (now() AT TIME ZONE 'UTC')::date), 0)
    FROM public.api_keys AS k ORDER BY k.created_at, k.key_id
$$;

COMMENT ON FUNCTION api_key_list() IS 'All keys, without their digests.';

-- ---- for the responder ----

-- What a responder needs to judge requests. Texts of lists are joined by line feeds, which none of them has.
CREATE FUNCTION access_snapshot() RETURNS TABLE (
    key_id text, digest bytea, scopes text, interval_ns bigint, burst bigint, daily_quota bigint, origins text, event_types text, expires_us bigint
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.key_id, k.digest, array_to_string(k.scopes, E'\n'), coalesce(round(1e9 / plan.events_per_s)::bigint, 0), coalesce(plan.burst::bigint, 0),
           coalesce(plan.daily_quota, 0), array_to_string(k.allowed_origins, E'\n'), array_to_string(k.allowed_event_types, E'\n'),
           coalesce((extract(epoch FROM k.expires_at) * 1000000)::bigint, 0)
    FROM public.api_keys AS k LEFT JOIN public.usage_plans AS plan ON plan.plan_name = k.plan_name
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    ORDER BY k.digest
$$;

COMMENT ON FUNCTION access_snapshot() IS 'The keys that are valid, with their digests and what their plans allow (0: no limit): what a responder keeps in memory.';

-- Adds what one host has counted since its last report and says what all hosts have counted. Rows are locked in the order of the keys.
CREATE FUNCTION access_usage_add(day date, key_ids text[], n_events bigint[]) RETURNS TABLE (key_id text, n_events_of_day bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM public.api_keys AS k
    WHERE k.key_id IN (SELECT r.id FROM unnest(key_ids, access_usage_add.n_events) AS r (id, n) WHERE r.n > 0) ORDER BY k.key_id FOR UPDATE;
    UPDATE public.api_keys AS k SET last_used_at = now()
    FROM unnest(key_ids, access_usage_add.n_events) AS r (id, n) WHERE k.key_id = r.id AND r.n > 0;
    INSERT INTO public.api_key_usage AS u (key_id, used_on, n_events)
    SELECT k.key_id, day, r.n
    FROM unnest(key_ids, access_usage_add.n_events) AS r (id, n) JOIN public.api_keys AS k ON k.key_id = r.id WHERE r.n > 0 ORDER BY k.key_id
    ON CONFLICT ON CONSTRAINT api_key_usage_pkey DO UPDATE SET n_events = u.n_events + excluded.n_events;
    RETURN QUERY SELECT u.key_id, u.n_events FROM public.api_key_usage AS u WHERE u.used_on = day AND u.key_id = ANY (key_ids);
END
$$;

COMMENT ON FUNCTION access_usage_add(date, text[], bigint[]) IS 'Adds to what was used of keys on a day, and returns the sums of all hosts.';

CREATE FUNCTION audit_session_reads(happened_ats timestamptz[], actors text[], subjects text[], origins text[], request_ids text[]) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.audit_log (happened_at, actor, action, subject, origin, request_id)
    SELECT happened_at, actor, 'session.read', subject, origin, request_id
    FROM unnest(happened_ats, actors, subjects, origins, request_ids) AS r (happened_at, actor, subject, origin, request_id)
$$;

COMMENT ON FUNCTION audit_session_reads(timestamptz[], text[], text[], text[], text[]) IS 'Writes reads of single sessions to audit_log: the only entries that a responder can make.';

REVOKE ALL ON FUNCTION audit_change(text, text, text), usage_plan_put(text, text, double precision, integer, bigint), usage_plan_remove(text, text),
    usage_plan_list(), api_key_create(text, text, bytea, text, text[], text, text[], text[], interval), api_key_revoke(text, text),
    api_key_rotate(text, text, text, bytea, interval), api_key_list(), access_snapshot(), access_usage_add(date, text[], bigint[]),
    audit_session_reads(timestamptz[], text[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_plan_put(text, text, double precision, integer, bigint), usage_plan_remove(text, text), usage_plan_list(),
    api_key_create(text, text, bytea, text, text[], text, text[], text[], interval), api_key_revoke(text, text),
    api_key_rotate(text, text, text, bytea, interval), api_key_list() TO synchrony_operator;
GRANT EXECUTE ON FUNCTION access_snapshot(), access_usage_add(date, text[], bigint[]), audit_session_reads(timestamptz[], text[], text[], text[], text[])
    TO synchrony_writer;
GRANT SELECT ON audit_log TO synchrony_operator;
