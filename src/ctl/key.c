/* synchrony key: makes, lists, revokes and rotates the keys of X-Api-Key. A key is printed when it is made; nobody can print it again. */
#include <stdio.h>
#include <string.h>

#include "base/entropy.h"
#include "ctl/command.h"
#include "model/origin.h"
#include "store/key_store.h"

enum { LIST_MAX = 100, DEFAULT_GRACE_S = 24 * 60 * 60, DURATION_MAX_S = 10 * 366 * 24 * 60 * 60 };

struct key_args {
    const char *plan;
    struct bytes scopes[API_SCOPE_COUNT];
    size_t n_scopes;
    struct bytes origins[LIST_MAX];
    size_t n_origins;
    struct bytes event_types[LIST_MAX];
    size_t n_event_types;
    int64_t lifetime_s;
    int64_t grace_s;
};

/* A key that has just been made. */
struct fresh_key {
    char text[API_KEY_BYTES + 1];
    struct bytes id;
    struct api_key_digest digest;
};

static enum status make(struct fresh_key *key)
{
    struct entropy entropy = { 0 };
    unsigned char random[API_KEY_RANDOM_BYTES];
    enum status st = entropy_take(&entropy, random, sizeof random);

    if (st != STATUS_OK)
        return st;
    api_key_make(random, key->text);
    key->id = (struct bytes){ key->text, API_KEY_ID_BYTES };
    key->digest = api_key_digest_of(bytes_of(key->text));
    return STATUS_OK;
}

static void print_fresh(const struct command_call *call, const struct fresh_key *key)
{
    if (call->json) {
        printf("{\"id\":\"%.*s\",\"key\":\"%s\"}\n", (int)key->id.len, key->id.p, key->text);
        return;
    }
    printf("%s\n", key->text);
    fprintf(stderr, "This is the whole key, shown this once. Its id, for list, rotate and revoke, is %.*s.\n", (int)key->id.len,
            key->id.p);
}

/* ---- actions ---- */

static enum status create(struct command_call *call)
{
    const struct key_args *args = call->args;
    struct fresh_key fresh;

    if (!args->n_scopes) {
        fprintf(stderr, "synchrony: key create: say what it is for: --scope ingest, read, report, metrics\n");
        return STATUS_USAGE;
    }
    enum status st = make(&fresh);
    const struct new_key key = {
        .os_user = command_os_user(),
        .id = fresh.id,
        .digest = fresh.digest,
        .name = bytes_of(call->operands[0]),
        .plan = bytes_of(args->plan),
        .scopes = args->scopes,
        .n_scopes = args->n_scopes,
        .origins = args->origins,
        .n_origins = args->n_origins,
        .event_types = args->event_types,
        .n_event_types = args->n_event_types,
        .lifetime_s = args->lifetime_s,
    };
    if (st == STATUS_OK)
        st = key_store_create(call->db, &key);
    if (st != STATUS_OK)
        return command_failed("key create", call->db, st);
    print_fresh(call, &fresh);
    return STATUS_OK;
}

static enum status rotate(struct command_call *call)
{
    const struct key_args *args = call->args;
    struct fresh_key fresh;
    enum status st = make(&fresh);

    if (st == STATUS_OK)
        st = key_store_rotate(call->db, command_os_user(), bytes_of(call->operands[0]), fresh.id, &fresh.digest, args->grace_s);
    if (st != STATUS_OK)
        return command_failed("key rotate", call->db, st);
    print_fresh(call, &fresh);
    return STATUS_OK;
}

static enum status revoke(struct command_call *call)
{
    enum status st = key_store_revoke(call->db, command_os_user(), bytes_of(call->operands[0]));

    if (st != STATUS_OK)
        return command_failed("key revoke", call->db, st);
    if (call->json)
        printf("{\"id\":\"%s\"}\n", call->operands[0]);
    else
        printf("%s is revoked: every responder refuses it within five seconds.\n", call->operands[0]);
    return STATUS_OK;
}

static void print_row(void *context, const struct bytes *columns, size_t n)
{
    static const int widths[KEY_LIST_COLUMNS] = { 0, API_KEY_ID_BYTES, 8, 26, 12, 16, 16, 1 };
    size_t *n_rows = context;

    if (!(*n_rows)++)
        printf("%-12s  %-8s  %-26s  %-12s  %-16s  %-16s  %s\n", "ID", "STATE", "SCOPES", "PLAN", "EXPIRES (UTC)", "LAST USED (UTC)",
               "NAME");
    for (size_t i = 1; i < n; i++)
        printf("%-*.*s%s", widths[i], (int)columns[i].len, columns[i].p, i + 1 < n ? "  " : "\n");
}

