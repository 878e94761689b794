#include "store/rejected_event.h"

#include <stdio.h>
#include <string.h>

#include "store/pg_array.h"
#include "store/pg_value.h"

enum { WRITE_COLUMNS = 8, GROUP_MAX_BYTES = 64 * 1024 * 1024, FINDING_MAX_BYTES = 256 * 1024, NUMBER_BYTES = 24 };

/* ---- writing ---- */

static void add_member(struct buf *json, const char *name, struct bytes text)
{
    if (!text.p)
        return;
    buf_add_format(json, ",\"%s\":", name);
    buf_add_json(json, text);
}

static void add_finding(struct buf *buf, const struct rejected_event *rejected)
{
    struct buf json = buf_new(FINDING_MAX_BYTES);

    buf_add_format(&json, "{\"size_bytes\":%zu,\"is_cut\":%s", rejected->size_bytes, rejected->is_cut ? "true" : "false");
    add_member(&json, "reason", rejected->reason);
    add_member(&json, "pointer", rejected->pointer);
    add_member(&json, "keyword", rejected->keyword);
    if (rejected->schema_version)
        buf_add_format(&json, ",\"schema_version\":%zu", rejected->schema_version);
    if (rejected->violations.p) {
        buf_add_text(&json, ",\"violations\":");
        buf_add(&json, rejected->violations);
    }
    buf_add_text(&json, "}");
    buf->failed |= json.failed;
    pg_array_add_jsonb(buf, buf_bytes(&json));
    buf_free(&json);
}

static void add_column(struct buf *buf, int column, const struct rejected_event *rejected)
{
    const struct event *event = &rejected->event;

    switch (column) {
    case 0:
        pg_array_add_uuid(buf, &rejected->rejection_id);
        break;
    case 1:
        pg_array_add_text(buf, event->event_type);
        break;
    case 2:
        pg_array_add_text(buf, event->session_id);
        break;
    case 3:
        pg_array_add_uuid(buf, &event->event_id);
        break;
    case 4:
        pg_array_add_timestamptz(buf, event->occurred_at_us);
        break;
    case 5:
        pg_array_add_timestamptz(buf, event->received_at_us);
        break;
    case 6:
        pg_array_add_text(buf, event->properties);
        break;
    case 7:
        add_finding(buf, rejected);
        break;
    }
}

/* A connection that was found dead says nothing about the server: it is made anew, once. */
static enum status run(struct db *db, const struct db_step *step)
{
    enum status st = db_run(db, step, 1);

    return st == STATUS_UNAVAILABLE && db_went_stale(db) ? db_run(db, step, 1) : st;
}

enum status rejected_event_write(struct db *db, const struct rejected_event *const *events, size_t n)
{
    static const enum pg_type types[WRITE_COLUMNS] = { PG_UUID,        PG_TEXT,        PG_TEXT, PG_UUID,
                                                       PG_TIMESTAMPTZ, PG_TIMESTAMPTZ, PG_TEXT, PG_JSONB };
    struct buf buf = buf_new(GROUP_MAX_BYTES);
    struct db_param params[WRITE_COLUMNS];
    size_t ends[WRITE_COLUMNS];
    enum status st = STATUS_NO_MEMORY;

    for (int column = 0; column < WRITE_COLUMNS; column++) {
        pg_array_begin(&buf, types[column], n);
        for (size_t i = 0; i < n; i++)
            add_column(&buf, column, events[i]);
        ends[column] = buf.len;
    }
    for (int column = 0; column < WRITE_COLUMNS && !buf.failed; column++) {
        size_t begin = column ? ends[column - 1] : 0;
        params[column] = (struct db_param){ buf.p + begin, ends[column] - begin };
    }
    if (!buf.failed) {
        const struct db_step step = { .query = QUERY_REJECTED_EVENTS_WRITE, .params = params, .n_params = WRITE_COLUMNS };
        st = run(db, &step);
    }
    buf_free(&buf);
    return st;
}

static struct db_param number_param(char text[NUMBER_BYTES], size_t number)
{
    snprintf(text, NUMBER_BYTES, "%zu", number);
    return (struct db_param){ text, strlen(text) };
}

enum status rejected_event_prune(struct db *db, int retention_s, size_t max_rows, size_t *n_removed)
{
    char retention[NUMBER_BYTES], rows[NUMBER_BYTES], piece[NUMBER_BYTES];
    const struct db_param params[] = { number_param(retention, (size_t)retention_s), number_param(rows, max_rows),
                                       number_param(piece, REJECTED_EVENT_PIECE) };
    struct db_result result;
    const struct db_step step = { .query = QUERY_REJECTED_EVENTS_PRUNE, .params = params, .n_params = 3, .result = &result };
    enum status st = run(db, &step);

