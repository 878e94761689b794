/* Which items, or which events of the history, a GET asks for: its parameters, read strictly, and the cursor between its pages.
 *
 * Left to others: in which representation they are wanted (model/accept), finding them (store/event_read). */
#ifndef SYNCHRONY_MODEL_SELECTION_H
#define SYNCHRONY_MODEL_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/problem.h"
#include "model/uuid.h"

enum { SELECTION_LIMIT_MAX = 10000 };

enum selection_order { ORDER_SESSION_ID, ORDER_TIME, ORDER_COUNT };

enum selection_parameter {
    SELECTION_EVENT_TYPE,
    SELECTION_SESSION_ID,
    SELECTION_PAGE_URL,
    SELECTION_SINCE,
    SELECTION_UNTIL,
    SELECTION_ORDER,
    SELECTION_HISTORY,
    SELECTION_LIMIT,
    SELECTION_CURSOR,
    SELECTION_PARAMETER_COUNT
};

/* A place in either order: that of an item is told by session_id and, in the order of time, occurred_at_us; that of an event of the
 * history by all three. */
struct selection_place {
    struct bytes session_id;
    int64_t occurred_at_us;
    struct uuid event_id;
};

struct selection {
    struct bytes given[SELECTION_PARAMETER_COUNT]; /* decoded; absent where not given; in the arena */
    struct bytes event_type;
    struct bytes session_id; /* absent: of all sessions */
    struct bytes page_url;   /* absent: of all pages */
    int64_t since_us;        /* INT64_MIN where not given */
    int64_t until_us;        /* exclusive; INT64_MAX where not given */
    enum selection_order order;
    size_t limit; /* 0: none */
    bool is_history;
    struct selection_place after; /* where the page before this one ended; else a place before all others */
};

/* Reads the query part of a URL.
 *
 * query  as query_string_read takes it.
 * Returns STATUS_MISSING_PARAMETER without an event_type; STATUS_INVALID_PARAMETER, problem naming the parameter, for one that is
 * unknown, stands twice, or has no value that it can have: for the cursor one that was altered, or came with other parameters (but for
 * limit, which may change from page to page); STATUS_NO_MEMORY. */
enum status selection_read(struct bytes query, struct arena *arena, struct selection *selection, struct problem *problem) MUST_USE;

/* Appends the query part of the URL of the next page: the parameters that were given, and the cursor of the place where this page ends. */
void selection_add_next(const struct selection *selection, const struct selection_place *last, struct buf *query);

#endif
