/* The event catalogue as it is kept: the JSON Schemas of event types, all versions of them. The greatest version of a type is in force.
 *
 * Left to others: what a schema says (model/schema), judging by those in force (app/catalogue). All texts are of the given arena. */
#ifndef SYNCHRONY_STORE_EVENT_SCHEMA_H
#define SYNCHRONY_STORE_EVENT_SCHEMA_H

#include "base/arena.h"
#include "store/db.h"

enum event_schema_mode {
    EVENT_SCHEMA_ENFORCE, /* what fails is refused */
    EVENT_SCHEMA_OBSERVE, /* what fails is stored, and counted */
    EVENT_SCHEMA_OFF,     /* nothing is judged; the type is known nonetheless */
    EVENT_SCHEMA_SHARED,  /* of no event type: others refer to it */
    EVENT_SCHEMA_MODE_COUNT
};

/* "enforce", "observe", "off", "shared". */
const char *event_schema_mode_name(enum event_schema_mode mode);
bool event_schema_mode_parse(struct bytes name, enum event_schema_mode *mode);

struct event_schema {
    struct bytes event_type;
    struct bytes text; /* JSON, byte for byte as it was put */
    size_t version;
    enum event_schema_mode mode;
};

enum { EVENT_SCHEMA_FINGERPRINT_BYTES = 16 };

/* A word of 1 to EVENT_SCHEMA_FINGERPRINT_BYTES bytes that changes whenever the schemas in force do; cheap. Terminated by a NUL.
 * Statuses as db_run. */
enum status event_schema_fingerprint(struct db *db, char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1]) MUST_USE;

/* The schemas in force, in no order. Returns also STATUS_NO_MEMORY, and STATUS_CONFLICT where what is there is no catalogue. */
enum status event_schema_read(struct db *db, struct arena *arena, struct event_schema **schemas, size_t *n) MUST_USE;

/* A new version to be put. Text and mode that are absent are those of the version before. */
struct event_schema_put {
    struct bytes event_type;
    struct bytes mode;
    struct bytes text;
    size_t version; /* that it was given: set on STATUS_OK */
};

/* Puts n new versions, all or none, provided that the catalogue still has that fingerprint: else STATUS_RETRY.
 * Returns also STATUS_NO_MEMORY; as db_run otherwise. */
enum status event_schema_put(struct db *db, const char *fingerprint, struct event_schema_put *puts, size_t n, struct bytes author,
                             struct bytes note) MUST_USE;

/* One version, as it is listed. */
struct event_schema_version {
    struct bytes event_type;
    struct bytes version;
    struct bytes mode;
    struct bytes author;
    struct bytes note;
    struct bytes created_at; /* RFC 3339 */
    struct bytes size_bytes;
    bool is_current;
};

/* All versions of a type, newest first; where that is empty, the current version of every type, in order. */
enum status event_schema_list(struct db *db, struct bytes event_type, struct arena *arena, struct event_schema_version **versions,
                              size_t *n) MUST_USE;

/* One version of a type; 0: the current one. Returns STATUS_NOT_FOUND where there is none. */
enum status event_schema_get(struct db *db, struct bytes event_type, size_t version, struct arena *arena,
                             struct event_schema *schema) MUST_USE;

#endif
