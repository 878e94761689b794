-- What each connection to the queue's file sets; a script.
-- synchronous = FULL: a commit returns once the write-ahead log is on disk. secure_delete = FAST: to remove records takes little new space.
-- journal_size_limit: what a large batch made of the log is given back. temp_store: events are not written to /tmp.
PRAGMA synchronous = FULL;
PRAGMA secure_delete = FAST;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = 4194304;
PRAGMA wal_autocheckpoint = 0;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF
