/* synchrony quarantine: the events that the catalogue refused. */
#include "ctl/quarantine.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/schema.h"
#include "model/timestamp.h"

enum { LIST_DEFAULT = 50 };

/* ---- list and show ---- */

/* Of one report. */
struct report {
    bool json;
    size_t n_rows;
};

static void print_row(void *context, const struct bytes *columns)
{
    static const int widths[] = { 36, 20, 20, 20, 10, 0, 0, 7, 0 };
    struct report *report = context;

    if (report->json) {
        printf("%s%.*s", report->n_rows++ ? ",\n" : "[\n", (int)columns[9].len, columns[9].p);
        return;
    }
    if (!report->n_rows++)
        printf("%-36s  %-20s  %-20s  %-20s  %-10s  %7s  %-8s  POINTER\n", "ID", "REJECTED (UTC)", "TYPE", "REASON", "KEYWORD",
               "BYTES", "STATE");
    for (int i = 0; i < 5; i++) {
        schema_print_text(columns[i], widths[i]);
        printf("  ");
    }
    printf("%7.*s  %-8.*s  ", (int)columns[7].len, columns[7].p, (int)columns[8].len, columns[8].p);
    schema_print_text(columns[5], 0);
    printf("\n");
}

static enum status list(struct quarantine_call *call)
{
    struct report report = { .json = call->json };
    enum status st = rejected_event_list(call->db, &call->filter, call->limit ? call->limit : LIST_DEFAULT, print_row, &report);

    if (st != STATUS_OK)
        return command_failed("quarantine list", call->db, st);
    if (call->json)
        printf(report.n_rows ? "\n]\n" : "[]\n");
    else if (!report.n_rows)
        printf("There are none.\n");
    return STATUS_OK;
}

static void print_line(void *context, const struct bytes *columns)
{
    struct report *report = context;

    if (report->json) {
        if (!report->n_rows++)
            printf("%.*s\n", (int)columns[2].len, columns[2].p);
        return;
    }
    report->n_rows++;
    schema_print_text(columns[0], 16);
    schema_print_text(columns[1].len ? columns[1] : BYTES("-"), 0);
    printf("\n");
}

static enum status show(struct quarantine_call *call)
{
    struct report report = { .json = call->json };
    enum status st = rejected_event_get(call->db, &call->id, print_line, &report);

    if (st == STATUS_NOT_FOUND)
        fprintf(stderr, "synchrony: quarantine show: there is none of that ID\n");
    else if (st != STATUS_OK)
        return command_failed("quarantine show", call->db, st);
    return st;
}

/* ---- arguments ---- */

/* options: the letters of those that it takes. */
struct action {
    const char *name;
    const char *options;
    bool has_id;
    enum status (*run)(struct quarantine_call *call);
};

static const struct action actions[] = {
    { "list", "trslj", false, list },
    { "show", "j", true, show },
    { "replay", "trdj", false, quarantine_replay },
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
    (void)command_usage(&command_quarantine);
    fprintf(stderr, "\n%s", command_quarantine.details);
    return STATUS_USAGE;
}

static enum status refuse(const char *what, const char *value)
{
    fprintf(stderr, "synchrony: quarantine: %s, got '%s'\n", what, value);
    return STATUS_USAGE;
}

static enum status take_option(struct quarantine_call *call, int option, const char *value)
{
    int64_t us;

    switch (option) {
    case 't':
        call->filter.event_type = bytes_of(value);
        return *value ? STATUS_OK : refuse("an event type is not empty", value);
    case 'r':
        call->filter.reason = bytes_of(value);
        return *value ? STATUS_OK : refuse("a reason is a code such as schema", value);
    case 's':
        call->filter.since = value;
        return timestamp_parse(bytes_of(value), &us) ? STATUS_OK : refuse("--since takes an RFC 3339 time", value);
    case 'l':
        return bytes_to_size(bytes_of(value), SIZE_MAX / 2, &call->limit) && call->limit
                   ? STATUS_OK
                   : refuse("--limit takes a number from 1 on", value);
    case 'd':
        call->dry_run = true;
        return STATUS_OK;
    default:
        call->json = true;
        return STATUS_OK;
    }
}

static enum status read_arguments(const struct action *action, int argc, char **argv, struct quarantine_call *call)
{
    static const struct option options[] = {
        { "type", required_argument, NULL, 't' },
        { "reason", required_argument, NULL, 'r' },
        { "since", required_argument, NULL, 's' },
        { "limit", required_argument, NULL, 'l' },
        { "dry-run", no_argument, NULL, 'd' },
        { "json", no_argument, NULL, 'j' },
        { 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        if (!strchr(action->options, option)) {
            fprintf(stderr, "synchrony: quarantine %s has no such option\n", action->name);
            return usage();
        }
        enum status st = take_option(call, option, optarg);
        if (st != STATUS_OK)
            return st;
    }
    if (argc - optind != (action->has_id ? 1 : 0))
        return usage();
    if (action->has_id && !uuid_parse(bytes_of(argv[optind]), &call->id))
        return refuse("an ID is a UUID, as list prints it", argv[optind]);
    return STATUS_OK;
}

static enum status run(const char *config_file, int argc, char **argv)
{
    const struct action *action = argc > 1 ? action_named(argv[1]) : NULL;
    struct config config;
    struct quarantine_call call = { .config = &config };

    if (!action) {
        if (argc > 1)
            fprintf(stderr, "synchrony: quarantine: unknown action: %s\n", argv[1]);
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

const struct command command_quarantine = {
    .name = "quarantine",
    .usage = "quarantine ACTION [ARGUMENTS]",
    .summary = "list, show, replay: events that the catalogue refused",
    .details = "  list [--type TYPE] [--reason CODE] [--since TIME] [--limit N] [--json]\n"
               "                                    the newest of them, 50 unless said otherwise\n"
               "  show [--json] ID                  all that is kept of one\n"
               "  replay [--type TYPE] [--reason CODE] [--dry-run] [--json]\n"
               "                                    take in what the catalogue has nothing against any more\n",
    .run = run,
};
