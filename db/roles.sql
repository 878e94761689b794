-- The roles of the product. Roles belong to the whole server, so this file stands apart from the migrations of one database.
-- `synchrony migrate` runs it when a role is missing and it may create roles; otherwise a superuser runs it once:
--     psql -f roles.sql
-- It may be repeated. No role has a password: an administrator sets one (\password synchrony_writer) or uses peer or certificate
-- authentication.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('synchrony_owner', 'NOLOGIN', 'Synchrony: owns the tables; nobody logs in as it'),
            ('synchrony_writer', 'LOGIN', 'Synchrony: the responder''s role for storing events; reads no content of any'),
            ('synchrony_reader', 'LOGIN', 'Synchrony: the responder''s role for answering GET; writes nothing'),
            ('synchrony_report', 'LOGIN', 'Synchrony: analysts and report tools; sees the published views'),
            ('synchrony_operator', 'LOGIN', 'Synchrony: keeps partitions, keys, schemas and the quarantine, and watches; reads no event that was stored')
        ) AS roles (name, login, description)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.login);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            CONTINUE;
        END;
        EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.description);
    END LOOP;

    -- Who migrates acts as the owner. A superuser may do so anyway.
    IF NOT pg_has_role('synchrony_owner', 'MEMBER') THEN
        EXECUTE format('GRANT synchrony_owner TO %I', current_user);
    END IF;
END
$$;
