#include "store/event_schema.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "store/pg_array.h"

enum { PUT_ARRAYS = 3, PUT_MAX_BYTES = 64 * 1024 * 1024 };

static const char *const mode_names[] = {
    [EVENT_SCHEMA_ENFORCE] = "enforce",
    [EVENT_SCHEMA_OBSERVE] = "observe",
    [EVENT_SCHEMA_OFF] = "off",
    [EVENT_SCHEMA_SHARED] = "shared",
};
_Static_assert(sizeof mode_names / sizeof mode_names[0] == EVENT_SCHEMA_MODE_COUNT, "a name for each mode");

const char *event_schema_mode_name(enum event_schema_mode mode)
{
    return mode_names[mode];
}

bool event_schema_mode_parse(struct bytes name, enum event_schema_mode *mode)
{
    for (int i = 0; i < EVENT_SCHEMA_MODE_COUNT; i++) {
        if (bytes_equal(name, bytes_of(mode_names[i]))) {
            *mode = (enum event_schema_mode)i;
            return true;
        }
    }
    return false;
}

/* A connection that was found dead says nothing about the server: it is made anew, once. */
static enum status run(struct db *db, const struct db_step *step)
{
    enum status st = db_run(db, step, 1);

    return st == STATUS_UNAVAILABLE && db_went_stale(db) ? db_run(db, step, 1) : st;
}

enum status event_schema_fingerprint(struct db *db, char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1])
{
    struct db_result result;
    const struct db_step step = { .query = QUERY_EVENT_CATALOGUE_FINGERPRINT, .result = &result };
    enum status st = run(db, &step);

    if (st != STATUS_OK)
        return st;
    struct bytes value = db_result_rows(&result) ? db_result_value(&result, 0, 0) : (struct bytes){ 0 };
    st = value.len && value.len <= EVENT_SCHEMA_FINGERPRINT_BYTES ? STATUS_OK : STATUS_CONFLICT;
    if (st == STATUS_OK)
        snprintf(fingerprint, EVENT_SCHEMA_FINGERPRINT_BYTES + 1, "%.*s", (int)value.len, value.p);
    db_result_clear(&result);
    return st;
}

/* Copies some columns of a row. Returns false where memory fails; NULL is taken for "". */
static bool copy_row(const struct db_result *result, size_t row, struct arena *arena, struct bytes *columns, int n)
{
    for (int i = 0; i < n; i++) {
        struct bytes value = db_result_value(result, row, i);
        columns[i] = arena_copy(arena, value.p ? value : BYTES(""));
        if (!columns[i].p)
            return false;
    }
    return true;
}

/* columns: event type, version, mode, text. */
static enum status take_schema(const struct bytes columns[4], struct event_schema *schema)
{
    schema->event_type = columns[0];
    schema->text = columns[3];
    return bytes_to_size(columns[1], INT_MAX, &schema->version) && event_schema_mode_parse(columns[2], &schema->mode)
               ? STATUS_OK
               : STATUS_CONFLICT;
}

enum status event_schema_read(struct db *db, struct arena *arena, struct event_schema **schemas, size_t *n)
{
    struct db_result result;
    const struct db_step step = { .query = QUERY_EVENT_CATALOGUE_READ, .result = &result };
    enum status st = run(db, &step);

    *n = 0;
    if (st != STATUS_OK)
        return st;
    size_t rows = db_result_rows(&result);
    *schemas = arena_alloc_array(arena, rows + 1, sizeof **schemas);
    if (!*schemas)
        st = STATUS_NO_MEMORY;
    for (size_t row = 0; row < rows && st == STATUS_OK; row++) {
        struct bytes columns[4];
        st = copy_row(&result, row, arena, columns, 4) ? take_schema(columns, &(*schemas)[row]) : STATUS_NO_MEMORY;
    }
    db_result_clear(&result);
    if (st == STATUS_OK)
        *n = rows;
    return st;
}

/* ---- putting ---- */

/* Appends the array of one column: types, modes or texts. */
static void add_column(struct buf *buf, int column, const struct event_schema_put *puts, size_t n)
{
    pg_array_begin(buf, PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        const struct bytes texts[] = { puts[i].event_type, puts[i].mode, puts[i].text };
        pg_array_add_text(buf, texts[column].p ? texts[column] : BYTES(""));
    }
}

