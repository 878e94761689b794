-- The first statement on a connection: bounds what one statement may cost.
-- $1 statement_timeout and $2 lock_timeout in milliseconds, as text; 0 is none.
SELECT set_config('statement_timeout', $1::text, false), set_config('lock_timeout', $2::text, false)
