#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/replay.h"
#include "base/clock.h"
#include "ctl/queue.h"
#include "store/event_store.h"
#include "store/readiness.h"

enum {
    PAUSE_MS = 200, /* between two looks at another's progress, and before the same is tried again */
    LEAD_WAIT_MS = 2000,
    STALL_MS = 4000, /* without progress of another, before the database is asked why */
    RETRIES = 10,    /* of a portion that lost a conflict, or found the queue busy */
    SHOW_EVERY_MS = 200,
    BAR_COLUMNS = 24
};

/* Set by a signal: the portion under way is finished. */
static volatile sig_atomic_t was_interrupted;

struct drain {
    struct queue *queue;
    struct db *db;
    struct arena arena;
    struct replay_progress progress;
    bool leads;
    bool is_said;      /* that another leads */
    bool shows;        /* standard error is a terminal */
    uint64_t followed; /* records that another process took from the queue meanwhile */
    uint64_t left;     /* records in the queue, as of the last look */
    int64_t begun_ms;
    int64_t shown_ms;
    int64_t last_progress_ms; /* of the other process */
    int retries;
};

static void interrupt(int signal_number)
{
    (void)signal_number;
    was_interrupted = true;
}

/* Once; a second one ends the process at once, which loses nothing either. */
static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int)(SA_RESTART | SA_RESETHAND) };

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static uint64_t done_of(const struct drain *drain)
{
    return drain->progress.stored + drain->progress.quarantined + drain->followed;
}

/* ---- showing ---- */

static void show(struct drain *drain)
{
    static const char full[] = "########################";
    _Static_assert(sizeof full - 1 == BAR_COLUMNS, "a mark for each column");
    int64_t now_ms = clock_monotonic_ms();
    uint64_t done = done_of(drain), total = done + drain->left;

    if (!drain->shows || (drain->shown_ms && now_ms - drain->shown_ms < SHOW_EVERY_MS && drain->left))
        return;
    drain->shown_ms = now_ms;
    int columns = total ? (int)(BAR_COLUMNS * done / total) : BAR_COLUMNS;
    double seconds = (double)(now_ms - drain->begun_ms) / 1000;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    fprintf(stderr, "\r[%-*.*s] %llu / %llu", BAR_COLUMNS, columns, full, (unsigned long long)done, (unsigned long long)total);
    if (rate > 0) {
        unsigned long long eta_s = (unsigned long long)((double)drain->left / rate);
        fprintf(stderr, "  %.0f/s  ETA %llu:%02llu", rate, eta_s / 60, eta_s % 60);
    }
    fprintf(stderr, "\033[K");
}

/* Before anything else is printed. */
static void end_line(struct drain *drain)
{
    if (drain->shown_ms)
        fprintf(stderr, "\n");
    drain->shown_ms = 0;
}

static void print_result(const struct drain *drain)
{
    printf("Stored %llu event%s", (unsigned long long)drain->progress.stored, queue_plural(drain->progress.stored));
    if (drain->followed)
        printf(", another process took %llu", (unsigned long long)drain->followed);
    if (drain->progress.quarantined)
        printf(", quarantined %llu that can never be stored", (unsigned long long)drain->progress.quarantined);
    if (drain->left)
        printf("; %llu %s left in the queue.\n", (unsigned long long)drain->left, drain->left == 1 ? "is" : "are");
    else
        printf("; the queue is empty.\n");
}

/* ---- draining ---- */

static enum status look(struct drain *drain)
{
    struct queue_state state = { 0 };
    enum status st = queue_state(drain->queue, &state);

    if (st == STATUS_OK)
        drain->left = state.records;
    return st;
}

/* A portion fails by the database or by the queue; a queue that can be looked at was not it. */
static enum status say_why(struct drain *drain, enum status st)
{
    end_line(drain);
    return look(drain) == STATUS_OK ? command_failed("queue drain", drain->db, st) : queue_failed("drain", st);
}

