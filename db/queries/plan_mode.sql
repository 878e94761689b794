-- How the reading statements that follow on this connection are planned. Planned once, they are to take the index that is made for them,
-- whatever the tables held at that moment: no other plan gives its first row at once. What one reader costs is one process of the server,
-- and no time for compiling.
-- $1 force_generic_plan: once, for all values; force_custom_plan: each time, with its values. $2 off in the former case, else on.
SELECT set_config('plan_cache_mode', $1::text, false), set_config('enable_seqscan', $2::text, false),
       set_config('enable_bitmapscan', $2::text, false), set_config('enable_sort', $2::text, false),
       set_config('max_parallel_workers_per_gather', '0', false), set_config('jit', 'off', false)
