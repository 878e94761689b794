-- A row where the owner role may make tables in this database.
SELECT 1 WHERE has_schema_privilege('synchrony_owner', 'public', 'CREATE')
