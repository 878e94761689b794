-- A row where the list of migrations is there.
SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL
