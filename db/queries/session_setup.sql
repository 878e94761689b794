-- The first statement on a connection: bounds what one statement may cost, and plans each statement once. (Left to itself the server would
-- plan small groups anew each time, since it thinks it gains by knowing their size: 30 % of the cost of a single event.) A commit that is
-- acknowledged is on disk, whatever a database or a role has as its default.
-- $1 statement_timeout and $2 lock_timeout in milliseconds, as text; 0 is none.
SELECT set_config('statement_timeout', $1::text, false),
       set_config('lock_timeout', $2::text, false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
