#include "model/selection.h"

#include <string.h>

#include "model/cursor.h"
#include "model/query_string.h"
#include "model/timestamp.h"

static const char *const names[] = {
    [SELECTION_EVENT_TYPE] = "event_type", [SELECTION_SESSION_ID] = "session_id", [SELECTION_PAGE_URL] = "page_url",
    [SELECTION_SINCE] = "since",           [SELECTION_UNTIL] = "until",           [SELECTION_ORDER] = "order",
    [SELECTION_HISTORY] = "history",       [SELECTION_LIMIT] = "limit",           [SELECTION_CURSOR] = "cursor",
};
_Static_assert(sizeof names / sizeof names[0] == SELECTION_PARAMETER_COUNT, "a name for each parameter");

/* The parameters that say what is selected and in which order: a cursor is good for those alone with which it was made. */
enum { N_BINDING = SELECTION_LIMIT };

/* ---- values ---- */

/* Finds value among words. */
static bool word_read(struct bytes value, const char *const *words, unsigned n, unsigned *index)
{
    for (*index = 0; *index < n; (*index)++) {
        if (bytes_equal(value, bytes_of(words[*index])))
            return true;
    }
    return false;
}

static bool order_read(struct selection *selection, struct bytes value)
{
    static const char *const words[] = { [ORDER_SESSION_ID] = "session_id", [ORDER_TIME] = "time" };
    unsigned index;

    if (!word_read(value, words, ORDER_COUNT, &index))
        return false;
    selection->order = (enum selection_order)index;
    return true;
}

static bool history_read(struct selection *selection, struct bytes value)
{
    static const char *const words[] = { "false", "true" };
    unsigned index;

    if (!word_read(value, words, 2, &index))
        return false;
    selection->is_history = index == 1;
    return true;
}

static bool since_read(struct selection *selection, struct bytes value)
{
    return timestamp_parse(value, &selection->since_us);
}

static bool until_read(struct selection *selection, struct bytes value)
{
    return timestamp_parse(value, &selection->until_us);
}

static bool limit_read(struct selection *selection, struct bytes value)
{
    return bytes_to_size(value, SELECTION_LIMIT_MAX, &selection->limit) && selection->limit > 0;
}

static bool session_id_read(struct selection *selection, struct bytes value)
{
    selection->session_id = value;
    return value.len > 0;
}

static bool page_url_read(struct selection *selection, struct bytes value)
{
    selection->page_url = value;
    return true;
}

#define A_TIME "must be an RFC 3339 time with its offset, such as 2026-11-20T10:00:00Z (a \"+\" in a URL is written %2B)"

/* How the values of the optional parameters are read, and what is said where they cannot be. */
static const struct {
    bool (*read)(struct selection *selection, struct bytes value);
    const char *expected;
} readers[SELECTION_PARAMETER_COUNT] = {
    [SELECTION_SESSION_ID] = { session_id_read, "must not be empty" },
    [SELECTION_PAGE_URL] = { page_url_read, "" },
    [SELECTION_SINCE] = { since_read, A_TIME },
    [SELECTION_UNTIL] = { until_read, A_TIME },
    [SELECTION_ORDER] = { order_read, "must be session_id or time" },
    [SELECTION_HISTORY] = { history_read, "must be true or false" },
    [SELECTION_LIMIT] = { limit_read, "must be a whole number within 1 and 10000" },
};
_Static_assert(SELECTION_LIMIT_MAX == 10000, "the text above");

/* ---- reading ---- */

static enum status values_read(struct selection *selection, struct problem *problem)
{
    for (unsigned i = 0; i < SELECTION_PARAMETER_COUNT; i++) {
        if (selection->given[i].p && readers[i].read && !readers[i].read(selection, selection->given[i]))
            return problem_set(problem, STATUS_INVALID_PARAMETER, "%s %s", names[i], readers[i].expected);
    }
    return STATUS_OK;
}

enum status selection_read(struct bytes query, struct arena *arena, struct selection *selection, struct problem *problem)
{
    *selection = (struct selection){
        .since_us = INT64_MIN,
        .until_us = INT64_MAX,
        .after = { .session_id = BYTES(""), .occurred_at_us = INT64_MIN },
    };
    enum status st = query_string_read(query, names, SELECTION_PARAMETER_COUNT, arena, selection->given, problem);
    if (st != STATUS_OK)
        return st;
    selection->event_type = selection->given[SELECTION_EVENT_TYPE];
    if (!selection->event_type.len)
        return STATUS_MISSING_PARAMETER;
    st = values_read(selection, problem);
    if (st == STATUS_OK && selection->given[SELECTION_CURSOR].p)
        st = cursor_read(selection->given[SELECTION_CURSOR], selection->given, N_BINDING, arena, &selection->after);
    if (st == STATUS_INVALID_PARAMETER && !problem->details[0])
        return problem_set(problem, st, "cursor must be the one of a Link header, with the other parameters as they were");
    return st;
}

/* ---- the next page ---- */

/* All but RFC 3986's unreserved characters as %XX. */
static void add_encoded(struct buf *buf, struct bytes text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] && strchr(unreserved, text.p[i]))
            buf_add(buf, (struct bytes){ text.p + i, 1 });
        else
            buf_add_format(buf, "%%%02X", (unsigned)(unsigned char)text.p[i]);
    }
}

void selection_add_next(const struct selection *selection, const struct selection_place *last, struct buf *query)
{
    for (unsigned i = 0; i < SELECTION_CURSOR; i++) {
        if (!selection->given[i].p)
            continue;
        buf_add_format(query, "%s=", names[i]);
        add_encoded(query, selection->given[i]);
        buf_add_text(query, "&");
    }
    buf_add_format(query, "%s=", names[SELECTION_CURSOR]);
    cursor_add(query, last, selection->given, N_BINDING);
}
