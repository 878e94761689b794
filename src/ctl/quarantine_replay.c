/* synchrony quarantine replay: takes in what the catalogue has nothing against any more, each event with the identity that it would have
 * had. An event that is noted as replayed has been committed before; who is killed in between finds it stored when he comes again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/catalogue.h"
#include "app/group.h"
#include "base/clock.h"
#include "ctl/quarantine.h"
#include "model/json_guard.h"

enum { PORTION = 200, ARENA_BYTES = 256 * 1024 * 1024, TEXT_MAX_BYTES = 64 * 1024 * 1024, SHOW_EVERY_MS = 200 };

struct replay {
    const struct command_call *call;
    const struct quarantine_args *args;
    struct db *writer;
    struct catalogue *catalogue; /* NULL: everything passes */
    struct schema_scratch *scratch;
    struct arena arena; /* of a portion */
    struct uuid last;
    bool has_last;
    size_t stored; /* duplicates among them; with dry_run what would be */
    size_t duplicates;
    size_t failing; /* they are refused still */
    size_t cut;
    size_t refused; /* by the database */
    int64_t shown_ms;
};

/* ---- judging ---- */

/* The whole event as it was posted, but for the places of its key. */
static enum status compose(const struct event *event, struct arena *arena, struct bytes *text)
{
    struct buf buf = buf_new(TEXT_MAX_BYTES);
    struct bytes rest = event->properties;

    buf_add_text(&buf, "{\"event_type\":");
    buf_add_json(&buf, event->event_type);
    buf_add_text(&buf, ",\"session_id\":");
    buf_add_json(&buf, event->session_id);
    if (rest.len && !bytes_equal(rest, BYTES("{}"))) {
        buf_add_text(&buf, ",");
        buf_add(&buf, (struct bytes){ rest.p + 1, rest.len - 1 });
    } else {
        buf_add_text(&buf, "}");
    }
    *text = buf.failed ? (struct bytes){ 0 } : arena_copy(arena, buf_bytes(&buf));
    buf_free(&buf);
    return text->p ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status judge_text(struct replay *replay, const struct schema *schema, struct bytes text)
{
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    struct schema_report report;
    struct tree tree = { 0 };

    limits.nesting_max = LIMIT_NESTING - 1;
    limits.members_max = LIMIT_MEMBERS;
    limits.values_max = SIZE_MAX;
    enum status st = guard_scan(text, &limits, &replay->arena, &scan);
    if (st == STATUS_OK && (scan.n_elements != 1 || scan.elements[0].fault.status != STATUS_OK))
        st = STATUS_INVALID_EVENT;
    if (st == STATUS_OK)
        st = tree_read(&tree, text, &replay->arena);
    return st == STATUS_OK && schema ? schema_judge(schema, tree.values, replay->scratch, &replay->arena, &report) : st;
}

/* As the responder would judge it now: STATUS_OK where it passes. */
static enum status judge(struct replay *replay, const struct event *event)
{
    struct catalogue_entry *entry = replay->catalogue ? catalogue_find(replay->catalogue, event->event_type) : NULL;
    struct bytes text;
    enum status st = compose(event, &replay->arena, &text);

    if (!entry && replay->call->config.event_types == EVENT_TYPES_LISTED)
        return STATUS_UNKNOWN_EVENT_TYPE;
    return st == STATUS_OK ? judge_text(replay, entry && entry->mode == EVENT_SCHEMA_ENFORCE ? entry->schema : NULL, text) : st;
}

/* ---- storing ---- */

static enum status settle(struct replay *replay, const struct rejected_event *rejected, size_t n, const bool *passes)
{
    struct uuid *ids = arena_alloc_array(&replay->arena, n, sizeof *ids);
    size_t n_ids = 0;

    if (!ids)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (!passes[i])
            continue;
        enum status verdict = rejected[i].event.verdict;
        if (verdict == STATUS_OK)
            ids[n_ids++] = rejected[i].rejection_id;
        else if (verdict != STATUS_UNPROCESSABLE)
            return command_failed("quarantine replay", replay->writer, verdict);
        replay->stored += verdict == STATUS_OK;
        replay->duplicates += verdict == STATUS_OK && rejected[i].event.is_duplicate;
        replay->refused += verdict == STATUS_UNPROCESSABLE;
    }
    enum status st = n_ids ? rejected_event_settle(replay->call->db, command_os_user(), ids, n_ids) : STATUS_OK;
    return st == STATUS_OK ? st : command_failed("quarantine replay", replay->call->db, st);
}

static enum status store(struct replay *replay, struct rejected_event *rejected, size_t n, const bool *passes)
{
    struct event **events = arena_alloc_array(&replay->arena, n, sizeof *events);
    size_t n_events = 0;

