/* synchrony plan: what the holders of keys may use. */
#include <stdio.h>

#include "ctl/command.h"
#include "store/plan_store.h"

struct plan_args {
    const char *rate;
    const char *burst;
    const char *quota; /* NULL: none */
};

/* ---- actions ---- */

static enum status put(struct command_call *call)
{
    const struct plan_args *args = call->args;
    const struct new_plan plan = {
        .os_user = command_os_user(),
        .name = bytes_of(call->operands[0]),
        .events_per_s = bytes_of(args->rate),
        .burst = bytes_of(args->burst),
        .daily_quota = bytes_of(args->quota),
    };

    if (!args->rate || !args->burst) {
        fprintf(stderr, "synchrony: plan put: --rate and --burst are needed\n");
        return STATUS_USAGE;
    }
    enum status st = plan_store_put(call->db, &plan);
    if (st != STATUS_OK)
        return command_failed("plan put", call->db, st);
    printf("The plan %s is in force within five seconds.\n", call->operands[0]);
    return STATUS_OK;
}

static enum status remove_plan(struct command_call *call)
{
    enum status st = plan_store_remove(call->db, command_os_user(), bytes_of(call->operands[0]));

    if (st != STATUS_OK)
        return command_failed("plan remove", call->db, st);
    printf("The plan %s is removed.\n", call->operands[0]);
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

static enum status list(struct command_call *call)
{
    return command_list(call, plan_store_list, print_row, "There are no plans.");
}

/* ---- arguments ---- */

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct plan_args *args = call->args;

    *(option == 'r' ? &args->rate : option == 'b' ? &args->burst : &args->quota) = value;
    return STATUS_OK;
}

static const struct option long_options[] = {
    { "rate", required_argument, NULL, 'r' },
    { "burst", required_argument, NULL, 'b' },
    { "quota", required_argument, NULL, 'q' },
    { "json", no_argument, NULL, 'j' },
    { 0 },
};

static const struct command_action actions[] = {
    { "put", "rbq", 1, 1, put },
    { "list", "j", 0, 0, list },
    { "remove", "", 1, 1, remove_plan },
};

const struct command command_plan = {
    .name = "plan",
    .usage = "plan ACTION [ARGUMENTS]",
    .summary = "put, list, remove: the usage plans of keys",
    .details =
        "  put --rate EVENTS --burst EVENTS [--quota EVENTS] NAME   events a second, at once, a day; for all keys that have it\n"
        "  list [--json]                                            all plans\n"
        "  remove NAME                                              end a plan that no key has\n",
    .needs = COMMAND_NEEDS_OWNER,
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &(struct plan_args){ 0 },
    .take_option = take_option,
};
