/* synchrony schema check: tries a schema on what is stored, before it is enforced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text_hash.h"
#include "ctl/schema.h"
#include "model/json_guard.h"
#include "model/timestamp.h"
#include "model/uuid.h"
#include "store/event_check.h"

enum {
    FINDINGS_MAX = 1000,
    EXAMPLES = 3,
    SHOW_EVERY_MS = 200,
    BAR_COLUMNS = 24,
    JUDGE_ARENA_BYTES = 256 * 1024 * 1024,
    SESSION_SHOWN_BYTES = 1024,
    LINE_MAX_BYTES = 64 * 1024
};

/* An event that fails, by its identity. */
struct example {
    char session_id[SESSION_SHOWN_BYTES + 1];
    char event_id[UUID_TEXT_BYTES + 1];
    char occurred_at[TIMESTAMP_TEXT_BYTES + 1];
};

/* What fails at one place by one keyword. */
struct finding {
    struct bytes pointer; /* of the call's arena */
    const char *keyword;
    struct bytes expected;
    size_t n;
    struct example examples[EXAMPLES];
};

struct check {
    struct command_call *call;
    const struct schema *schema;
    struct schema_scratch *scratch;
    struct arena arena; /* of one event */
    size_t judged;
    size_t failed; /* events */
    struct finding *findings;
    size_t n_findings;
    bool has_more; /* findings than there is room for */
    size_t total;  /* 0: nobody is shown how far it is */
    int64_t shown_ms;
};

/* ---- judging ---- */

static void add_example(struct finding *finding, const struct value *event, const struct uuid *event_id, int64_t occurred_at_us)
{
    const struct value *session = value_member(event, BYTES("session_id"), text_hash(BYTES("session_id")));

    if (finding->n > EXAMPLES)
        return;
    struct example *example = &finding->examples[finding->n - 1];
    if (session)
        snprintf(example->session_id, sizeof example->session_id, "%.*s", (int)session->len, session->p);
    uuid_format(event_id, example->event_id);
    timestamp_format(occurred_at_us, example->occurred_at);
}

static struct finding *finding_of(struct check *check, const struct schema_violation *violation)
{
    for (size_t i = 0; i < check->n_findings; i++) {
        struct finding *finding = &check->findings[i];
        if (bytes_equal(finding->pointer, violation->pointer) && strcmp(finding->keyword, violation->keyword) == 0)
            return finding;
    }
    check->has_more |= check->n_findings == FINDINGS_MAX;
    if (check->n_findings == FINDINGS_MAX)
        return NULL;
    struct finding *finding = &check->findings[check->n_findings];
    finding->pointer = arena_copy(&check->call->arena, violation->pointer);
    finding->expected = arena_copy(&check->call->arena, violation->expected);
    finding->keyword = violation->keyword;
    if (!finding->pointer.p || !finding->expected.p)
        return NULL;
    check->n_findings++;
    return finding;
}

static enum status judge(struct check *check, const struct uuid *event_id, int64_t occurred_at_us, struct bytes text)
{
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    struct schema_report report;
    struct tree tree = { 0 };

    limits.nesting_max = LIMIT_NESTING - 1;
    limits.members_max = LIMIT_MEMBERS;
    limits.values_max = SIZE_MAX;
    limits.body_max_bytes = SIZE_MAX;
    enum status st = guard_scan(text, &limits, &check->arena, &scan);
    if (st == STATUS_OK)
        st = tree_read(&tree, text, &check->arena);
    if (st == STATUS_OK)
        st = schema_judge(check->schema, tree.values, check->scratch, &check->arena, &report);
    check->judged++;
    if (st == STATUS_SCHEMA_VIOLATED || st == STATUS_SCHEMA_TOO_COSTLY) {
        check->failed++;
        for (size_t i = 0; i < report.n; i++) {
            struct finding *finding = finding_of(check, &report.violations[i]);
            if (finding) {
                finding->n++;
                add_example(finding, tree.values, event_id, occurred_at_us);
            }
        }
        st = STATUS_OK;
    }
    arena_reset(&check->arena);
    return st;
}

/* ---- showing ---- */

static void show(struct check *check)
{
    static const char full[] = "########################";
    _Static_assert(sizeof full - 1 == BAR_COLUMNS, "a mark for each column");
    int64_t now_ms = clock_monotonic_ms();

    if (!check->total || (check->shown_ms && now_ms - check->shown_ms < SHOW_EVERY_MS && check->judged < check->total))
        return;
    check->shown_ms = now_ms;
    size_t done = check->judged < check->total ? check->judged : check->total;
    fprintf(stderr, "\r[%-*.*s] %zu / %zu, %zu would fail\033[K", BAR_COLUMNS, (int)(BAR_COLUMNS * done / check->total), full,
            check->judged, check->total, check->failed);
}

static int by_count(const void *left, const void *right)
{
    size_t a = ((const struct finding *)left)->n, b = ((const struct finding *)right)->n;

    return (a < b) - (a > b);
}

static void print_people(const struct check *check)
{
    for (size_t i = 0; i < check->n_findings; i++) {
        const struct finding *finding = &check->findings[i];
        printf("%10zu  ", finding->n);
        schema_print_text(finding->pointer.len ? finding->pointer : BYTES("the event"), 0);
        printf(": %s: ", *finding->keyword ? finding->keyword : "false");
        schema_print_text(finding->expected, 0);
        printf("\n");
        for (size_t j = 0; j < EXAMPLES && j < finding->n; j++) {
            printf("            %s %s ", finding->examples[j].occurred_at, finding->examples[j].event_id);
            schema_print_text(bytes_of(finding->examples[j].session_id), 0);
            printf("\n");
        }
    }
    if (check->has_more)
        printf("There is more that would fail, at other places.\n");
    printf("%zu of %zu event%s would fail.\n", check->failed, check->judged, check->judged == 1 ? "" : "s");
}

