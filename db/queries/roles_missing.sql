-- The roles of the product that the server does not have yet.
SELECT wanted.name
FROM unnest(ARRAY['synchrony_owner', 'synchrony_writer', 'synchrony_reader', 'synchrony_report', 'synchrony_operator']) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name)
