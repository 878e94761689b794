/* synchrony schema: the event catalogue, for those who say what events must look like. */
#include "ctl/schema.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ctl/command.h"
#include "model/json_guard.h"
#include "model/timestamp.h"

enum { PIECE_BYTES = 16 * 1024, LINE_MAX_BYTES = 1024 * 1024 };

/* ---- for all actions ---- */

enum status schema_read_file(struct schema_call *call, const char *path, struct bytes *text)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct buf buf = buf_new(SCHEMA_TEXT_MAX_BYTES);
    FILE *file = is_stdin ? stdin : fopen(path, "r");
    char piece[PIECE_BYTES];
    size_t n;

    while (file && !buf.failed && (n = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&buf, (struct bytes){ piece, n });
    const char *why = !file || ferror(file) ? strerror(errno) : buf.failed ? "a schema has at most 262144 bytes" : NULL;
    if (file && !is_stdin)
        fclose(file);
    *text = arena_copy(&call->arena, buf.p ? buf_bytes(&buf) : BYTES(""));
    buf_free(&buf);
    if (why) {
        fprintf(stderr, "synchrony: schema: %s: %s\n", path, why);
        return STATUS_USAGE;
    }
    return text->p ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status schema_read_catalogue(struct schema_call *call, size_t n_more, char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1],
                                  struct event_schema **schemas, size_t *n)
{
    struct event_schema *read;
    enum status st = event_schema_fingerprint(call->db, fingerprint);

    if (st == STATUS_OK)
        st = event_schema_read(call->db, &call->arena, &read, n);
    if (st != STATUS_OK)
        return st;
    *schemas = arena_alloc_array(&call->arena, *n + n_more + 1, sizeof **schemas);
    if (!*schemas)
        return STATUS_NO_MEMORY;
    if (*n)
        memcpy(*schemas, read, *n * sizeof *read);
    return STATUS_OK;
}

enum status schema_compile(const char *what, const struct event_schema *schemas, size_t n, const char *const *names,
                           struct catalogue **catalogue)
{
    struct schema_fault *fault = malloc(sizeof *fault);
    size_t at = 0;
    enum status st = fault ? catalogue_compile(schemas, n, catalogue, fault, &at) : STATUS_NO_MEMORY;

    if (st == STATUS_INVALID_SCHEMA) {
        fprintf(stderr, "synchrony: schema %s: ", what);
        if (names && names[at])
            fprintf(stderr, "%s", names[at]);
        else
            fprintf(stderr, "%.*s of the catalogue", (int)schemas[at].event_type.len, schemas[at].event_type.p);
        fprintf(stderr, ": %s%s%s: %s\n", *fault->pointer ? fault->pointer : "the schema", *fault->keyword ? ": " : "",
                fault->keyword, fault->reason);
    }
    free(fault);
    return st;
}

enum status schema_read_tree(struct schema_call *call, const char *name, struct bytes text, const struct value **root)
{
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    struct tree tree = { 0 };
    const struct guard_fault *fault = &scan.fault;

    limits.nesting_max = SCHEMA_NESTING_MAX;
    limits.members_max = LIMIT_MEMBERS;
    enum status st = guard_scan(text, &limits, &call->arena, &scan);
    if (st == STATUS_OK && scan.n_elements && scan.elements[0].fault.status != STATUS_OK) {
        fault = &scan.elements[0].fault;
        st = fault->status;
    }
    if (st != STATUS_OK && st != STATUS_NO_MEMORY) {
        fprintf(stderr, "synchrony: schema: %s: %s at byte %zu\n", name, fault->reason, fault->offset);
        return STATUS_INVALID_SCHEMA;
    }
    if (st == STATUS_OK)
        st = tree_read(&tree, text, &call->arena);
    *root = tree.values;
    return st;
}

void schema_print_text(struct bytes text, int width)
{
    bool is_fit = utf8_error_offset(text) == text.len && !utf8_has_control(text);

    for (size_t i = 0; i < text.len; i++)
        putchar(is_fit || (text.p[i] >= ' ' && text.p[i] < 0x7f) ? text.p[i] : '?');
    for (int i = (int)text.len; i < width; i++)
        putchar(' ');
}

/* ---- list, history, get ---- */

