#include "app/read.h"

#include "model/query_string.h"
#include "store/event_read.h"

enum parameter { EVENT_TYPE, SESSION_ID, PARAMETER_COUNT };

static const char *const parameter_names[] = { [EVENT_TYPE] = "event_type", [SESSION_ID] = "session_id" };
_Static_assert(sizeof parameter_names / sizeof parameter_names[0] == PARAMETER_COUNT, "a name for each parameter");

/* Begins to read and takes the first item; STATUS_END where there is none. A connection that had gone stale is tried once more. */
static enum status first_item(struct db *db, const struct bytes *parameters, struct bytes *item)
{
    enum status st = STATUS_UNAVAILABLE;

    for (int attempt = 0; attempt < 2; attempt++) {
        st = event_read_begin(db, parameters[EVENT_TYPE], parameters[SESSION_ID]);
        if (st == STATUS_OK)
            st = event_read_next(db, item);
        if (st != STATUS_UNAVAILABLE || !db_went_stale(db))
            break;
        db_stream_end(db);
    }
    return st;
}

static enum status write_items(struct db *db, const struct bytes *parameters, struct http_response *response)
{
    struct bytes item;
    struct bytes separator = BYTES("[");
    enum status st = first_item(db, parameters, &item);

    while (st == STATUS_OK) {
        st = http_response_write(response, separator);
        if (st == STATUS_OK)
            st = http_response_write(response, item);
        separator = BYTES(", ");
        if (response->without_body && response->has_begun)
            return STATUS_OK;
        if (st == STATUS_OK)
            st = event_read_next(db, &item);
    }
    if (st != STATUS_END)
        return st;
    return http_response_write(response, separator.p[0] == '[' ? BYTES("[]") : BYTES("]"));
}

enum status read_items(struct call *call)
{
    struct bytes parameters[PARAMETER_COUNT];
    struct db *db;
    enum status st =
        query_string_read(call->request.query, parameter_names, PARAMETER_COUNT, &call->arena, parameters, &call->problem);

    if (st != STATUS_OK)
        return st;
    if (!parameters[EVENT_TYPE].len)
        return STATUS_MISSING_PARAMETER;
    st = db_pool_take(call->worker->service->readers, &db);
    if (st != STATUS_OK)
        return st;
    st = write_items(db, parameters, &call->response);
    db_stream_end(db);
    db_pool_give(call->worker->service->readers, db);
    return st;
}
