-- Keeps a new key.
-- $1 the operating system's user, $2 id, $3 SHA-256, $4 name, $5 scopes, $6 plan (NULL: none), $7 origins, $8 event types,
-- $9 seconds that it lasts as text (NULL: for ever).
SELECT api_key_create($1::text, $2::text, $3::bytea, $4::text, $5::text[], $6::text, $7::text[], $8::text[], make_interval(secs => $9::text::float8))
