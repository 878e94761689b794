#include "store/key_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/pg_array.h"

enum { NUMBER_BYTES = 24, ARRAYS_MAX_BYTES = 8 * 1024 * 1024 };

static struct db_param number_param(int64_t number, char text[NUMBER_BYTES])
{
    int len = snprintf(text, NUMBER_BYTES, "%lld", (long long)number);

    return (struct db_param){ text, (size_t)len };
}

static struct db_param array_param(struct buf *buf, const struct bytes *texts, size_t n)
{
    pg_array_begin(buf, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        pg_array_add_text(buf, texts[i]);
    return (struct db_param){ buf->p, buf->len };
}

static enum status run(struct db *db, enum db_query query, const struct db_param *params, size_t n)
{
    const struct db_step step = { .query = query, .params = params, .n_params = n };

    return db_run(db, &step, 1);
}

enum status key_store_create(struct db *db, const struct new_key *key)
{
    struct buf arrays[3] = { buf_new(ARRAYS_MAX_BYTES), buf_new(ARRAYS_MAX_BYTES), buf_new(ARRAYS_MAX_BYTES) };
    char lifetime[NUMBER_BYTES];
    const struct db_param params[] = {
        db_text(key->os_user),
        db_text(key->id),
        { key->digest.octets, sizeof key->digest.octets },
        db_text(key->name),
        array_param(&arrays[0], key->scopes, key->n_scopes),
        db_text(key->plan),
        array_param(&arrays[1], key->origins, key->n_origins),
        array_param(&arrays[2], key->event_types, key->n_event_types),
        key->lifetime_s ? number_param(key->lifetime_s, lifetime) : (struct db_param){ 0 },
    };
    bool failed = arrays[0].failed || arrays[1].failed || arrays[2].failed;
    enum status st = failed ? STATUS_NO_MEMORY : run(db, QUERY_API_KEY_CREATE, params, sizeof params / sizeof params[0]);

    for (size_t i = 0; i < 3; i++)
        buf_free(&arrays[i]);
    return st;
}

enum status key_store_revoke(struct db *db, struct bytes os_user, struct bytes id)
{
    const struct db_param params[] = { db_text(os_user), db_text(id) };

    return run(db, QUERY_API_KEY_REVOKE, params, 2);
}

enum status key_store_rotate(struct db *db, struct bytes os_user, struct bytes old_id, struct bytes new_id,
                             const struct api_key_digest *new_digest, int64_t grace_s)
{
    char grace[NUMBER_BYTES];
    const struct db_param params[] = { db_text(os_user),
                                       db_text(old_id),
                                       db_text(new_id),
                                       { new_digest->octets, sizeof new_digest->octets },
                                       number_param(grace_s, grace) };

    return run(db, QUERY_API_KEY_ROTATE, params, 5);
}

enum status key_store_list(struct db *db, row_reporter *report, void *context)
{
    return row_report(db, (struct db_step){ .query = QUERY_API_KEY_LIST }, KEY_LIST_COLUMNS, report, context);
}

/* ---- for the responder ---- */

enum column { ID, DIGEST, SCOPES, INTERVAL, BURST, QUOTA, ORIGINS, EVENT_TYPES, EXPIRES };

static uint64_t number_at(const struct db_result *rows, size_t row, enum column column)
{
    size_t number = 0;

    (void)bytes_to_size(db_result_value(rows, row, (int)column), SIZE_MAX, &number);
    return number;
}

static bool read_grant(const struct db_result *rows, size_t row, struct key_grant *grant)
{
    struct bytes id = db_result_value(rows, row, ID), digest = db_result_value(rows, row, DIGEST);
    struct bytes scopes = db_result_value(rows, row, SCOPES), scope;

    if (id.len != API_KEY_ID_BYTES || digest.len != sizeof grant->digest.octets)
        return false;
    *grant = (struct key_grant){
        .rate = { .interval_ns = number_at(rows, row, INTERVAL), .burst = number_at(rows, row, BURST) },
        .daily_quota = number_at(rows, row, QUOTA),
        .expires_us = (int64_t)number_at(rows, row, EXPIRES),
        .origins = db_result_value(rows, row, ORIGINS),
        .event_types = db_result_value(rows, row, EVENT_TYPES),
    };
    memcpy(grant->id, id.p, id.len);
    memcpy(grant->digest.octets, digest.p, digest.len);
    while (bytes_cut(&scopes, '\n', &scope))
        (void)api_scopes_add(&grant->scopes, scope); /* one that is not known here gives no right */
    return true;
}

enum status key_store_read(struct db *db, int64_t now_us, struct key_ring **ring)
{
    struct db_result rows;
    const struct db_step step = { .query = QUERY_ACCESS_SNAPSHOT, .result = &rows };
    enum status st = db_run(db, &step, 1);
    size_t n = 0;

    *ring = NULL;
    if (st != STATUS_OK)
        return st;
    struct key_grant *grants = calloc(db_result_rows(&rows) + 1, sizeof *grants);
    for (size_t row = 0; grants && row < db_result_rows(&rows); row++)
        n += read_grant(&rows, row, &grants[n]);
    st = grants ? key_ring_new(grants, n, now_us, ring) : STATUS_NO_MEMORY;
    free(grants);
    db_result_clear(&rows);
    return st;
}

static void take_totals(const struct db_result *rows, struct key_usage *usages, size_t n)
{
    for (size_t row = 0; row < db_result_rows(rows); row++) {
        struct bytes id = db_result_value(rows, row, 0);
        for (size_t i = 0; i < n; i++) {
            if (bytes_equal(id, bytes_of(usages[i].id)))
                usages[i].total = number_at(rows, row, DIGEST);
        }
    }
}

enum status key_store_add_usage(struct db *db, uint64_t day, struct key_usage *usages, size_t n)
{
    struct buf ids = buf_new(ARRAYS_MAX_BYTES), counts = buf_new(ARRAYS_MAX_BYTES);
    char day_text[NUMBER_BYTES], count[NUMBER_BYTES];
    struct db_result rows;

    pg_array_begin(&ids, PG_TEXT, n);
    pg_array_begin(&counts, PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        struct db_param number = number_param((int64_t)usages[i].added, count);
        pg_array_add_text(&ids, bytes_of(usages[i].id));
        pg_array_add_text(&counts, (struct bytes){ number.data, number.len });
        usages[i].total = 0;
    }
    const struct db_param params[] = { number_param((int64_t)day, day_text), { ids.p, ids.len }, { counts.p, counts.len } };
    const struct db_step step = { .query = QUERY_ACCESS_USAGE_ADD, .params = params, .n_params = 3, .result = &rows };
    enum status st = ids.failed || counts.failed ? STATUS_NO_MEMORY : db_run(db, &step, 1);
    if (st == STATUS_OK) {
        take_totals(&rows, usages, n);
        db_result_clear(&rows);
    }
    buf_free(&ids);
    buf_free(&counts);
    return st;
}
