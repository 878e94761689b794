-- Removes a usage plan.
-- $1 the operating system's user, $2 name.
SELECT usage_plan_remove($1::text, $2::text)
