-- Ends a key for good.
-- $1 the operating system's user, $2 its id.
SELECT api_key_revoke($1::text, $2::text)
