/* The last good event catalogue in a file of the host: for processes that do not ask the database themselves, and for a start while that is
 * away.
 *
 * A file is replaced as a whole and never changed; its time of change says when the database was last seen to have nothing newer. Only
 * files of this user are believed. Left to others: who writes it and when (app/catalogue_keeper). */
#ifndef SYNCHRONY_STORE_SCHEMA_SNAPSHOT_H
#define SYNCHRONY_STORE_SCHEMA_SNAPSHOT_H

#include <stdint.h>

#include "store/event_schema.h"

struct schema_snapshot {
    char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1]; /* of the catalogue that it has */
    int64_t confirmed_us;                                 /* when the database was last seen to have it */
};

/* Looks at the file without reading it whole. Returns STATUS_NOT_FOUND where there is none, STATUS_CONFLICT where it is not one of ours. */
enum status schema_snapshot_glance(const char *path, struct schema_snapshot *snapshot) MUST_USE;

/* Reads it whole, checking that it is. schemas and all they have are of the arena. Returns also STATUS_NO_MEMORY. */
enum status schema_snapshot_read(const char *path, struct arena *arena, struct schema_snapshot *snapshot,
                                 struct event_schema **schemas, size_t *n) MUST_USE;

/* Puts a new one in its place, at once; one process at a time. Returns STATUS_UNAVAILABLE, errno telling why, where that cannot be; the
 * old one then stays. Also STATUS_NO_MEMORY. */
enum status schema_snapshot_write(const char *path, const char *fingerprint, const struct event_schema *schemas, size_t n) MUST_USE;

/* Notes that the database was seen to have nothing newer. Returns STATUS_UNAVAILABLE where there is no file. */
enum status schema_snapshot_confirm(const char *path) MUST_USE;

#endif
