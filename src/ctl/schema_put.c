/* synchrony schema put and disable: new versions, after all that will be in force was compiled together. */
#include <stdio.h>
#include <string.h>

#include "base/text_hash.h"
#include "ctl/schema.h"

enum { ATTEMPTS = 5 };

#define FILE_END ".json"

/* What is to be put, and by which name people know it. */
struct wanted {
    struct event_schema_put *puts;
    const char **names;     /* of the files; NULL: there is none */
    const char **all_names; /* the same for each schema of the catalogue to be */
    size_t n;
};

struct bytes schema_type_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct bytes name = bytes_of(slash ? slash + 1 : path);
    size_t end_len = sizeof FILE_END - 1;

    if (name.len > end_len && memcmp(name.p + name.len - end_len, FILE_END, end_len) == 0)
        name.len -= end_len;
    return name;
}

/* "x-shared": true says that it is of no event type. */
static bool is_shared(const struct value *root)
{
    const struct value *member =
        root->kind == VALUE_OBJECT ? value_member(root, BYTES("x-shared"), text_hash(BYTES("x-shared"))) : NULL;

    return member && member->kind == VALUE_TRUE;
}

static enum status read_one(struct command_call *call, const char *path, struct event_schema_put *put)
{
    const struct schema_args *args = call->args;
    const struct value *root;
    enum status st = schema_read_file(call, path, &put->text);

    if (st == STATUS_OK)
        st = schema_read_tree(call, path, put->text, &root);
    if (st != STATUS_OK)
        return st;
    put->event_type = args->type ? bytes_of(args->type) : schema_type_of(path);
    put->mode = is_shared(root) ? BYTES("shared") : bytes_of(args->mode);
    return STATUS_OK;
}

static enum status gather(struct command_call *call, struct wanted *wanted)
{
    const struct schema_args *args = call->args;
    size_t n = call->n_operands ? call->n_operands : 1;

    if (args->type ? call->n_operands > 1 : !call->n_operands) {
        fprintf(stderr, args->type ? "synchrony: schema put: --type is for one FILE\n"
                                   : "synchrony: schema put: name a FILE, or a type and its --mode\n");
        return STATUS_USAGE;
    }
    if (!call->n_operands && !args->mode) {
        fprintf(stderr, "synchrony: schema put: without FILE, say --mode\n");
        return STATUS_USAGE;
    }
    wanted->puts = arena_alloc_array(&call->arena, n, sizeof *wanted->puts);
    wanted->names = arena_alloc_array(&call->arena, n, sizeof *wanted->names);
    if (!wanted->puts || !wanted->names)
        return STATUS_NO_MEMORY;
    wanted->n = n;
    if (!call->n_operands)
        wanted->puts[0] = (struct event_schema_put){ .event_type = bytes_of(args->type), .mode = bytes_of(args->mode) };
    for (size_t i = 0; i < call->n_operands; i++) {
        if (!args->type && strcmp(call->operands[i], "-") == 0) {
            fprintf(stderr, "synchrony: schema put: of standard input, say the --type\n");
            return STATUS_USAGE;
        }
        wanted->names[i] = call->operands[i];
        enum status st = read_one(call, call->operands[i], &wanted->puts[i]);
        for (size_t j = 0; j < i && st == STATUS_OK; j++) {
            if (bytes_equal(wanted->puts[j].event_type, wanted->puts[i].event_type)) {
                fprintf(stderr, "synchrony: schema put: %s and %s are for one type\n", wanted->names[j], wanted->names[i]);
                st = STATUS_USAGE;
            }
        }
        if (st != STATUS_OK)
            return st;
    }
    return STATUS_OK;
}

/* ---- what will be in force ---- */

/* Puts one into the schemas that will be in force. Returns false where nothing would change by it. */
static bool merge(const struct event_schema_put *put, struct event_schema *schemas, size_t *n, size_t *at)
{
    enum event_schema_mode mode = EVENT_SCHEMA_OBSERVE;

    for (*at = 0; *at < *n && !bytes_equal(schemas[*at].event_type, put->event_type); ++*at) {
        /* until it is found */
    }
    if (*at == *n)
        schemas[(*n)++] = (struct event_schema){ .event_type = put->event_type, .mode = mode };
    struct event_schema before = schemas[*at];
    (void)event_schema_mode_parse(put->mode.p ? put->mode : bytes_of(event_schema_mode_name(before.mode)), &mode);
    schemas[*at].mode = mode;
    if (put->text.p)
        schemas[*at].text = put->text;
    return !before.version || before.mode != mode || !bytes_equal(before.text, schemas[*at].text);
}

/* The examples of a schema fit it, or it does not say what its author means. */
static enum status check_examples(struct command_call *call, const char *name, const struct event_schema *schema,
                                  struct catalogue *catalogue)
{
    const struct value *root;
    struct catalogue_entry *entry = catalogue_find(catalogue, schema->event_type);
    enum status st = schema_read_tree(call, name, schema->text, &root);

