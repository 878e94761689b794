#include "store/migration.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/scripts.h"

#define ROLES_SCRIPT "roles"

static enum status run_one(struct db *db, enum db_query query, struct db_result *result)
{
    const struct db_step step = { .query = query, .result = result };

    return db_run(db, &step, 1);
}

/* Does a query without parameters give a row? */
static enum status has_row(struct db *db, enum db_query query, bool *found)
{
    struct db_result result;
    enum status st = run_one(db, query, &result);

    if (st == STATUS_OK) {
        *found = db_result_rows(&result) > 0;
        db_result_clear(&result);
    }
    return st;
}

static enum status run_script(struct db *db, const char *name)
{
    for (size_t i = 0; i < db_scripts_count; i++) {
        if (bytes_equal(bytes_of(name), bytes_of(db_scripts[i].name)))
            return db_script(db, db_scripts[i].sql);
    }
    return STATUS_INTERNAL;
}

/* ---- before the first migration ---- */

static enum status ensure_encoding(struct db *db, migration_reporter *report, void *context)
{
    struct db_result result;
    enum status st = run_one(db, QUERY_SERVER_ENCODING, &result);

    if (st != STATUS_OK)
        return st;
    if (!bytes_equal(db_result_value(&result, 0, 0), BYTES("UTF8"))) {
        report(context, &(struct migration_step){ .state = MIGRATION_REFUSED, .name = "the database must have the encoding UTF8" });
        st = STATUS_CONFLICT;
    }
    db_result_clear(&result);
    return st;
}

static enum status ensure_roles(struct db *db, migration_reporter *report, void *context)
{
    struct db_result missing;
    struct buf names = buf_new(1024);
    enum status st = run_one(db, QUERY_ROLES_MISSING, &missing);

    if (st != STATUS_OK)
        return st;
    for (size_t row = 0; row < db_result_rows(&missing); row++) {
        buf_add_text(&names, row ? ", " : "");
        buf_add(&names, db_result_value(&missing, row, 0));
    }
    if (names.len)
        st = run_script(db, ROLES_SCRIPT);
    if (st == STATUS_OK && names.len)
        report(context, &(struct migration_step){ .state = MIGRATION_ROLES, .name = names.p });
    buf_free(&names);
    db_result_clear(&missing);
    return st;
}

static enum status become_owner(struct db *db)
{
    bool may_create = false;
    enum status st = has_row(db, QUERY_OWNER_MAY_CREATE, &may_create);

    if (st == STATUS_OK && !may_create)
        st = run_one(db, QUERY_OWNER_GRANT_CREATE, NULL);
    if (st == STATUS_OK)
        st = run_one(db, QUERY_OWNER_BECOME, NULL);
    return st;
}

/* ---- what has been applied ---- */

/* The names of applied migrations with their checksums and times. No table yet: no rows. */
struct applied {
    struct db_result result;
    size_t n;
};

enum { COLUMN_NUMBER, COLUMN_NAME, COLUMN_CHECKSUM, COLUMN_APPLIED_AT };

static enum status applied_read(struct db *db, struct applied *applied)
{
    bool exists = false;
    enum status st = has_row(db, QUERY_MIGRATION_TABLE_EXISTS, &exists);

    *applied = (struct applied){ 0 };
    if (st != STATUS_OK || !exists)
        return st;
    st = run_one(db, QUERY_MIGRATION_LIST, &applied->result);
    if (st == STATUS_OK)
        applied->n = db_result_rows(&applied->result);
    return st;
}

/* "0001_events" is number 1 with the name "events". */
static bool name_split(const char *script, struct bytes *number, struct bytes *name)
{
    *name = bytes_of(script);
    if (strspn(script, "0123456789") == 0 || !bytes_cut(name, '_', number) || !name->p)
        return false;
    while (number->len > 1 && number->p[0] == '0') {
        number->p++;
        number->len--;
    }
    return true;
}

static bool applied_find(const struct applied *applied, const char *script, size_t *row)
{
    struct bytes number, name;

    if (!name_split(script, &number, &name))
        return false;
    for (*row = 0; *row < applied->n; (*row)++) {
        if (bytes_equal(db_result_value(&applied->result, *row, COLUMN_NUMBER), number))
            return true;
    }
    return false;
}

static enum status checksum_of(struct db *db, const char *sql, struct db_result *result)
{
    const struct db_param param = { sql, strlen(sql) };
    const struct db_step step = { .query = QUERY_MIGRATION_CHECKSUM, .params = &param, .n_params = 1, .result = result };

    return db_run(db, &step, 1);
}

/* How does what was applied compare with the script that the program carries? */
static enum status judge(struct db *db, const struct applied *applied, const struct db_script_text *script,
                         struct migration_step *step)
{
    struct db_result checksum;
    size_t row;

