-- Notes that a migration was applied, in its own transaction.
-- $1 number as text, $2 name, $3 checksum.
INSERT INTO schema_migrations (number, name, checksum) VALUES ($1::text::int, $2::text, $3::text)
