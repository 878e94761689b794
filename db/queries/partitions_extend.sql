-- Makes the partitions of the history from this month on.
-- $1 how many months ahead, as text. Returns the name of each partition that is new.
SELECT event_log_extend(now(), $1::text::int)
