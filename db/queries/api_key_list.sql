-- All keys: as JSON, and as what a table shows of each.
SELECT row_to_json(k)::text, k.key_id, k.state, array_to_string(k.scopes, ','), coalesce(k.plan_name, '-'),
       coalesce(to_char(k.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 'never'),
       coalesce(to_char(k.last_used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 'never'), k.key_name
FROM api_key_list() AS k