    *n_removed = 0;
    if (st != STATUS_OK)
        return st;
    if (!db_result_rows(&result) || !bytes_to_size(db_result_value(&result, 0, 0), SIZE_MAX, n_removed))
        st = STATUS_INTERNAL;
    db_result_clear(&result);
    return st;
}

/* ---- reading ---- */

static struct db_param text_param(struct bytes text)
{
    return (struct db_param){ text.p ? text.p : "", text.len };
}

static bool read_uuid(struct bytes value, struct uuid *uuid)
{
    if (value.len != sizeof uuid->octets)
        return false;
    memcpy(uuid->octets, value.p, sizeof uuid->octets);
    return true;
}

static enum status take_row(const struct db_result *result, size_t row, struct arena *arena, struct rejected_event *rejected)
{
    struct event *event = &rejected->event;
    struct bytes *const texts[] = { &event->event_type, &event->session_id, &event->properties, &rejected->reason };

    if (!read_uuid(db_result_value(result, row, 0), &rejected->rejection_id) ||
        !read_uuid(db_result_value(result, row, 1), &event->event_id) ||
        !pg_timestamptz_read(db_result_value(result, row, 2), &event->occurred_at_us) ||
        !pg_timestamptz_read(db_result_value(result, row, 3), &event->received_at_us))
        return STATUS_INTERNAL;
    for (int i = 0; i < 4; i++) {
        *texts[i] = arena_copy(arena, db_result_value(result, row, 4 + i));
        if (!texts[i]->p)
            return STATUS_NO_MEMORY;
    }
    rejected->is_cut = bytes_equal(db_result_value(result, row, 8), BYTES("t"));
    return STATUS_OK;
}

enum status rejected_event_read(struct db *db, const struct rejected_event_filter *filter, const struct uuid *after, size_t max,
                                struct arena *arena, struct rejected_event **events, size_t *n)
{
    char after_text[UUID_TEXT_BYTES + 1] = "", limit[NUMBER_BYTES];
    struct db_result result;

    if (after)
        uuid_format(after, after_text);
    const struct db_param params[] = { text_param(filter->event_type), text_param(filter->reason), text_param(bytes_of(after_text)),
                                       number_param(limit, max) };
    const struct db_step step = { .query = QUERY_REJECTED_EVENTS_READ, .params = params, .n_params = 4, .result = &result };
    enum status st = db_run(db, &step, 1);

    *n = 0;
    if (st != STATUS_OK)
        return st;
    size_t rows = db_result_rows(&result);
    *events = arena_alloc_array(arena, rows + 1, sizeof **events);
    if (!*events)
        st = STATUS_NO_MEMORY;
    for (size_t row = 0; row < rows && st == STATUS_OK; row++)
        st = take_row(&result, row, arena, &(*events)[row]);
    db_result_clear(&result);
    if (st == STATUS_OK)
        *n = rows;
    return st;
}

enum status rejected_event_settle(struct db *db, struct bytes os_user, const struct uuid *rejection_ids, size_t n)
{
    struct buf buf = buf_new(GROUP_MAX_BYTES);
    enum status st = STATUS_NO_MEMORY;

    pg_array_begin(&buf, PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        pg_array_add_uuid(&buf, &rejection_ids[i]);
    if (!buf.failed) {
        const struct db_param params[] = { text_param(os_user), { buf.p, buf.len } };
        const struct db_step step = { .query = QUERY_REJECTED_EVENTS_SETTLE, .params = params, .n_params = 2 };
        st = db_run(db, &step, 1);
    }
    buf_free(&buf);
    return st;
}

enum status rejected_event_list(struct db *db, const struct rejected_event_filter *filter, size_t max, row_reporter *report,
                                void *context)
{
    char limit[NUMBER_BYTES];
    const struct db_param params[] = { text_param(filter->event_type), text_param(filter->reason),
                                       text_param(bytes_of(filter->since)), number_param(limit, max) };
    const struct db_step step = { .query = QUERY_REJECTED_EVENTS_LIST, .params = params, .n_params = 4 };

    return row_report(db, step, REJECTED_EVENT_LIST_COLUMNS, report, context);
}

enum status rejected_event_get(struct db *db, const struct uuid *rejection_id, row_reporter *report, void *context)
{
    char text[UUID_TEXT_BYTES + 1];

    uuid_format(rejection_id, text);
    const struct db_param param = { text, UUID_TEXT_BYTES };
    const struct db_step step = { .query = QUERY_REJECTED_EVENT_GET, .params = &param, .n_params = 1 };
    return row_report(db, step, REJECTED_EVENT_GET_COLUMNS, report, context);
}
