#include "ctl/queue.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { BUSY_TIMEOUT_MS = 10000, RESERVE_BYTES = 4 * 1024 * 1024 };

/* ---- for all actions ---- */

enum status queue_failed(const char *what, enum status st)
{
    static const char *const reasons[STATUS_COUNT] = {
        [STATUS_BUSY] = "another process has been writing to the queue for longer than is waited for",
        [STATUS_NO_ROOM] = "the queue has reached queue_max_bytes, or its disk is full",
        [STATUS_NOT_SET_UP] = "queue.db or queue.lock is read-only, another user's, no queue, or of another release",
        [STATUS_UNAVAILABLE] = "the disk of the queue fails",
        [STATUS_CONFIG] = "the path of queue_directory is too long",
        [STATUS_NO_MEMORY] = "out of memory",
    };

    fprintf(stderr, "synchrony: queue %s: %s\n", what, reasons[st] ? reasons[st] : status_info(st)->sentence);
    return st;
}

const char *queue_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- requeue ---- */

/* Of what is there now, and no more: what a responder quarantines again meanwhile comes behind it, and would be moved for ever. */
static enum status requeue(struct queue *queue, uint64_t n_left, struct arena *arena, uint64_t *n_moved)
{
    enum status st = STATUS_OK;
    int64_t after_seq = 0;

    while (n_left && st == STATUS_OK) {
        struct queue_record *records;
        size_t max = n_left < QUEUE_PORTION_RECORDS ? n_left : QUEUE_PORTION_RECORDS;
        size_t n = 0;
        st = queue_quarantine_peek(queue, after_seq, max, QUEUE_PORTION_BYTES, arena, &records, &n);
        if (st != STATUS_OK || !n)
            break;
        after_seq = records[n - 1].seq;
        st = queue_requeue(queue, records, n);
        if (st == STATUS_OK)
            *n_moved += n;
        n_left -= n;
        arena_reset(arena);
    }
    return st;
}

enum status queue_requeue_all(struct command_call *call)
{
    const struct queue_args *args = call->args;
    struct queue_state state = { 0 };
    uint64_t n_moved = 0;
    enum status st = queue_state(args->queue, &state);

    if (st == STATUS_OK)
        st = requeue(args->queue, state.quarantined, &call->arena, &n_moved);
    if (st != STATUS_OK)
        (void)queue_failed("requeue", st);
    if (st == STATUS_OK || n_moved)
        printf("Moved %llu event%s back to the queue.\n", (unsigned long long)n_moved, queue_plural(n_moved));
    return st;
}

/* ---- the command ---- */

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct queue_args *args = call->args;

    (void)value;
    args->quarantine |= option == 'q';
    args->remove |= option == 'r';
    return STATUS_OK;
}

/* Nothing but the queue itself knows why it cannot be used, or that it was damaged and set aside: it says so in the log, which is on. */
static enum status with_queue(struct command_call *call)
{
    struct queue_args *args = call->args;
    const struct config *config = &call->config;
    const struct queue_options options = {
        .directory = config->queue_directory,
        .max_bytes = config->queue_max_bytes,
        .reserve_bytes = RESERVE_BYTES,
        .busy_timeout_ms = BUSY_TIMEOUT_MS,
    };

    args->file = call->n_operands && strcmp(call->operands[0], "-") != 0 ? call->operands[0] : NULL;
    if (args->remove && !args->file) {
        fprintf(stderr,
                "synchrony: queue export: --remove needs a FILE: what is removed must be on disk first, and of standard output"
                " nobody knows\n");
        return STATUS_USAGE;
    }
    if (!*config->queue_directory) {
        fprintf(stderr, "synchrony: queue: there is none: queue_directory is not set in the configuration\n");
        return STATUS_CONFIG;
    }
    log_set_level(LOG_LEVEL_WARN);
    enum status st = queue_become_owner(config->queue_directory);
    if (st != STATUS_OK)
        return st;
    st = queue_open(&args->queue, &options);
    if (st != STATUS_OK)
        return queue_failed(call->action->name, st);
    st = call->action->run(call);
    queue_close(args->queue);
    return st;
}

static const struct option long_options[] = {
    { "json", no_argument, NULL, 'j' },
    { "quarantine", no_argument, NULL, 'q' },
    { "remove", no_argument, NULL, 'r' },
    { 0 },
};

static const struct command_action actions[] = {
    { "status", "j", 0, 0, queue_status }, { "drain", "", 0, 0, queue_drain },         { "export", "qr", 0, 1, queue_export },
    { "import", "", 0, 1, queue_import },  { "requeue", "", 0, 0, queue_requeue_all },
};

const struct command command_queue = {
    .name = "queue",
    .usage = "queue ACTION [ARGUMENTS]",
    .summary = "status, drain, export, import, requeue: the durable queue",
    .details = "  status [--json]                         what waits in the queue, and what is quarantined\n"
               "  drain                                   bring all that waits to the database now\n"
               "  export [--quarantine] [--remove] [FILE] write the events as NDJSON, and remove them once FILE is on disk\n"
               "  import [FILE]                           put the events of such NDJSON into the queue\n"
               "  requeue                                 put what is quarantined back into the queue\n",
    .needs = COMMAND_NEEDS_CONFIG,
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &(struct queue_args){ 0 },
    .take_option = take_option,
    .around = with_queue,
};
