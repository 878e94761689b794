#include "store/event_columns.h"

#include "store/pg_array.h"

enum column { SESSION_ID, OCCURRED_AT, EVENT_ID, EVENT_TYPE, RECEIVED_AT, PROPERTIES };
_Static_assert(PROPERTIES + 1 == EVENT_COLUMNS, "all columns of the statement");

static const enum pg_type types[EVENT_COLUMNS] = {
    [SESSION_ID] = PG_TEXT, [OCCURRED_AT] = PG_TIMESTAMPTZ, [EVENT_ID] = PG_UUID,
    [EVENT_TYPE] = PG_TEXT, [RECEIVED_AT] = PG_TIMESTAMPTZ, [PROPERTIES] = PG_JSONB,
};

void event_columns_measure(struct event_columns *columns, struct event *const *events, size_t n)
{
    size_t bytes[EVENT_COLUMNS] = {
        [OCCURRED_AT] = n * PG_INT8_BYTES,
        [EVENT_ID] = n * sizeof(struct uuid),
        [RECEIVED_AT] = n * PG_INT8_BYTES,
        [PROPERTIES] = n, /* jsonb's version */
    };

    for (size_t i = 0; i < n; i++) {
        bytes[SESSION_ID] += events[i]->session_id.len;
        bytes[EVENT_TYPE] += events[i]->event_type.len;
        bytes[PROPERTIES] += events[i]->properties.len;
    }
    *columns = (struct event_columns){ 0 };
    for (size_t column = 0; column < EVENT_COLUMNS; column++) {
        columns->params[column].len = bytes[column] + PG_ARRAY_HEAD_BYTES + n * PG_ARRAY_LENGTH_BYTES;
        columns->size_bytes += columns->params[column].len;
    }
}

void event_columns_put(struct event_columns *columns, struct event *const *events, size_t n, char *memory)
{
    char *ends[EVENT_COLUMNS];

    for (size_t column = 0; column < EVENT_COLUMNS; column++) {
        columns->params[column].data = memory;
        ends[column] = pg_array_put_head(memory, types[column], n);
        memory += columns->params[column].len;
    }
    /* All of an event at once: they lie apart, and each is fetched but once. */
    for (size_t i = 0; i < n; i++) {
        const struct event *event = events[i];
        ends[SESSION_ID] = pg_array_put_text(ends[SESSION_ID], event->session_id);
        ends[OCCURRED_AT] = pg_array_put_timestamptz(ends[OCCURRED_AT], event->occurred_at_us);
        ends[EVENT_ID] = pg_array_put_uuid(ends[EVENT_ID], &event->event_id);
        ends[EVENT_TYPE] = pg_array_put_text(ends[EVENT_TYPE], event->event_type);
        ends[RECEIVED_AT] = pg_array_put_timestamptz(ends[RECEIVED_AT], event->received_at_us);
        ends[PROPERTIES] = pg_array_put_jsonb(ends[PROPERTIES], event->properties);
    }
}
