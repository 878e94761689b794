#include "store/event_columns.h"

#include "store/pg_array.h"
#include "tests/unit/unit.h"

/* The same column, appended value by value. */
static void append(struct buf *buf, size_t column, const struct event *event)
{
    switch (column) {
    case 0:
        pg_array_add_text(buf, event->session_id);
        break;
    case 1:
        pg_array_add_timestamptz(buf, event->occurred_at_us);
        break;
    case 2:
        pg_array_add_uuid(buf, &event->event_id);
        break;
    case 3:
        pg_array_add_text(buf, event->event_type);
        break;
    case 4:
        pg_array_add_timestamptz(buf, event->received_at_us);
        break;
    case 5:
        pg_array_add_jsonb(buf, event->properties);
        break;
    }
}

static void expect_columns(int line, struct event *const *events, size_t n)
{
    static const enum pg_type types[EVENT_COLUMNS] = { PG_TEXT, PG_TIMESTAMPTZ, PG_UUID, PG_TEXT, PG_TIMESTAMPTZ, PG_JSONB };
    struct event_columns columns;
    size_t sum = 0;

    event_columns_measure(&columns, events, n);
    char *memory = malloc(columns.size_bytes); /* of that size to the byte: the sanitizer and valgrind see what leaves it */
    event_columns_put(&columns, events, n, memory);
    for (size_t column = 0; column < EVENT_COLUMNS; column++) {
        struct buf want = buf_new(1024 * 1024);
        pg_array_begin(&want, types[column], n);
        for (size_t i = 0; i < n; i++)
            append(&want, column, events[i]);
        EXPECT_BYTES(line, ((struct bytes){ columns.params[column].data, columns.params[column].len }), buf_bytes(&want));
        cr_expect_eq(columns.params[column].data, memory + sum, "line %d: column %zu", line, column);
        sum += columns.params[column].len;
        buf_free(&want);
    }
    cr_expect_eq(sum, columns.size_bytes, "line %d", line);
    free(memory);
}

Test(event_columns, one_array_a_column_in_the_order_of_the_events)
{
    struct event events[] = {
        { .session_id = BYTES("s"),
          .event_type = BYTES("page_view"),
          .properties = BYTES("{\"a\":1}"),
          .event_id = { { 1, 2, 3 } },
          .occurred_at_us = 1795168800000000,
          .received_at_us = 1795168800000001 },
        { .session_id = BYTES("\xc3\xa4\""),
          .event_type = BYTES("x"),
          .properties = BYTES("{}"),
          .event_id = { { 0xff } },
          .occurred_at_us = -1,
          .received_at_us = INT64_MAX },
        { .session_id = BYTES("a longer one, of a session"),
          .event_type = BYTES("click"),
          .properties = BYTES("{\"b\":\"\\u00e4\"}"),
          .occurred_at_us = INT64_MIN },
    };
    struct event *const in_order[] = { &events[2], &events[0], &events[1] };

    expect_columns(__LINE__, in_order, 3);
    expect_columns(__LINE__, in_order + 1, 1);
}
