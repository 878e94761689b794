#include <stdlib.h>

#include "app/catalogue.h"
#include "ctl/doctor.h"

enum { ARENA_BYTES = 256 * 1024 * 1024 };

static void tell(struct doctor *doctor, const struct event_schema *schemas, size_t n)
{
    size_t n_types = 0, n_enforced = 0;

    for (size_t i = 0; i < n; i++) {
        n_types += schemas[i].mode != EVENT_SCHEMA_SHARED;
        n_enforced += schemas[i].mode == EVENT_SCHEMA_ENFORCE;
    }
    if (!n_types && doctor->config->event_types == EVENT_TYPES_LISTED)
        doctor_found(doctor, DOCTOR_FAULT, "catalogue", "list types (\"synchrony schema put\"), or set event_types to any",
                     "no event type is listed: every event is refused");
    else
        doctor_found(doctor, DOCTOR_OK, "catalogue", NULL, "%zu event types have a schema, %zu of them are enforced", n_types,
                     n_enforced);
}

/* Compiles it, as the responder does. */
static void check_schemas(struct doctor *doctor, const struct event_schema *schemas, size_t n)
{
    struct schema_fault *fault = malloc(sizeof *fault);
    struct catalogue *catalogue = NULL;
    size_t at = 0;
    enum status st = fault ? catalogue_compile(schemas, n, &catalogue, fault, &at) : STATUS_NO_MEMORY;

    if (st == STATUS_OK)
        tell(doctor, schemas, n);
    else if (st == STATUS_INVALID_SCHEMA)
        doctor_found(doctor, DOCTOR_FAULT, "catalogue", "put one that can be used: \"synchrony schema put\"",
                     "it cannot be used, and the last good one stays in force: version %zu of %.*s: %s: %s", schemas[at].version,
                     (int)schemas[at].event_type.len, schemas[at].event_type.p, *fault->pointer ? fault->pointer : "the schema",
                     fault->reason);
    catalogue_free(catalogue);
    free(fault);
}

void doctor_check_catalogue(struct doctor *doctor, struct db *db)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct event_schema *schemas;
    size_t n;
    enum status st = event_schema_read(db, &arena, &schemas, &n);

    if (st == STATUS_OK)
        check_schemas(doctor, schemas, n);
    else
        doctor_found(doctor, DOCTOR_FAULT, "catalogue", "run \"synchrony migrate\" as the owner",
                     "the responder cannot read it: %s", db_message(db));
    arena_free(&arena);
}
