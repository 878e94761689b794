/* synchrony schema: the event catalogue, for those who say what events must look like. */
#include "ctl/schema.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/json_guard.h"
#include "model/timestamp.h"

enum { PIECE_BYTES = 16 * 1024, LINE_MAX_BYTES = 1024 * 1024 };

/* ---- for all actions ---- */

enum status schema_read_file(struct command_call *call, const char *path, struct bytes *text)
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

enum status schema_read_catalogue(struct command_call *call, size_t n_more, char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1],
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

enum status schema_read_tree(struct command_call *call, const char *name, struct bytes text, const struct value **root)
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

static enum status print_versions(struct command_call *call, const char *type)
{
    struct event_schema_version *versions;
    size_t n;
    enum status st = event_schema_list(call->db, bytes_of(type), &call->arena, &versions, &n);

    if (st != STATUS_OK)
        return command_failed(call->what, call->db, st);
    if (!n && *type) {
        fprintf(stderr, "synchrony: %s: %s has no schema\n", call->what, type);
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

static enum status list(struct command_call *call)
{
    return print_versions(call, "");
}

static enum status history(struct command_call *call)
{
    return print_versions(call, call->operands[0]);
}

static enum status get(struct command_call *call)
{
    const struct schema_args *args = call->args;
    struct event_schema schema;
    enum status st = event_schema_get(call->db, bytes_of(call->operands[0]), args->from, &call->arena, &schema);

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

static enum status take_number(const struct command_call *call, const char *value, size_t max, size_t *number)
{
    return bytes_to_size(bytes_of(value), max, number) && *number ? STATUS_OK
                                                                  : command_refuse(call, "a number from 1 on is wanted", value);
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct schema_args *args = call->args;
    enum event_schema_mode mode;
    int64_t us;

    switch (option) {
    case 't':
        args->type = value;
        return *value && strlen(value) <= LIMIT_KEY_BYTES ? STATUS_OK
                                                          : command_refuse(call, "an event type has 1 to 1024 bytes", value);
    case 'm':
        args->mode = value;
        return event_schema_mode_parse(bytes_of(value), &mode)
                   ? STATUS_OK
                   : command_refuse(call, "a mode is enforce, observe, off or shared", value);
    case 'a':
        args->author = value;
        return STATUS_OK;
    case 'n':
        args->note = value;
        return STATUS_OK;
    case 's':
        args->since = value;
        return timestamp_parse(bytes_of(value), &us) ? STATUS_OK : command_refuse(call, "--since takes an RFC 3339 time", value);
    case 'l':
        return take_number(call, value, SIZE_MAX / 2, &args->limit);
    case 'v':
    case 'f':
        return take_number(call, value, INT_MAX, &args->from);
    case 'T':
        return take_number(call, value, INT_MAX, &args->to);
    default: /* 'H' */
        args->history = true;
        return STATUS_OK;
    }
}

static const struct option long_options[] = {
    { "type", required_argument, NULL, 't' },    { "mode", required_argument, NULL, 'm' },
    { "author", required_argument, NULL, 'a' },  { "note", required_argument, NULL, 'n' },
    { "since", required_argument, NULL, 's' },   { "limit", required_argument, NULL, 'l' },
    { "version", required_argument, NULL, 'v' }, { "from", required_argument, NULL, 'f' },
    { "to", required_argument, NULL, 'T' },      { "history", no_argument, NULL, 'H' },
    { "json", no_argument, NULL, 'j' },          { 0 },
};

static const struct command_action actions[] = {
    { "put", "tmanj", 0, 10000, schema_put }, { "get", "v", 1, 1, get },         { "list", "j", 0, 0, list },
    { "diff", "fTj", 1, 2, schema_diff },     { "history", "j", 1, 1, history }, { "disable", "anj", 1, 1, schema_disable },
    { "check", "tslHj", 0, 1, schema_check },
};

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
    .needs = COMMAND_NEEDS_OWNER,
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &(struct schema_args){ 0 },
    .take_option = take_option,
};