    *step = (struct migration_step){ .state = MIGRATION_PENDING, .name = script->name };
    if (!applied_find(applied, script->name, &row))
        return STATUS_OK;
    enum status st = checksum_of(db, script->sql, &checksum);
    if (st != STATUS_OK)
        return st;
    bool same = bytes_equal(db_result_value(&checksum, 0, 0), db_result_value(&applied->result, row, COLUMN_CHECKSUM));
    step->state = same ? MIGRATION_APPLIED : MIGRATION_CHANGED;
    step->applied_at = db_result_value(&applied->result, row, COLUMN_APPLIED_AT).p;
    db_result_clear(&checksum);
    return STATUS_OK;
}

static bool is_migration(const struct db_script_text *script)
{
    struct bytes number, name;

    return name_split(script->name, &number, &name);
}

/* Reports each applied migration that the program does not carry. */
static bool report_unknown(const struct applied *applied, migration_reporter *report, void *context)
{
    bool found = false;

    for (size_t row = 0; row < applied->n; row++) {
        bool known = false;
        for (size_t i = 0; i < db_scripts_count && !known; i++) {
            size_t at;
            known = applied_find(applied, db_scripts[i].name, &at) && at == row;
        }
        if (known)
            continue;
        found = true;
        report(context, &(struct migration_step){ .state = MIGRATION_UNKNOWN,
                                                  .name = db_result_value(&applied->result, row, COLUMN_NAME).p,
                                                  .applied_at = db_result_value(&applied->result, row, COLUMN_APPLIED_AT).p });
    }
    return found;
}

/* Judges and reports all. *n_pending is set on STATUS_OK. */
static enum status survey(struct db *db, const struct applied *applied, bool report_all, migration_reporter *report, void *context,
                          size_t *n_pending)
{
    bool conflict = report_unknown(applied, report, context);

    *n_pending = 0;
    for (size_t i = 0; i < db_scripts_count; i++) {
        struct migration_step step;
        if (!is_migration(&db_scripts[i]))
            continue;
        enum status st = judge(db, applied, &db_scripts[i], &step);
        if (st != STATUS_OK)
            return st;
        *n_pending += step.state == MIGRATION_PENDING;
        conflict |= step.state == MIGRATION_CHANGED;
        if (report_all || step.state == MIGRATION_CHANGED)
            report(context, &step);
    }
    return conflict ? STATUS_CONFLICT : STATUS_OK;
}

enum status migration_list(struct db *db, migration_reporter *report, void *context)
{
    struct applied applied;
    size_t n_pending;
    enum status st = applied_read(db, &applied);

    if (st != STATUS_OK)
        return st;
    st = survey(db, &applied, true, report, context, &n_pending);
    db_result_clear(&applied.result);
    if (st != STATUS_OK)
        return st;
    return n_pending ? STATUS_OK : STATUS_END;
}

/* ---- applying ---- */

static enum status record_and_commit(struct db *db, const struct db_script_text *script)
{
    struct bytes number, name;
    struct db_result checksum;
    enum status st = name_split(script->name, &number, &name) ? checksum_of(db, script->sql, &checksum) : STATUS_INTERNAL;

    if (st != STATUS_OK)
        return st;
    struct bytes sum = db_result_value(&checksum, 0, 0);
    const struct db_param params[] = { { number.p, number.len }, { name.p, name.len }, { sum.p, sum.len } };
    const struct db_step steps[] = {
        { .query = QUERY_MIGRATION_RECORD, .params = params, .n_params = 3 },
        { .query = QUERY_COMMIT },
    };
    st = db_run(db, steps, 2);
    db_result_clear(&checksum);
    return st;
}

static enum status apply_one(struct db *db, const struct db_script_text *script)
{
    enum status st = run_one(db, QUERY_BEGIN, NULL);

    if (st == STATUS_OK)
        st = db_script(db, script->sql);
    if (st == STATUS_OK)
        st = record_and_commit(db, script);
    return st;
}

static enum status apply_pending(struct db *db, const struct applied *applied, migration_reporter *report, void *context)
{
    for (size_t i = 0; i < db_scripts_count; i++) {
        size_t row;
        if (!is_migration(&db_scripts[i]) || applied_find(applied, db_scripts[i].name, &row))
            continue;
        enum status st = apply_one(db, &db_scripts[i]);
        if (st != STATUS_OK) {
            LOG(ERROR, "migration failed", log_text("migration.name", bytes_of(db_scripts[i].name)),
                log_text("error.message", bytes_of(db_message(db))));
            return st;
        }
        report(context, &(struct migration_step){ .state = MIGRATION_DONE, .name = db_scripts[i].name });
    }
    return STATUS_OK;
}

enum status migration_apply(struct db *db, migration_reporter *report, void *context)
{
    struct applied applied = { 0 };
    size_t n_pending;
    enum status st = run_one(db, QUERY_MIGRATION_LOCK, NULL);

    if (st == STATUS_OK)
        st = ensure_encoding(db, report, context);
    if (st == STATUS_OK)
        st = ensure_roles(db, report, context);
    if (st == STATUS_OK)
        st = become_owner(db);
    if (st == STATUS_OK)
        st = applied_read(db, &applied);
    if (st == STATUS_OK)
        st = survey(db, &applied, false, report, context, &n_pending);
    if (st == STATUS_OK)
        st = apply_pending(db, &applied, report, context);
    db_result_clear(&applied.result);
    return st;
}
