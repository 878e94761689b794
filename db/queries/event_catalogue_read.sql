-- The schemas in force: type, version, mode, text.
SELECT event_type, version::text, mode, schema
FROM event_catalogue_read()
