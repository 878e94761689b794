-- Stores events, as the function before it, at a lower cost where all of a group are new, as they nearly always are: PostgreSQL then looks
-- for each place in the history's primary key once and not twice, and what is appended need not be kept to be read again. Measured in groups
-- of 26 and more: 0.93 to 0.96 of the server's time, 0.95 of its log; the same for smaller ones.
CREATE OR REPLACE FUNCTION event_write(
    session_ids text[], occurred_ats timestamptz[], event_ids uuid[], event_types text[], received_ats timestamptz[], properties jsonb[]
) RETURNS TABLE (session_id text, occurred_at timestamptz, event_id uuid)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    BEGIN
        INSERT INTO public.event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
        SELECT * FROM unnest(session_ids, occurred_ats, event_ids, event_types, received_ats, properties);
    EXCEPTION WHEN unique_violation THEN
        -- The history has some of them: from here on, the others.
        WITH appended AS (
            INSERT INTO public.event_log AS log (session_id, occurred_at, event_id, event_type, received_at, properties)
            SELECT * FROM unnest(session_ids, occurred_ats, event_ids, event_types, received_ats, properties)
            ON CONFLICT DO NOTHING
            RETURNING log.*
        )
        SELECT array_agg(a.session_id), array_agg(a.occurred_at), array_agg(a.event_id), array_agg(a.event_type), array_agg(a.received_at), array_agg(a.properties)
        INTO session_ids, occurred_ats, event_ids, event_types, received_ats, properties
        FROM appended AS a;
    END;
    INSERT INTO public.events AS item (event_type, session_id, event_id, occurred_at, received_at, properties)
    SELECT DISTINCT ON (event_type COLLATE "C", session_id COLLATE "C") event_type, session_id, event_id, occurred_at, received_at, properties
    FROM unnest(session_ids, occurred_ats, event_ids, event_types, received_ats, properties)
         AS event (session_id, occurred_at, event_id, event_type, received_at, properties)
    ORDER BY event_type COLLATE "C", session_id COLLATE "C", received_at DESC, event_id DESC
    ON CONFLICT (event_type, session_id) DO UPDATE
    SET event_id = excluded.event_id,
        occurred_at = excluded.occurred_at,
        received_at = excluded.received_at,
        properties = excluded.properties
    WHERE (item.received_at, item.event_id) < (excluded.received_at, excluded.event_id);
    RETURN QUERY SELECT * FROM unnest(session_ids, occurred_ats, event_ids);
END
$$;
