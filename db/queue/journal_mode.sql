-- Returns the mode that came of it: wal.
PRAGMA journal_mode = WAL