static void print_table(const struct event_schema_version *versions, size_t n)
{
    int type_width = 4, author_width = 6;

    for (size_t i = 0; i < n; i++) {
        type_width = (int)versions[i].event_type.len > type_width ? (int)versions[i].event_type.len : type_width;
        author_width = (int)versions[i].author.len > author_width ? (int)versions[i].author.len : author_width;
    }
    printf("%-*s  VERSION  MODE     %-20s  %-*s  NOTE\n", type_width, "TYPE", "PUT (UTC)", author_width, "AUTHOR");
    for (size_t i = 0; i < n; i++) {
        const struct event_schema_version *version = &versions[i];
        schema_print_text(version->event_type, type_width);
        printf("  %7.*s  %-7.*s  %-20.*s  ", (int)version->version.len, version->version.p, (int)version->mode.len, version->mode.p,
               (int)version->created_at.len, version->created_at.p);
        schema_print_text(version->author, author_width);
        printf("  ");
        schema_print_text(version->note, 0);
        printf("\n");
    }
}

static enum status print_json(const struct event_schema_version *versions, size_t n)
{
    struct buf line = buf_new(LINE_MAX_BYTES);
    bool failed = false;

    printf("[");
    for (size_t i = 0; i < n && !failed; i++) {
        const struct event_schema_version *version = &versions[i];
        const struct bytes texts[] = { version->event_type, version->mode, version->author, version->note, version->created_at };
        static const char *const names[] = { "event_type", "mode", "author", "note", "created_at" };
        buf_reset(&line);
        buf_add_format(&line, "{\"version\":%.*s,\"size_bytes\":%.*s,\"is_current\":%s", (int)version->version.len,
                       version->version.p, (int)version->size_bytes.len, version->size_bytes.p,
                       version->is_current ? "true" : "false");
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            buf_add_format(&line, ",\"%s\":", names[j]);
            buf_add_json(&line, texts[j]);
        }
        failed = line.failed;
        printf("%s%s}", i ? ",\n" : "\n", failed ? "" : line.p);
    }
    printf("%s]\n", n ? "\n" : "");
    buf_free(&line);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status print_versions(struct schema_call *call, const char *what, const char *type)
{
    struct event_schema_version *versions;
    size_t n;
    enum status st = event_schema_list(call->db, bytes_of(type), &call->arena, &versions, &n);

    if (st != STATUS_OK)
        return command_failed(what, call->db, st);
    if (!n && *type) {
        fprintf(stderr, "synchrony: %s: %s has no schema\n", what, type);
        return STATUS_NOT_FOUND;
    }
    if (call->json)
        return print_json(versions, n);
    if (n)
        print_table(versions, n);
    else
        printf("The catalogue is empty: every event is taken as it is.\n");
    return STATUS_OK;
}

static enum status list(struct schema_call *call)
{
    return print_versions(call, "schema list", "");
}

static enum status history(struct schema_call *call)
{
    return print_versions(call, "schema history", call->operands[0]);
}

static enum status get(struct schema_call *call)
{
    struct event_schema schema;
    enum status st = event_schema_get(call->db, bytes_of(call->operands[0]), call->from, &call->arena, &schema);

    if (st == STATUS_NOT_FOUND) {
        fprintf(stderr, "synchrony: schema get: %s has no such schema\n", call->operands[0]);
        return st;
    }
    if (st != STATUS_OK)
        return command_failed("schema get", call->db, st);
    fwrite(schema.text.p, 1, schema.text.len, stdout);
    return STATUS_OK;
}

/* ---- arguments ---- */

/* options: the letters of those that it takes. */
struct action {
    const char *name;
    const char *options;
    size_t min_operands;
    size_t max_operands;
    enum status (*run)(struct schema_call *call);
};

static const struct action actions[] = {
    { "put", "tmanj", 0, 10000, schema_put }, { "get", "v", 1, 1, get },         { "list", "j", 0, 0, list },
    { "diff", "fTj", 1, 2, schema_diff },     { "history", "j", 1, 1, history }, { "disable", "anj", 1, 1, schema_disable },
    { "check", "tslHj", 0, 1, schema_check },
};

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(name, actions[i].name) == 0)
            return &actions[i];
    }
    return NULL;
}

static enum status usage(void)
{
    (void)command_usage(&command_schema);
    fprintf(stderr, "\n%s", command_schema.details);
    return STATUS_USAGE;
}

static enum status refuse(const char *what, const char *value)
{
    fprintf(stderr, "synchrony: schema: %s, got '%s'\n", what, value);
    return STATUS_USAGE;
}

