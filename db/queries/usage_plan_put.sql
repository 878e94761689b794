-- Makes a usage plan, or changes it.
-- $1 the operating system's user, $2 name, $3 events a second, $4 burst, $5 daily quota (NULL: none), numbers as text.
SELECT usage_plan_put($1::text, $2::text, $3::text::float8, $4::text::int, $5::text::bigint)
