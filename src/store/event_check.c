#include "store/event_check.h"

#include <stdio.h>
#include <string.h>

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

/* A whole number, negative before 1970. */
static bool parse_us(struct bytes text, int64_t *us)
{
    bool is_negative = bytes_begins_with(text, BYTES("-"));
    size_t magnitude;

    if (is_negative) {
        text.p++;
        text.len--;
    }
    if (!bytes_to_size(text, INT64_MAX, &magnitude))
        return false;
    *us = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

enum status event_check_next(struct db *db, struct bytes *event_id, int64_t *occurred_at_us, struct bytes *text)
{
    struct bytes row, number;
    enum status st = db_stream_next(db);

    if (st != STATUS_OK)
        return st;
    row = db_stream_value(db, 0);
    if (!bytes_cut(&row, ' ', event_id) || !bytes_cut(&row, ' ', &number) || !parse_us(number, occurred_at_us) || !row.p)
        return STATUS_INTERNAL;
    *text = row;
    return STATUS_OK;
}
