-- The usage plans: as JSON, and as what a table shows of each.
SELECT row_to_json(plan)::text, plan_name, events_per_s::text, burst::text, coalesce(daily_quota::text, '-'), n_keys::text
FROM usage_plan_list() AS plan
