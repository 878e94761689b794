#include "store/audit_store.h"

#include "store/pg_array.h"

enum { COLUMN_COUNT = 5, COLUMN_MAX_BYTES = 64 * 1024 * 1024 };

static void add(struct buf *buf, int column, const struct audit_read *read)
{
    const struct bytes texts[COLUMN_COUNT] = { { 0 }, read->actor, read->subject, read->address, read->request_id };

    if (column == 0)
        pg_array_add_timestamptz(buf, read->happened_at_us);
    else
        pg_array_add_text(buf, texts[column]);
}

enum status audit_store_append(struct db *db, const struct audit_read *reads, size_t n)
{
    struct buf columns[COLUMN_COUNT];
    struct db_param params[COLUMN_COUNT];
    enum status st = STATUS_OK;

    for (int column = 0; column < COLUMN_COUNT; column++) {
        struct buf *buf = &columns[column];
        *buf = buf_new(COLUMN_MAX_BYTES);
        pg_array_begin(buf, column ? PG_TEXT : PG_TIMESTAMPTZ, n);
        for (size_t i = 0; i < n; i++)
            add(buf, column, &reads[i]);
        params[column] = (struct db_param){ buf->p, buf->len };
        st = buf->failed ? STATUS_NO_MEMORY : st;
    }
    const struct db_step step = { .query = QUERY_AUDIT_SESSION_READS, .params = params, .n_params = COLUMN_COUNT };
    if (st == STATUS_OK)
        st = db_run(db, &step, 1);
    for (int column = 0; column < COLUMN_COUNT; column++)
        buf_free(&columns[column]);
    return st;
}
