#include "store/event_read.h"

#include <string.h>

#include "store/pg_value.h"

/* The parameters of the queries, in the order in which all of them number theirs; each takes as many as it has. */
enum { EVENT_TYPE, SESSION, N_ROWS, PAGE_URL, SINCE, UNTIL, AFTER_TIME, AFTER_EVENT, PARAMETER_COUNT };

struct plan {
    enum db_query query;
    enum db_plan plan;
    size_t n_params;
};

/* Whatever is asked for beside type and session, the query whose index serves it. */
static struct plan plan_of(const struct selection *selection)
{
    bool is_within = selection->since_us != INT64_MIN || selection->until_us != INT64_MAX;

    if (selection->is_history && selection->session_id.p)
        return (struct plan){ QUERY_EVENT_HISTORY_BY_SESSION, DB_PLAN_ANEW, AFTER_EVENT + 1 };
    if (selection->is_history && selection->order == ORDER_TIME)
        return (struct plan){ QUERY_EVENT_HISTORY_BY_TIME, DB_PLAN_ANEW, AFTER_EVENT + 1 };
    if (selection->is_history)
        return (struct plan){ QUERY_EVENT_HISTORY, DB_PLAN_ANEW, AFTER_EVENT + 1 };
    if (selection->session_id.p)
        return (struct plan){ QUERY_EVENT_READ_BY_KEY, DB_PLAN_ONCE, UNTIL + 1 };
    if (selection->order == ORDER_TIME)
        return (struct plan){ QUERY_EVENT_READ_BY_TIME, DB_PLAN_ANEW, AFTER_TIME + 1 };
    if (is_within)
        return (struct plan){ QUERY_EVENT_READ_WITHIN, DB_PLAN_ANEW, UNTIL + 1 };
    if (selection->page_url.p)
        return (struct plan){ QUERY_EVENT_READ_BY_PAGE_URL, DB_PLAN_ONCE, PAGE_URL + 1 };
    return (struct plan){ QUERY_EVENT_READ_BY_TYPE, DB_PLAN_ONCE, N_ROWS + 1 };
}

enum status event_read_begin(struct db *db, const struct selection *selection, size_t n_rows)
{
    const struct selection_place *after = &selection->after;
    char limit[PG_INT8_BYTES], since[PG_INT8_BYTES], until[PG_INT8_BYTES], after_time[PG_INT8_BYTES];
    struct plan plan = plan_of(selection);

    pg_int8_put((int64_t)n_rows, limit);
    pg_timestamptz_put(selection->since_us, since);
    pg_timestamptz_put(selection->until_us, until);
    pg_timestamptz_put(after->occurred_at_us, after_time);
    const struct db_param params[PARAMETER_COUNT] = {
        [EVENT_TYPE] = db_text(selection->event_type),
        [SESSION] = db_text(selection->session_id.p ? selection->session_id : after->session_id),
        [N_ROWS] = { n_rows ? limit : NULL, n_rows ? sizeof limit : 0 },
        [PAGE_URL] = db_text(selection->page_url),
        [SINCE] = { since, sizeof since },
        [UNTIL] = { until, sizeof until },
        [AFTER_TIME] = { after_time, sizeof after_time },
        [AFTER_EVENT] = { after->event_id.octets, sizeof after->event_id.octets },
    };
    return db_stream_begin(db, plan.query, plan.plan, params, plan.n_params);
}

enum status event_read_next(struct db *db, struct item *item)
{
    enum status st = db_stream_next(db);

    if (st != STATUS_OK)
        return st;
    struct bytes event_id = db_stream_value(db, 2);
    struct bytes properties = db_stream_value(db, 4);
    *item = (struct item){ .session_id = db_stream_value(db, 0) };
    if (!pg_timestamptz_read(db_stream_value(db, 1), &item->occurred_at_us) || event_id.len != sizeof item->event_id.octets ||
        !pg_timestamptz_read(db_stream_value(db, 3), &item->received_at_us) || !pg_jsonb_read(properties, &item->properties))
        return STATUS_INTERNAL;
    memcpy(item->event_id.octets, event_id.p, sizeof item->event_id.octets);
    return STATUS_OK;
}
