-- The keys that are valid, and what their plans allow; see the function of that name. Numbers come as text.
SELECT key_id, digest, scopes, interval_ns::text, burst::text, daily_quota::text, origins, event_types, expires_us::text
FROM access_snapshot()