static enum status take_number(const char *value, size_t max, size_t *number)
{
    return bytes_to_size(bytes_of(value), max, number) && *number ? STATUS_OK : refuse("a number from 1 on is wanted", value);
}

static enum status take_option(struct schema_call *call, int option, const char *value)
{
    enum event_schema_mode mode;
    int64_t us;

    switch (option) {
    case 't':
        call->type = value;
        return *value && strlen(value) <= LIMIT_KEY_BYTES ? STATUS_OK : refuse("an event type has 1 to 1024 bytes", value);
    case 'm':
        call->mode = value;
        return event_schema_mode_parse(bytes_of(value), &mode) ? STATUS_OK
                                                               : refuse("a mode is enforce, observe, off or shared", value);
    case 'a':
        call->author = value;
        return STATUS_OK;
    case 'n':
        call->note = value;
        return STATUS_OK;
    case 's':
        call->since = value;
        return timestamp_parse(bytes_of(value), &us) ? STATUS_OK : refuse("--since takes an RFC 3339 time", value);
    case 'l':
        return take_number(value, SIZE_MAX / 2, &call->limit);
    case 'v':
    case 'f':
        return take_number(value, INT_MAX, &call->from);
    case 'T':
        return take_number(value, INT_MAX, &call->to);
    case 'H':
        call->history = true;
        return STATUS_OK;
    default:
        call->json = true;
        return STATUS_OK;
    }
}

static enum status read_arguments(const struct action *action, int argc, char **argv, struct schema_call *call)
{
    static const struct option options[] = {
        { "type", required_argument, NULL, 't' },    { "mode", required_argument, NULL, 'm' },
        { "author", required_argument, NULL, 'a' },  { "note", required_argument, NULL, 'n' },
        { "since", required_argument, NULL, 's' },   { "limit", required_argument, NULL, 'l' },
        { "version", required_argument, NULL, 'v' }, { "from", required_argument, NULL, 'f' },
        { "to", required_argument, NULL, 'T' },      { "history", no_argument, NULL, 'H' },
        { "json", no_argument, NULL, 'j' },          { 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        if (!strchr(action->options, option)) {
            fprintf(stderr, "synchrony: schema %s has no such option\n", action->name);
            return usage();
        }
        enum status st = take_option(call, option, optarg);
        if (st != STATUS_OK)
            return st;
    }
    call->operands = argv + optind;
    call->n_operands = (size_t)(argc - optind);
    return call->n_operands >= action->min_operands && call->n_operands <= action->max_operands ? STATUS_OK : usage();
}

static enum status run(const char *config_file, int argc, char **argv)
{
    const struct action *action = argc > 1 ? action_named(argv[1]) : NULL;
    struct config config;
    struct schema_call call = { .config = &config, .arena = arena_new(SCHEMA_ARENA_BYTES) };

    if (!action) {
        if (argc > 1)
            fprintf(stderr, "synchrony: schema: unknown action: %s\n", argv[1]);
        return usage();
    }
    argv[1] = argv[0]; /* the name that getopt_long begins its errors with */
    enum status st = read_arguments(action, argc - 1, argv + 1, &call);
    if (st != STATUS_OK)
        return st;
    st = command_config(config_file, &config);
    if (st == STATUS_OK) {
        call.db = command_owner_db(&config);
        st = call.db ? action->run(&call) : STATUS_NO_MEMORY;
        db_free(call.db);
    }
    arena_free(&call.arena);
    config_free(&config);
    return st;
}

const struct command command_schema = {
    .name = "schema",
    .usage = "schema ACTION [ARGUMENTS]",
    .summary = "put, get, list, diff, history, disable, check: the event catalogue",
    .details = "  put [--type TYPE] [--mode MODE] [--author WHO] [--note WHY] [--json] [FILE]...\n"
               "                                    new versions of schemas; TYPE.json is for TYPE; without FILE the mode alone\n"
               "  get [--version N] TYPE            a schema's text, byte for byte\n"
               "  list [--json]                     the schemas in force\n"
               "  diff [--from N] [--to N] [--json] TYPE [FILE]\n"
               "                                    what has changed between two versions, or between the one in force and FILE\n"
               "  history [--json] TYPE             all versions\n"
               "  disable [--author WHO] [--note WHY] [--json] TYPE\n"
               "                                    judge the type no more\n"
               "  check [--type TYPE] [--history] [--since TIME] [--limit N] [--json] [FILE]\n"
               "                                    what of the stored events would fail; exit code 1 where something would\n",
    .run = run,
};
