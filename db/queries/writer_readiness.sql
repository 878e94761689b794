-- Would an event that is written now be kept? Fails where the function is missing; no row where the server is read-only or the
-- role may not write.
SELECT 1
WHERE NOT pg_is_in_recovery()
  AND current_setting('transaction_read_only') = 'off'
  AND has_function_privilege('event_write(text[], timestamptz[], uuid[], text[], timestamptz[], jsonb[])', 'EXECUTE')
