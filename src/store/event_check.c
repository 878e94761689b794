#include "store/event_check.h"

#include <stdio.h>
#include <string.h>

#include "store/pg_value.h"

enum { PARAMS = 3, NUMBER_BYTES = 24 };

static void fill(const struct event_check *check, char limit[NUMBER_BYTES], struct db_param params[PARAMS])
{
    snprintf(limit, NUMBER_BYTES, "%zu", check->limit);
    params[0] = (struct db_param){ check->event_type.p, check->event_type.len };
    params[1] = (struct db_param){ check->since, strlen(check->since) };
    params[2] = (struct db_param){ limit, strlen(limit) };
}

enum status event_check_count(struct db *db, const struct event_check *check, size_t *n)
{
    char limit[NUMBER_BYTES];
    struct db_param params[PARAMS];
    struct db_result result;
    const struct db_step step = { .query = check->is_history ? QUERY_EVENT_CHECK_HISTORY_COUNT : QUERY_EVENT_CHECK_ITEMS_COUNT,
                                  .params = params,
                                  .n_params = PARAMS,
                                  .result = &result };

    fill(check, limit, params);
    enum status st = db_run(db, &step, 1);
    if (st != STATUS_OK)
        return st;
    if (!db_result_rows(&result) || !bytes_to_size(db_result_value(&result, 0, 0), SIZE_MAX, n))
        st = STATUS_INTERNAL;
    db_result_clear(&result);
    return st;
}

enum status event_check_begin(struct db *db, const struct event_check *check)
{
    char limit[NUMBER_BYTES];
    struct db_param params[PARAMS];

    fill(check, limit, params);
    return db_stream_begin(db, check->is_history ? QUERY_EVENT_CHECK_HISTORY : QUERY_EVENT_CHECK_ITEMS, DB_PLAN_ANEW, params,
                           PARAMS);
}

enum status event_check_next(struct db *db, struct uuid *event_id, int64_t *occurred_at_us, struct bytes *text)
{
    enum status st = db_stream_next(db);

    if (st != STATUS_OK)
        return st;
    struct bytes id = db_stream_value(db, 0);
    *text = db_stream_value(db, 2);
    if (id.len != sizeof event_id->octets || !pg_timestamptz_read(db_stream_value(db, 1), occurred_at_us) || !text->p)
        return STATUS_INTERNAL;
    memcpy(event_id->octets, id.p, id.len);
    return STATUS_OK;
}