    if (!events)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (passes[i])
            events[n_events++] = &rejected[i].event;
    }
    if (replay->args->dry_run)
        replay->stored += n_events;
    if (!n_events || replay->args->dry_run)
        return STATUS_OK;
    group_write(replay->writer, events, n_events, &replay->arena);
    return settle(replay, rejected, n, passes);
}

/* Returns STATUS_END behind the last. */
static enum status portion(struct replay *replay)
{
    struct rejected_event *rejected;
    bool passes[PORTION];
    size_t n;
    enum status st = rejected_event_read(replay->call->db, &replay->args->filter, replay->has_last ? &replay->last : NULL, PORTION,
                                         &replay->arena, &rejected, &n);

    if (st != STATUS_OK)
        return command_failed("quarantine replay", replay->call->db, st);
    for (size_t i = 0; i < n; i++) {
        enum status verdict = rejected[i].is_cut ? STATUS_TOO_LARGE : judge(replay, &rejected[i].event);
        if (verdict == STATUS_NO_MEMORY || verdict == STATUS_INTERNAL)
            return command_failed("quarantine replay", NULL, verdict);
        passes[i] = verdict == STATUS_OK;
        replay->cut += rejected[i].is_cut;
        replay->failing += !passes[i] && !rejected[i].is_cut;
        replay->last = rejected[i].rejection_id;
        replay->has_last = true;
    }
    if (n)
        st = store(replay, rejected, n, passes);
    arena_reset(&replay->arena);
    return st == STATUS_OK && n < PORTION ? STATUS_END : st;
}

/* ---- saying what was done ---- */

static void show(struct replay *replay)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!isatty(STDERR_FILENO) || (replay->shown_ms && now_ms - replay->shown_ms < SHOW_EVERY_MS))
        return;
    replay->shown_ms = now_ms;
    fprintf(stderr, "\r%zu stored, %zu still fail, %zu are cut\033[K", replay->stored, replay->failing, replay->cut);
}

static void print_result(const struct replay *replay)
{
    if (replay->call->json) {
        printf("{\"dry_run\":%s,\"stored\":%zu,\"duplicates\":%zu,\"failing\":%zu,\"cut\":%zu,\"refused\":%zu}\n",
               replay->args->dry_run ? "true" : "false", replay->stored, replay->duplicates, replay->failing, replay->cut,
               replay->refused);
        return;
    }
    if (replay->args->dry_run)
        printf("%zu would be stored", replay->stored);
    else
        printf("%zu stored, %zu of them had been before", replay->stored, replay->duplicates);
    printf("; %zu still fail", replay->failing);
    if (replay->cut)
        printf("; %zu are cut and cannot be replayed", replay->cut);
    if (replay->refused)
        printf("; %zu can never be stored", replay->refused);
    printf(".\n");
}

/* ---- the run ---- */

static enum status read_catalogue(struct replay *replay)
{
    struct event_schema *schemas;
    struct schema_fault *fault = malloc(sizeof *fault);
    size_t n;
    enum status st = fault ? event_schema_read(replay->call->db, &replay->arena, &schemas, &n) : STATUS_NO_MEMORY;

    if (st != STATUS_OK) {
        free(fault);
        return command_failed("quarantine replay", replay->call->db, st);
    }
    st = catalogue_compile(schemas, n, &replay->catalogue, fault, NULL);
    if (st != STATUS_OK)
        fprintf(stderr, "synchrony: quarantine replay: the catalogue cannot be used: %s: %s\n", fault->uri, fault->reason);
    free(fault);
    arena_reset(&replay->arena);
    return st;
}

enum status quarantine_replay(struct command_call *call)
{
    const struct config *config = &call->config;
    const struct db_options options = { .conninfo = config->writer_database,
                                        .connect_timeout_s = config->connect_timeout_s,
                                        .statement_timeout_ms = config->write_timeout_ms };
    struct replay replay = { .call = call,
                             .args = call->args,
                             .writer = db_new(&options),
                             .scratch = schema_scratch_new(),
                             .arena = arena_new(ARENA_BYTES) };
    enum status st = replay.writer && replay.scratch ? read_catalogue(&replay) : STATUS_NO_MEMORY;

    while (st == STATUS_OK) {
        st = portion(&replay);
        show(&replay);
    }
    if (replay.shown_ms)
        fprintf(stderr, "\n");
    if (st == STATUS_END) {
        print_result(&replay);
        st = STATUS_OK;
    }
    catalogue_free(replay.catalogue);
    schema_scratch_free(replay.scratch);
    arena_free(&replay.arena);
    db_free(replay.writer);
    return st;
}
