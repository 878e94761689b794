/* synchrony quarantine: the events that the catalogue refused. */
#include "ctl/quarantine.h"

#include <stdio.h>

#include "ctl/schema.h"
#include "model/timestamp.h"

enum { LIST_DEFAULT = 50 };

/* ---- list and show ---- */

/* Of one report. */
struct report {
    bool json;
    size_t n_rows;
};

static void print_row(void *context, const struct bytes *columns, size_t n)
{
    static const int widths[] = { 36, 20, 20, 20, 10, 0, 0, 7, 0 };
    struct report *report = context;

    (void)n;
    if (report->json) {
        command_print_json(&report->n_rows, &columns[9], 1);
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

static enum status list(struct command_call *call)
{
    const struct quarantine_args *args = call->args;
    struct report report = { .json = call->json };
    enum status st = rejected_event_list(call->db, &args->filter, args->limit, print_row, &report);

    if (st != STATUS_OK)
        return command_failed("quarantine list", call->db, st);
    command_end_list(call, report.n_rows, "There are none.");
    return STATUS_OK;
}

static void print_line(void *context, const struct bytes *columns, size_t n)
{
    struct report *report = context;

    (void)n;
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

static enum status show(struct command_call *call)
{
    struct uuid id;
    struct report report = { .json = call->json };

    if (!uuid_parse(bytes_of(call->operands[0]), &id))
        return command_refuse(call, "an ID is a UUID, as list prints it", call->operands[0]);
    enum status st = rejected_event_get(call->db, &id, print_line, &report);
    if (st != STATUS_OK)
        return command_failed("quarantine show", call->db, st);
    if (report.n_rows)
        return STATUS_OK;
    fprintf(stderr, "synchrony: quarantine show: there is none of that ID\n");
    return STATUS_NOT_FOUND;
}

/* ---- arguments ---- */

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct quarantine_args *args = call->args;
    int64_t us;

    switch (option) {
    case 't':
        args->filter.event_type = bytes_of(value);
        return *value ? STATUS_OK : command_refuse(call, "an event type is not empty", value);
    case 'r':
        args->filter.reason = bytes_of(value);
        return *value ? STATUS_OK : command_refuse(call, "a reason is a code such as schema", value);
    case 's':
        args->filter.since = value;
        return timestamp_parse(bytes_of(value), &us) ? STATUS_OK : command_refuse(call, "--since takes an RFC 3339 time", value);
    case 'l':
        return bytes_to_size(bytes_of(value), SIZE_MAX / 2, &args->limit) && args->limit
                   ? STATUS_OK
                   : command_refuse(call, "--limit takes a number from 1 on", value);
    default: /* 'd' */
        args->dry_run = true;
        return STATUS_OK;
    }
}

static const struct option long_options[] = {
    { "type", required_argument, NULL, 't' },
    { "reason", required_argument, NULL, 'r' },
    { "since", required_argument, NULL, 's' },
    { "limit", required_argument, NULL, 'l' },
    { "dry-run", no_argument, NULL, 'd' },
    { "json", no_argument, NULL, 'j' },
    { 0 },
};

static const struct command_action actions[] = {
    { "list", "trslj", 0, 0, list },
    { "show", "j", 1, 1, show },
    { "replay", "trdj", 0, 0, quarantine_replay },
};

const struct command command_quarantine = {
    .name = "quarantine",
    .usage = "quarantine ACTION [ARGUMENTS]",
    .summary = "list, show, replay: events that the catalogue refused",
    .details = "  list [--type TYPE] [--reason CODE] [--since TIME] [--limit N] [--json]\n"
               "                                    the newest of them, 50 unless said otherwise\n"
               "  show [--json] ID                  all that is kept of one\n"
               "  replay [--type TYPE] [--reason CODE] [--dry-run] [--json]\n"
               "                                    take in what the catalogue has nothing against any more\n",
    .needs = COMMAND_NEEDS_OWNER,
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &(struct quarantine_args){ .limit = LIST_DEFAULT },
    .take_option = take_option,
};
