-- Puts a new key beside an old one, which ends after a while.
-- $1 the operating system's user, $2 the old one's id, $3 the new one's, $4 its SHA-256, $5 seconds that the old one has left, as text.
-- Returns the name of both.
SELECT api_key_rotate($1::text, $2::text, $3::text, $4::bytea, make_interval(secs => $5::text::float8))
