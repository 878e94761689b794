/* synchrony plan: what the holders of keys may use. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "store/plan_store.h"

struct plan_call {
    struct db *db;
    const char *name;
    const char *rate;
    const char *burst;
    const char *quota; /* NULL: none */
    bool json;
};

/* ---- actions ---- */

static enum status put(struct plan_call *call)
{
    const struct new_plan plan = {
        .os_user = command_os_user(),
        .name = bytes_of(call->name),
        .events_per_s = bytes_of(call->rate),
        .burst = bytes_of(call->burst),
        .daily_quota = bytes_of(call->quota),
    };

    if (!call->rate || !call->burst) {
        fprintf(stderr, "synchrony: plan put: --rate and --burst are needed\n");
        return STATUS_USAGE;
    }
    enum status st = plan_store_put(call->db, &plan);
    if (st != STATUS_OK)
        return command_failed("plan put", call->db, st);
    printf("The plan %s is in force within five seconds.\n", call->name);
    return STATUS_OK;
}

static enum status remove_plan(struct plan_call *call)
{
    enum status st = plan_store_remove(call->db, command_os_user(), bytes_of(call->name));

    if (st != STATUS_OK)
        return command_failed("plan remove", call->db, st);
    printf("The plan %s is removed.\n", call->name);
    return STATUS_OK;
}

static void print_row(void *context, const struct bytes *columns, size_t n)
{
    size_t *n_rows = context;

    if (!(*n_rows)++)
        printf("%-20s  %12s  %10s  %14s  %6s\n", "PLAN", "EVENTS/S", "BURST", "DAILY QUOTA", "KEYS");
    if (n == PLAN_LIST_COLUMNS)
        printf("%-20.*s  %12.*s  %10.*s  %14.*s  %6.*s\n", (int)columns[1].len, columns[1].p, (int)columns[2].len, columns[2].p,
               (int)columns[3].len, columns[3].p, (int)columns[4].len, columns[4].p, (int)columns[5].len, columns[5].p);
}

static enum status list(struct plan_call *call)
{
    size_t n_rows = 0;
    enum status st = plan_store_list(call->db, call->json ? command_print_json : print_row, &n_rows);

    if (st != STATUS_OK)
        return command_failed("plan list", call->db, st);
    if (call->json)
        printf(n_rows ? "\n]\n" : "[]\n");
    else if (!n_rows)
        printf("There are no plans.\n");
    return STATUS_OK;
}

/* ---- arguments ---- */

/* options: the letters of those that it takes. */
struct action {
    const char *name;
    const char *options;
    bool takes_name;
    enum status (*run)(struct plan_call *call);
};

static const struct action actions[] = { { "put", "rbq", true, put },
                                         { "list", "j", false, list },
                                         { "remove", "", true, remove_plan } };

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
    (void)command_usage(&command_plan);
    fprintf(stderr, "\n%s", command_plan.details);
    return STATUS_USAGE;
}

static enum status read_arguments(const struct action *action, int argc, char **argv, struct plan_call *call)
{
    static const struct option options[] = {
        { "rate", required_argument, NULL, 'r' },
        { "burst", required_argument, NULL, 'b' },
        { "quota", required_argument, NULL, 'q' },
        { "json", no_argument, NULL, 'j' },
        { 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        if (!strchr(action->options, option)) {
            fprintf(stderr, "synchrony: plan %s has no such option\n", action->name);
            return usage();
        }
        const char **text = option == 'r' ? &call->rate : option == 'b' ? &call->burst : &call->quota;
        if (option == 'j')
            call->json = true;
        else
            *text = optarg;
    }
    if (argc - optind != (action->takes_name ? 1 : 0))
        return usage();
    call->name = action->takes_name ? argv[optind] : NULL;
    return STATUS_OK;
}

static enum status run(const char *config_file, int argc, char **argv)
{
    const struct action *action = argc > 1 ? action_named(argv[1]) : NULL;
    struct config config;
    struct plan_call call = { 0 };

    if (!action) {
        if (argc > 1)
            fprintf(stderr, "synchrony: plan: unknown action: %s\n", argv[1]);
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

const struct command command_plan = {
    .name = "plan",
    .usage = "plan ACTION [ARGUMENTS]",
    .summary = "put, list, remove: the usage plans of keys",
    .details =
        "  put --rate EVENTS --burst EVENTS [--quota EVENTS] NAME   events a second, at once, a day; for all keys that have it\n"
        "  list [--json]                                            all plans\n"
        "  remove NAME                                              end a plan that no key has\n",
    .run = run,
};
