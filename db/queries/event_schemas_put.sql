-- Puts new versions of schemas, all or none; see the function of that name.
-- $1 the fingerprint of the catalogue that was seen, $2 types, $3 modes, $4 schemas: arrays of one length, an empty mode or schema stands
-- for that of the version before; $5 author, $6 note. Returns type and version of each.
SELECT event_type, version::text
FROM event_schemas_put($1::text, $2::text[],
                       ARRAY(SELECT nullif(mode, '') FROM unnest($3::text[]) WITH ORDINALITY AS modes (mode, i) ORDER BY i),
                       ARRAY(SELECT nullif(schema, '') FROM unnest($4::text[]) WITH ORDINALITY AS schemas (schema, i) ORDER BY i),
                       $5::text, $6::text)
