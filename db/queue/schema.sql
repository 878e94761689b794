-- What the file of the durable queue holds; a script. application_id and user_version are those of src/store/queue_sql.c.
PRAGMA application_id = 1400467025;
PRAGMA user_version = 1;

-- One row, changed in the transaction of what it counts, so that nobody counts a million records. last_seq begins with the time: no
-- number is given twice, not even where another file had to take the place of this one.
CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_seq INTEGER NOT NULL,
    records INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    voided INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 0, 0, 0);

-- Events that wait for PostgreSQL, in the order of seq. Text is kept as bytes: nothing of it is ever cut, folded or compared.
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    occurred_at_us INTEGER NOT NULL,
    received_at_us INTEGER NOT NULL,
    event_type BLOB NOT NULL,
    session_id BLOB NOT NULL,
    properties BLOB NOT NULL,
    batch INTEGER,
    batch_index INTEGER
) STRICT;

-- Events that PostgreSQL will never take; they have left their batch, where they were of one.
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    occurred_at_us INTEGER NOT NULL,
    received_at_us INTEGER NOT NULL,
    event_type BLOB NOT NULL,
    session_id BLOB NOT NULL,
    properties BLOB NOT NULL,
    reason BLOB NOT NULL,
    quarantined_at_us INTEGER NOT NULL
) STRICT;

-- Batches on request. received = inserted + duplicates + rejected + pending.
CREATE TABLE batches (
    batch INTEGER PRIMARY KEY,
    id BLOB NOT NULL CONSTRAINT batches_id UNIQUE CHECK (length(id) = 16),
    created_at_us INTEGER NOT NULL,
    received INTEGER NOT NULL,
    inserted INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    done_at_us INTEGER
) STRICT;
CREATE INDEX batches_done ON batches (done_at_us) WHERE done_at_us IS NOT NULL;

CREATE TABLE batch_errors (
    batch INTEGER NOT NULL,
    batch_index INTEGER NOT NULL,
    code BLOB NOT NULL,
    error BLOB NOT NULL,
    pointer BLOB,
    PRIMARY KEY (batch, batch_index)
) STRICT, WITHOUT ROWID;