static enum status list(struct command_call *call)
{
    return command_list(call, key_store_list, print_row, "There are no keys.");
}

/* ---- arguments ---- */

/* One or several with commas between. */
static enum status take_scopes(struct command_call *call, const char *text)
{
    struct key_args *args = call->args;
    struct bytes rest = bytes_of(text), name;
    api_scopes known = 0;

    while (bytes_cut(&rest, ',', &name)) {
        if (!api_scopes_add(&known, name))
            return command_refuse(call, "a scope is ingest, read, report or metrics", text);
        if (args->n_scopes == API_SCOPE_COUNT)
            return command_refuse(call, "a scope is to be named once", text);
        args->scopes[args->n_scopes++] = name;
    }
    return STATUS_OK;
}

static enum status take_text(const struct command_call *call, struct bytes *list, size_t *n, const char *text)
{
    if (*n == LIST_MAX)
        return command_refuse(call, "a key has at most 100 origins and 100 event types", text);
    list[(*n)++] = bytes_of(text);
    return STATUS_OK;
}

/* A number of s, m, h or d. */
static bool parse_duration(struct bytes text, int64_t *seconds)
{
    static const struct {
        char unit;
        size_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 60 * 60 }, { 'd', 24 * 60 * 60 } };
    size_t n;

    for (size_t i = 0; text.len && i < sizeof units / sizeof units[0]; i++) {
        if (text.p[text.len - 1] != units[i].unit)
            continue;
        if (!bytes_to_size((struct bytes){ text.p, text.len - 1 }, DURATION_MAX_S / units[i].seconds, &n))
            return false;
        *seconds = (int64_t)(n * units[i].seconds);
        return true;
    }
    return false;
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct key_args *args = call->args;

    switch (option) {
    case 's':
        return take_scopes(call, value);
    case 'p':
        args->plan = value;
        return STATUS_OK;
    case 'o':
        if (!origin_pattern_is_valid(bytes_of(value)))
            return command_refuse(call, "an origin is scheme://host[:port] in lower case, or scheme://*.domain", value);
        return take_text(call, args->origins, &args->n_origins, value);
    case 'e':
        if (!*value || strchr(value, '\n'))
            return command_refuse(call, "an event type is a text without control characters", value);
        return take_text(call, args->event_types, &args->n_event_types, value);
    case 'x':
        return parse_duration(bytes_of(value), &args->lifetime_s) && args->lifetime_s
                   ? STATUS_OK
                   : command_refuse(call, "--expires takes a time of ten years at most, such as 90d, 12h, 30m or 45s", value);
    default: /* 'g' */
        return parse_duration(bytes_of(value), &args->grace_s)
                   ? STATUS_OK
                   : command_refuse(call, "--grace takes a time of ten years at most, such as 7d, 12h, 30m or 0s", value);
    }
}

static const struct option long_options[] = {
    { "scope", required_argument, NULL, 's' },   { "plan", required_argument, NULL, 'p' },
    { "origin", required_argument, NULL, 'o' },  { "event-type", required_argument, NULL, 'e' },
    { "expires", required_argument, NULL, 'x' }, { "grace", required_argument, NULL, 'g' },
    { "json", no_argument, NULL, 'j' },          { 0 },
};

static const struct command_action actions[] = {
    { "create", "spoexj", 1, 1, create },
    { "list", "j", 0, 0, list },
    { "revoke", "j", 1, 1, revoke },
    { "rotate", "gj", 1, 1, rotate },
};

const struct command command_key = {
    .name = "key",
    .usage = "key ACTION [ARGUMENTS]",
    .summary = "create, list, revoke, rotate: the keys of X-Api-Key",
    .details = "  create --scope SCOPE[,SCOPE] [--plan PLAN] [--origin ORIGIN]... [--event-type TYPE]...\n"
               "         [--expires TIME] [--json] NAME   make a key, and print it this once\n"
               "  list [--json]                           all keys, without themselves\n"
               "  revoke [--json] ID                      end a key for good\n"
               "  rotate [--grace TIME] [--json] ID       make another one for the same; the old one ends after TIME (24h)\n",
    .needs = COMMAND_NEEDS_OWNER,
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &(struct key_args){ .grace_s = DEFAULT_GRACE_S },
    .take_option = take_option,
};