static void print_json(const struct check *check)
{
    struct buf line = buf_new(LINE_MAX_BYTES);

    printf("{\"judged\":%zu,\"failed\":%zu,\"findings\":[", check->judged, check->failed);
    for (size_t i = 0; i < check->n_findings; i++) {
        const struct finding *finding = &check->findings[i];
        buf_reset(&line);
        buf_add_format(&line, "%s\n{\"events\":%zu,\"pointer\":", i ? "," : "", finding->n);
        buf_add_json(&line, finding->pointer);
        buf_add_format(&line, ",\"keyword\":\"%s\",\"expected\":", finding->keyword);
        buf_add_json(&line, finding->expected);
        buf_add_text(&line, ",\"examples\":[");
        for (size_t j = 0; j < EXAMPLES && j < finding->n; j++) {
            const struct example *example = &finding->examples[j];
            buf_add_format(&line, "%s{\"event_id\":\"%s\",\"occurred_at\":\"%s\",\"session_id\":", j ? "," : "", example->event_id,
                           example->occurred_at);
            buf_add_json(&line, bytes_of(example->session_id));
            buf_add_text(&line, "}");
        }
        printf("%s]}", line.p);
    }
    printf("]}\n");
    buf_free(&line);
}

/* ---- the run ---- */

static enum status judge_all(struct check *check, struct db *db, const struct event_check *events)
{
    struct uuid event_id;
    struct bytes text;
    int64_t occurred_at_us;
    enum status st = STATUS_OK;

    if (isatty(STDERR_FILENO))
        st = event_check_count(db, events, &check->total);
    if (st == STATUS_OK)
        st = event_check_begin(db, events);
    while (st == STATUS_OK) {
        st = event_check_next(db, &event_id, &occurred_at_us, &text);
        if (st == STATUS_OK)
            st = judge(check, &event_id, occurred_at_us, text);
        show(check);
    }
    db_stream_end(db);
    if (check->shown_ms)
        fprintf(stderr, "\n");
    return st == STATUS_END ? STATUS_OK : command_failed("schema check", db, st);
}

/* The schema among those in force: the file's in the place of its type's, which may be none. */
static enum status prepare(struct command_call *call, const char *path, struct bytes type, struct catalogue **catalogue)
{
    char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1];
    struct event_schema *schemas;
    struct bytes text = { 0 };
    size_t n, at = 0;
    enum status st = path ? schema_read_file(call, path, &text) : STATUS_OK;

    if (st != STATUS_OK)
        return st;
    st = schema_read_catalogue(call, 1, fingerprint, &schemas, &n);
    if (st != STATUS_OK)
        return command_failed("schema check", call->db, st);
    while (at < n && !bytes_equal(schemas[at].event_type, type))
        at++;
    if (at == n && !path) {
        fprintf(stderr, "synchrony: schema check: %.*s has no schema\n", (int)type.len, type.p);
        return STATUS_NOT_FOUND;
    }
    if (at == n)
        schemas[n++] = (struct event_schema){ .event_type = type };
    schemas[at].mode = EVENT_SCHEMA_ENFORCE;
    if (path)
        schemas[at].text = text;
    const char **names = arena_alloc_array(&call->arena, n, sizeof *names);
    if (!names)
        return STATUS_NO_MEMORY;
    names[at] = path;
    return schema_compile("check", schemas, n, names, catalogue);
}

static enum status run(struct command_call *call, struct check *check, const struct event_check *events)
{
    const struct db_options options = { .conninfo = call->config.reader_database,
                                        .connect_timeout_s = call->config.connect_timeout_s };
    struct db *db = db_new(&options);
    enum status st = STATUS_NO_MEMORY;

    check->scratch = schema_scratch_new();
    check->findings = calloc(FINDINGS_MAX, sizeof *check->findings);
    if (db && check->scratch && check->findings)
        st = judge_all(check, db, events);
    if (st == STATUS_OK) {
        qsort(check->findings, check->n_findings, sizeof *check->findings, by_count);
        if (call->json)
            print_json(check);
        else
            print_people(check);
        st = check->failed ? STATUS_SCHEMA_VIOLATED : STATUS_OK;
    }
    free(check->findings);
    schema_scratch_free(check->scratch);
    db_free(db);
    return st;
}

enum status schema_check(struct command_call *call)
{
    const struct schema_args *args = call->args;
    const char *path = call->n_operands ? call->operands[0] : NULL;
    struct bytes type = args->type                       ? bytes_of(args->type)
                        : path && strcmp(path, "-") != 0 ? schema_type_of(path)
                                                         : (struct bytes){ 0 };
    const struct event_check events = { .event_type = type,
                                        .since = args->since ? args->since : "",
                                        .limit = args->limit ? args->limit : SIZE_MAX / 2,
                                        .is_history = args->history };
    struct catalogue *catalogue = NULL;

    if (!type.len) {
        fprintf(stderr, "synchrony: schema check: name a FILE, or a --type\n");
        return STATUS_USAGE;
    }
    enum status st = prepare(call, path, type, &catalogue);
    if (st != STATUS_OK)
        return st;
    struct check check = { .call = call, .schema = catalogue_find(catalogue, type)->schema, .arena = arena_new(JUDGE_ARENA_BYTES) };
    st = run(call, &check, &events);
    arena_free(&check.arena);
    catalogue_free(catalogue);
    return st;
}
