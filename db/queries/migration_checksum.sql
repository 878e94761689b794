-- The checksum of a migration's text.
-- $1 the text.
SELECT encode(sha256(convert_to($1::text, 'UTF8')), 'hex')