static void take_versions(const struct db_result *result, struct event_schema_put *puts, size_t n)
{
    for (size_t row = 0; row < db_result_rows(result); row++) {
        for (size_t i = 0; i < n; i++) {
            if (bytes_equal(puts[i].event_type, db_result_value(result, row, 0)))
                (void)bytes_to_size(db_result_value(result, row, 1), INT_MAX, &puts[i].version);
        }
    }
}

enum status event_schema_put(struct db *db, const char *fingerprint, struct event_schema_put *puts, size_t n, struct bytes author,
                             struct bytes note)
{
    struct buf buf = buf_new(PUT_MAX_BYTES);
    size_t ends[PUT_ARRAYS];
    struct db_result result;
    struct db_param params[] = {
        { fingerprint, strlen(fingerprint) }, { 0 }, { 0 }, { 0 }, { author.p ? author.p : "", author.len },
        { note.p ? note.p : "", note.len }
    };
    const struct db_step step = { .query = QUERY_EVENT_SCHEMAS_PUT, .params = params, .n_params = 6, .result = &result };
    enum status st = STATUS_NO_MEMORY;

    for (int i = 0; i < PUT_ARRAYS; i++) {
        add_column(&buf, i, puts, n);
        ends[i] = buf.len;
    }
    for (int i = 0; i < PUT_ARRAYS && !buf.failed; i++) {
        size_t begin = i ? ends[i - 1] : 0;
        params[1 + i] = (struct db_param){ buf.p + begin, ends[i] - begin };
    }
    if (!buf.failed)
        st = db_run(db, &step, 1);
    if (st == STATUS_OK) {
        take_versions(&result, puts, n);
        db_result_clear(&result);
    }
    buf_free(&buf);
    return st;
}

/* ---- listing ---- */

enum { LISTED_COLUMNS = 8 };

static void take_version(const struct bytes columns[LISTED_COLUMNS], struct event_schema_version *version)
{
    *version = (struct event_schema_version){
        .event_type = columns[0],
        .version = columns[1],
        .mode = columns[2],
        .author = columns[3],
        .note = columns[4],
        .created_at = columns[5],
        .is_current = bytes_equal(columns[6], BYTES("t")),
        .size_bytes = columns[7],
    };
}

enum status event_schema_list(struct db *db, struct bytes event_type, struct arena *arena, struct event_schema_version **versions,
                              size_t *n)
{
    struct db_result result;
    const struct db_param param = { event_type.p, event_type.len };
    const struct db_step step = { .query = QUERY_EVENT_SCHEMAS_LIST, .params = &param, .n_params = 1, .result = &result };
    enum status st = db_run(db, &step, 1);

    *n = 0;
    if (st != STATUS_OK)
        return st;
    size_t rows = db_result_rows(&result);
    *versions = arena_alloc_array(arena, rows + 1, sizeof **versions);
    if (!*versions)
        st = STATUS_NO_MEMORY;
    for (size_t row = 0; row < rows && st == STATUS_OK; row++) {
        struct bytes columns[LISTED_COLUMNS];
        if (copy_row(&result, row, arena, columns, LISTED_COLUMNS))
            take_version(columns, &(*versions)[row]);
        else
            st = STATUS_NO_MEMORY;
    }
    db_result_clear(&result);
    if (st == STATUS_OK)
        *n = rows;
    return st;
}

enum status event_schema_get(struct db *db, struct bytes event_type, size_t version, struct arena *arena,
                             struct event_schema *schema)
{
    char number[24] = "";
    struct db_result result;
    struct bytes columns[3];

    if (version)
        snprintf(number, sizeof number, "%zu", version);
    const struct db_param params[] = { { event_type.p, event_type.len }, { number, strlen(number) } };
    const struct db_step step = { .query = QUERY_EVENT_SCHEMA_GET, .params = params, .n_params = 2, .result = &result };
    enum status st = db_run(db, &step, 1);
    if (st != STATUS_OK)
        return st;
    if (!db_result_rows(&result))
        st = STATUS_NOT_FOUND;
    else if (!copy_row(&result, 0, arena, columns, 3))
        st = STATUS_NO_MEMORY;
    db_result_clear(&result);
    if (st != STATUS_OK)
        return st;
    return take_schema((const struct bytes[]){ event_type, columns[1], columns[2], columns[0] }, schema);
}
