/* synchrony key: makes, lists, revokes and rotates the keys of X-Api-Key. A key is printed when it is made; nobody can print it again. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/entropy.h"
#include "ctl/command.h"
#include "model/origin.h"
#include "store/key_store.h"

enum { LIST_MAX = 100, DEFAULT_GRACE_S = 24 * 60 * 60, DURATION_MAX_S = 10 * 366 * 24 * 60 * 60 };

/* What was asked for. */
struct key_call {
    struct db *db;
    const char *operand;
    bool json;
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

static void print_fresh(const struct key_call *call, const struct fresh_key *key)
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

static enum status create(struct key_call *call)
{
    struct fresh_key fresh;

    if (!call->n_scopes) {
        fprintf(stderr, "synchrony: key create: say what it is for: --scope ingest, read, report, metrics\n");
        return STATUS_USAGE;
    }
    enum status st = make(&fresh);
    const struct new_key key = {
        .os_user = command_os_user(),
        .id = fresh.id,
        .digest = fresh.digest,
        .name = bytes_of(call->operand),
        .plan = bytes_of(call->plan),
        .scopes = call->scopes,
        .n_scopes = call->n_scopes,
        .origins = call->origins,
        .n_origins = call->n_origins,
        .event_types = call->event_types,
        .n_event_types = call->n_event_types,
        .lifetime_s = call->lifetime_s,
    };
    if (st == STATUS_OK)
        st = key_store_create(call->db, &key);
    if (st != STATUS_OK)
        return command_failed("key create", call->db, st);
    print_fresh(call, &fresh);
    return STATUS_OK;
}

static enum status rotate(struct key_call *call)
{
    struct fresh_key fresh;
    enum status st = make(&fresh);

    if (st == STATUS_OK)
        st = key_store_rotate(call->db, command_os_user(), bytes_of(call->operand), fresh.id, &fresh.digest, call->grace_s);
    if (st != STATUS_OK)
        return command_failed("key rotate", call->db, st);
    print_fresh(call, &fresh);
    return STATUS_OK;
}

static enum status revoke(struct key_call *call)
{
    enum status st = key_store_revoke(call->db, command_os_user(), bytes_of(call->operand));

    if (st != STATUS_OK)
        return command_failed("key revoke", call->db, st);
    if (call->json)
        printf("{\"id\":\"%s\"}\n", call->operand);
    else
        printf("%s is revoked: every responder refuses it within five seconds.\n", call->operand);
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

static enum status list(struct key_call *call)
{
    size_t n_rows = 0;
    enum status st = key_store_list(call->db, call->json ? command_print_json : print_row, &n_rows);

    if (st != STATUS_OK)
        return command_failed("key list", call->db, st);
    if (call->json)
        printf(n_rows ? "\n]\n" : "[]\n");
    else if (!n_rows)
        printf("There are no keys.\n");
    return STATUS_OK;
}

/* ---- arguments ---- */

/* options: the letters of those that it takes. */
struct action {
    const char *name;
    const char *options;
    const char *operand; /* NULL: none */
    enum status (*run)(struct key_call *call);
};

static const struct action actions[] = {
    { "create", "spoexj", "NAME", create },
    { "list", "j", NULL, list },
    { "revoke", "j", "ID", revoke },
    { "rotate", "gj", "ID", rotate },
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
    (void)command_usage(&command_key);
    fprintf(stderr, "\n%s", command_key.details);
    return STATUS_USAGE;
}

static enum status refuse(const char *what, const char *value)
{
    fprintf(stderr, "synchrony: key: %s, got '%s'\n", what, value);
    return STATUS_USAGE;
}

/* One or several with commas between. */
static enum status take_scopes(struct key_call *call, const char *text)
{
    struct bytes rest = bytes_of(text), name;
    api_scopes known = 0;

    while (bytes_cut(&rest, ',', &name)) {
        if (!api_scopes_add(&known, name))
            return refuse("a scope is ingest, read, report or metrics", text);
        if (call->n_scopes == API_SCOPE_COUNT)
            return refuse("a scope is to be named once", text);
        call->scopes[call->n_scopes++] = name;
    }
    return STATUS_OK;
}

static enum status take_list(struct bytes *list, size_t *n, const char *text)
{
    if (*n == LIST_MAX)
        return refuse("a key has at most 100 origins and 100 event types", text);
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

static enum status take_option(struct key_call *call, int option, const char *value)
{
    switch (option) {
    case 's':
        return take_scopes(call, value);
    case 'p':
        call->plan = value;
        return STATUS_OK;
    case 'o':
        if (!origin_pattern_is_valid(bytes_of(value)))
            return refuse("an origin is scheme://host[:port] in lower case, or scheme://*.domain", value);
        return take_list(call->origins, &call->n_origins, value);
    case 'e':
        if (!*value || strchr(value, '\n'))
            return refuse("an event type is a text without control characters", value);
        return take_list(call->event_types, &call->n_event_types, value);
    case 'x':
        return parse_duration(bytes_of(value), &call->lifetime_s) && call->lifetime_s
                   ? STATUS_OK
                   : refuse("--expires takes a time of ten years at most, such as 90d, 12h, 30m or 45s", value);
    case 'g':
        return parse_duration(bytes_of(value), &call->grace_s)
                   ? STATUS_OK
                   : refuse("--grace takes a time of ten years at most, such as 7d, 12h, 30m or 0s", value);
    default:
        call->json = true;
        return STATUS_OK;
    }
}

static enum status read_arguments(const struct action *action, int argc, char **argv, struct key_call *call)
{
    static const struct option options[] = {
        { "scope", required_argument, NULL, 's' },   { "plan", required_argument, NULL, 'p' },
        { "origin", required_argument, NULL, 'o' },  { "event-type", required_argument, NULL, 'e' },
        { "expires", required_argument, NULL, 'x' }, { "grace", required_argument, NULL, 'g' },
        { "json", no_argument, NULL, 'j' },          { 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        if (!strchr(action->options, option)) {
            fprintf(stderr, "synchrony: key %s has no such option\n", action->name);
            return usage();
        }
        enum status st = take_option(call, option, optarg);
        if (st != STATUS_OK)
            return st;
    }
    if (argc - optind != (action->operand ? 1 : 0))
        return usage();
    call->operand = action->operand ? argv[optind] : NULL;
    return STATUS_OK;
}

static enum status run(const char *config_file, int argc, char **argv)
{
    const struct action *action = argc > 1 ? action_named(argv[1]) : NULL;
    struct config config;
    struct key_call call = { .grace_s = DEFAULT_GRACE_S };

    if (!action) {
        if (argc > 1)
            fprintf(stderr, "synchrony: key: unknown action: %s\n", argv[1]);
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
    config_free(&config);
    return st;
}

const struct command command_key = {
    .name = "key",
    .usage = "key ACTION [ARGUMENTS]",
    .summary = "create, list, revoke, rotate: the keys of X-Api-Key",
    .details = "  create --scope SCOPE[,SCOPE] [--plan PLAN] [--origin ORIGIN]... [--event-type TYPE]...\n"
               "         [--expires TIME] [--json] NAME   make a key, and print it this once\n"
               "  list [--json]                           all keys, without themselves\n"
               "  revoke [--json] ID                      end a key for good\n"
               "  rotate [--grace TIME] [--json] ID       make another one for the same; the old one ends after TIME (24h)\n",
    .run = run,
};