    if (st != STATUS_OK || !entry || root->kind != VALUE_OBJECT)
        return st;
    const struct value *examples = value_member(root, BYTES("examples"), text_hash(BYTES("examples")));
    if (!examples || examples->kind != VALUE_ARRAY)
        return st;
    struct schema_scratch *scratch = schema_scratch_new();
    const struct value *example = examples + 1;
    st = scratch ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < examples->n && st == STATUS_OK; i++, example = value_next(example)) {
        struct schema_report report;
        st = schema_judge(entry->schema, example, scratch, &call->arena, &report);
        if (st != STATUS_SCHEMA_VIOLATED && st != STATUS_SCHEMA_TOO_COSTLY)
            continue;
        fprintf(stderr, "synchrony: schema put: %s: /examples/%u%.*s: %s: %.*s\n", name, i, (int)report.violations[0].pointer.len,
                report.violations[0].pointer.p, report.violations[0].keyword, (int)report.violations[0].expected.len,
                report.violations[0].expected.p);
        st = STATUS_INVALID_SCHEMA;
    }
    schema_scratch_free(scratch);
    return st;
}

static enum status compile_all(struct command_call *call, const struct wanted *wanted, const struct event_schema *schemas, size_t n)
{
    struct catalogue *catalogue = NULL;
    enum status st = schema_compile("put", schemas, n, wanted->all_names, &catalogue);

    for (size_t i = 0; i < n && st == STATUS_OK; i++) {
        if (wanted->all_names[i])
            st = check_examples(call, wanted->all_names[i], &schemas[i], catalogue);
    }
    catalogue_free(catalogue);
    return st;
}

/* ---- putting ---- */

static void print_put(const struct command_call *call, const struct event_schema_put *put, const char *mode, bool is_first)
{
    struct buf line = buf_new(16 * 1024);

    if (call->json) {
        buf_add_json(&line, put->event_type);
        printf("%s{\"event_type\":%s,\"version\":%zu,\"mode\":\"%s\",\"is_new\":%s}", is_first ? "\n" : ",\n",
               line.failed ? "null" : line.p, put->version, mode, put->version ? "true" : "false");
    } else {
        schema_print_text(put->event_type, 24);
        if (put->version)
            printf("  version %zu, %s\n", put->version, mode);
        else
            printf("  unchanged\n");
    }
    buf_free(&line);
}

/* One attempt: what is there now, what will be, and whether that can be. */
static enum status attempt(struct command_call *call, struct wanted *wanted)
{
    const struct schema_args *args = call->args;
    char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1];
    struct event_schema *schemas;
    struct event_schema_put *news = arena_alloc_array(&call->arena, wanted->n, sizeof *news);
    size_t *places = arena_alloc_array(&call->arena, wanted->n, sizeof *places);
    size_t n, n_news = 0;
    enum status st = schema_read_catalogue(call, wanted->n, fingerprint, &schemas, &n);

    if (st != STATUS_OK)
        return st;
    wanted->all_names = arena_alloc_array(&call->arena, n + wanted->n, sizeof *wanted->all_names);
    if (!news || !places || !wanted->all_names)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < wanted->n; i++) {
        if (merge(&wanted->puts[i], schemas, &n, &places[i]))
            news[n_news++] = wanted->puts[i];
        if (!schemas[places[i]].text.p) {
            fprintf(stderr, "synchrony: schema put: %.*s has no schema\n", (int)wanted->puts[i].event_type.len,
                    wanted->puts[i].event_type.p);
            return STATUS_NOT_FOUND;
        }
        wanted->all_names[places[i]] = wanted->names[i];
    }
    st = compile_all(call, wanted, schemas, n);
    if (st == STATUS_OK && n_news)
        st = event_schema_put(call->db, fingerprint, news, n_news, args->author ? bytes_of(args->author) : command_os_user(),
                              bytes_of(args->note));
    if (st != STATUS_OK)
        return st;
    printf("%s", call->json ? "[" : "");
    for (size_t i = 0; i < wanted->n; i++) {
        for (size_t j = 0; j < n_news; j++) {
            if (bytes_equal(news[j].event_type, wanted->puts[i].event_type))
                wanted->puts[i].version = news[j].version;
        }
        print_put(call, &wanted->puts[i], event_schema_mode_name(schemas[places[i]].mode), i == 0);
    }
    printf("%s", call->json ? "\n]\n" : "");
    return STATUS_OK;
}

static enum status put_all(struct command_call *call, struct wanted *wanted)
{
    enum status st = STATUS_RETRY;

    for (int i = 0; i < ATTEMPTS && st == STATUS_RETRY; i++)
        st = attempt(call, wanted);
    if (st == STATUS_OK || st == STATUS_INVALID_SCHEMA || st == STATUS_NOT_FOUND)
        return st; /* it has been said */
    return command_failed("schema put", call->db, st);
}

enum status schema_put(struct command_call *call)
{
    struct wanted wanted = { 0 };
    enum status st = gather(call, &wanted);

    return st == STATUS_OK ? put_all(call, &wanted) : st;
}

enum status schema_disable(struct command_call *call)
{
    struct event_schema_put put = { .event_type = bytes_of(call->operands[0]), .mode = BYTES("off") };
    const char *name = NULL;
    struct wanted wanted = { .puts = &put, .names = &name, .n = 1 };

    return put_all(call, &wanted);
}