/* A conflict, or a turn that was not had, passes by itself. */
static bool may_retry(struct drain *drain, enum status st)
{
    if ((st != STATUS_RETRY && st != STATUS_BUSY) || drain->retries++ >= RETRIES)
        return false;
    poll(NULL, 0, PAUSE_MS);
    return true;
}

static enum status lead(struct drain *drain)
{
    enum status st = replay_portion(drain->queue, drain->db, &drain->arena, &drain->progress);

    if (may_retry(drain, st))
        return STATUS_OK;
    if (st == STATUS_OK || st == STATUS_END) {
        drain->retries = 0;
        enum status looked = look(drain);
        return looked == STATUS_OK ? st : queue_failed("drain", looked);
    }
    return say_why(drain, st);
}

/* Another process replays: a responder that is ending gives the lead up within LEAD_WAIT_MS, any other keeps it. Where it gets nowhere, its
 * reason is likely ours. */
static enum status follow(struct drain *drain)
{
    uint64_t before = drain->left;
    enum status st = look(drain);

    if (st != STATUS_OK)
        return may_retry(drain, st) ? STATUS_OK : queue_failed("drain", st);
    if (drain->left < before) {
        drain->followed += before - drain->left;
        drain->last_progress_ms = clock_monotonic_ms();
        drain->retries = 0;
    }
    if (!drain->left)
        return STATUS_END;
    if (!drain->is_said && clock_monotonic_ms() - drain->begun_ms > LEAD_WAIT_MS) {
        end_line(drain);
        fprintf(stderr, "synchrony: queue drain: another process replays the queue already; following its progress\n");
        drain->is_said = true;
    }
    if (clock_monotonic_ms() - drain->last_progress_ms > STALL_MS) {
        st = readiness_check(drain->db);
        if (st != STATUS_OK && st != STATUS_RETRY)
            return say_why(drain, st);
        drain->last_progress_ms = clock_monotonic_ms();
    }
    poll(NULL, 0, PAUSE_MS);
    /* It may have ended. */
    drain->leads = queue_lead(drain->queue) == STATUS_OK;
    return STATUS_OK;
}

static enum status replay(struct drain *drain)
{
    enum status st = queue_lead(drain->queue);

    if (st != STATUS_OK && st != STATUS_BUSY)
        return queue_failed("drain", st);
    drain->leads = st == STATUS_OK;
    drain->begun_ms = clock_monotonic_ms();
    drain->last_progress_ms = drain->begun_ms;
    do {
        show(drain);
        st = drain->leads ? lead(drain) : follow(drain);
    } while (st == STATUS_OK && !was_interrupted);
    if (st == STATUS_END)
        show(drain);
    end_line(drain);
    if (st == STATUS_OK) { /* not wrong, but not done */
        fprintf(stderr, "synchrony: queue drain: interrupted\n");
        return STATUS_CONFLICT;
    }
    return st == STATUS_END ? STATUS_OK : st;
}

enum status queue_drain(struct command_call *call)
{
    const struct queue_args *args = call->args;
    const struct config *config = &call->config;
    const struct db_options options = {
        .conninfo = config->writer_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = config->write_timeout_ms,
        .lock_timeout_ms = config->write_timeout_ms / EVENT_STORE_ATTEMPTS,
    };
    struct drain drain = {
        .queue = args->queue,
        .db = db_new(&options),
        .arena = arena_new(REPLAY_ARENA_BYTES),
        .shows = isatty(STDERR_FILENO),
    };
    enum status st = drain.db ? look(&drain) : STATUS_NO_MEMORY;

    catch_signals();
    if (st != STATUS_OK)
        (void)queue_failed("drain", st);
    else if (!drain.left)
        printf("The queue is empty.\n");
    else {
        st = replay(&drain);
        print_result(&drain);
    }
    queue_unlead(args->queue);
    arena_free(&drain.arena);
    db_free(drain.db);
    return st;
}
