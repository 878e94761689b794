-- Makes the partitions of the history from this week on.
-- $1 to the end of which month, counted from this one, as text. Returns the name of each partition that is new.
SELECT event_log_extend(now(), $1::text::int)
