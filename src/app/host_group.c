#include "app/host_group.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/process.h"
#include "base/shared_file.h"

enum {
    FILE_VERSION = 2 << 16 | STATUS_COUNT, /* it holds events, and statuses of them */
    SLOTS = 256,
    PROCESSES = 512,
    SLOT_TEXT_BYTES = 66 * 1024, /* an event of the default limit, and its key */
    LEAD_PATIENCE_MS = 500,
    TAKE_PATIENCE_MS = 1000, /* how long an event waits for a leader to take it */
    SWEEP_EVERY_MS = 1000,
    ARENA_BYTES = 4 * 1024 * 1024
};

/* A slot's life: FREE → FILLING → READY → TAKEN → DONE → FREE. Who waits may give up: READY → FILLING → FREE, or
 * TAKEN → ABANDONED → FREE. */
enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_READY, SLOT_TAKEN, SLOT_DONE, SLOT_ABANDONED };

enum { STATE_BITS = 8 };

struct host_slot {
    _Atomic uint64_t
        word;   /* the state, and above it the process that waits: changed in one step, so a kill leaves no slot without owner */
    sem_t done; /* wakes who waits; may be posted once too often, so the state decides */
    struct event event; /* its bytes are offsets into text, as no two processes map the file at the same address */
    char text[SLOT_TEXT_BYTES];
};

struct file {
    struct shared_file_header header;
    pthread_mutex_t lead; /* robust: held by the leader as long as it leads */
    sem_t work;           /* something is READY */
    _Atomic int processes[PROCESSES];
    _Atomic int n_processes; /* as counted last */
    struct host_slot slots[SLOTS];
};

struct host_group {
    struct file *file;
    int pid;
};

/* ---- the file ---- */

static void file_init(void *memory)
{
    struct file *file = memory;
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&file->lead, &attributes);
    pthread_mutexattr_destroy(&attributes);
    sem_init(&file->work, 1, 0);
    for (size_t i = 0; i < SLOTS; i++)
        sem_init(&file->slots[i].done, 1, 0);
}

static bool is_alive(int pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

/* Counts the processes that are there, striking out those that are not. */
static void count_processes(struct file *file)
{
    int n = 0;

    for (size_t i = 0; i < PROCESSES; i++) {
        int pid = atomic_load(&file->processes[i]);
        if (!pid)
            continue;
        if (is_alive(pid))
            n++;
        else
            atomic_compare_exchange_strong(&file->processes[i], &pid, 0);
    }
    atomic_store(&file->n_processes, n);
}

static void replace_process(struct file *file, int from, int to)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        int pid = from;
        if (atomic_compare_exchange_strong(&file->processes[i], &pid, to))
            break;
    }
    count_processes(file);
}

enum status host_group_open(struct host_group **group, const char *run_directory, struct bytes database)
{
    char name[40];
    void *memory = NULL;
    enum status st = STATUS_NO_MEMORY;

    snprintf(name, sizeof name, "group.%016llx", (unsigned long long)hash_fnv1a(database));
    *group = calloc(1, sizeof **group);
    if (*group)
        st = shared_file_map(run_directory, name, FILE_VERSION, sizeof(struct file), file_init, &memory);
    if (st != STATUS_OK) {
        free(*group);
        *group = NULL;
        return st;
    }
    (*group)->file = memory;
    (*group)->pid = (int)getpid();
    replace_process((*group)->file, 0, (*group)->pid);
    return STATUS_OK;
}

void host_group_close(struct host_group *group)
{
    if (!group)
        return;
    replace_process(group->file, group->pid, 0);
    free(group);
}

bool host_group_is_shared(const struct host_group *group)
{
    return atomic_load_explicit(&group->file->n_processes, memory_order_relaxed) > 1;
}

/* ---- who waits ---- */

static enum slot_state state_of(uint64_t word)
{
    return (enum slot_state)(word & ((1u << STATE_BITS) - 1));
}

static int owner_of(uint64_t word)
{
    return (int)(word >> STATE_BITS);
}

static uint64_t word_of(enum slot_state state, int owner)
{
    return (uint64_t)(unsigned)owner << STATE_BITS | state;
}

static enum slot_state state(struct host_slot *slot)
{
    return state_of(atomic_load(&slot->word));
}

/* Changes the state, if it is from; the owner stays. */
static bool change_state(struct host_slot *slot, enum slot_state from, enum slot_state to)
{
    uint64_t word = atomic_load(&slot->word);

    return state_of(word) == from && atomic_compare_exchange_strong(&slot->word, &word, word_of(to, owner_of(word)));
}

/* Processes begin to look at places of their own, so that they seldom meet. */
static struct host_slot *claim(struct host_group *group)
{
    unsigned first = (unsigned)group->pid * 2654435761u % SLOTS;

    for (size_t i = 0; i < SLOTS; i++) {
        struct host_slot *slot = &group->file->slots[(first + i) % SLOTS];
        uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
        if (state_of(word) == SLOT_FREE && atomic_compare_exchange_strong(&slot->word, &word, word_of(SLOT_FILLING, group->pid)))
            return slot;
    }
    return NULL;
}

static void release(struct host_slot *slot)
{
    while (sem_trywait(&slot->done) == 0) {
        /* what was posted for who gave up */
    }
    atomic_store(&slot->word, word_of(SLOT_FREE, 0));
}

static bool fits(const struct event *event)
{
    return event->event_type.len + event->session_id.len + event->properties.len <= SLOT_TEXT_BYTES;
}

/* The three texts stand one behind the other. */
static void fill(struct host_slot *slot, const struct event *event)
{
    const struct bytes texts[] = { event->event_type, event->session_id, event->properties };
    size_t at = 0;

    slot->event = *event;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        memcpy(slot->text + at, texts[i].p, texts[i].len);
        at += texts[i].len;
    }
}

/* Waits until the leader is done with the slot, or for timeout_ms. */
static void wait_until_done(struct host_slot *slot, int timeout_ms)
{
    struct timespec deadline = clock_monotonic_in(timeout_ms);

    while (state(slot) != SLOT_DONE) {
        if (sem_clockwait(&slot->done, CLOCK_MONOTONIC, &deadline) != 0 && errno == ETIMEDOUT)
            break;
    }
}

/* Takes back what no leader has taken. Returns false where one has. */
static bool withdraw(struct host_slot *slot)
{
    if (!change_state(slot, SLOT_READY, SLOT_FILLING))
        return false;
    release(slot);
    return true;
}

/* Takes the verdict, or gives up. A slot that the leader has in hand is left to it. */
static void take_verdict(struct host_slot *slot, struct event *event)
{
    event->verdict = STATUS_UNAVAILABLE;
    event->is_duplicate = false;
    for (;;) {
        if (state(slot) == SLOT_DONE) {
            event->verdict = slot->event.verdict;
            event->is_duplicate = slot->event.is_duplicate;
            release(slot);
            return;
        }
        /* READY again: what a leader that was killed had taken. */
        if (withdraw(slot) || change_state(slot, SLOT_TAKEN, SLOT_ABANDONED))
            return;
    }
}

struct host_slot *host_group_submit(struct host_group *group, const struct event *event)
{
    struct host_slot *slot = fits(event) ? claim(group) : NULL;

    if (!slot)
        return NULL;
    fill(slot, event);
    (void)change_state(slot, SLOT_FILLING, SLOT_READY);
    sem_post(&group->file->work);
    return slot;
}

bool host_group_poll(struct host_slot *slot, struct event *event, int timeout_ms)
{
    wait_until_done(slot, timeout_ms);
    if (state(slot) != SLOT_DONE)
        return false;
    take_verdict(slot, event);
    return true;
}

bool host_group_await(struct host_slot *slot, struct event *event, int timeout_ms)
{
    wait_until_done(slot, timeout_ms < TAKE_PATIENCE_MS ? timeout_ms : TAKE_PATIENCE_MS);
    /* Nobody leads, or who does is stuck: the event has not been written, and may be written otherwise. */
    if (withdraw(slot))
        return false;
    wait_until_done(slot, timeout_ms);
    take_verdict(slot, event);
    return true;
}

/* ---- who leads ---- */

struct leader {
    struct file *file;
    struct delivery *delivery;
    struct db *db;
    struct arena arena;
    struct host_slot *taken[SLOTS];
    struct event events[SLOTS]; /* as in the slots, with addresses of this process */
    struct event *order[SLOTS];
    size_t n;
};

static void take_ready(struct leader *leader)
{
    leader->n = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        struct host_slot *slot = &leader->file->slots[i];
        if (!change_state(slot, SLOT_READY, SLOT_TAKEN))
            continue;
        struct event *event = &leader->events[leader->n];
        *event = slot->event;
        event->event_type.p = slot->text;
        event->session_id.p = slot->text + event->event_type.len;
        event->properties.p = event->session_id.p + event->session_id.len;
        leader->order[leader->n] = event;
        leader->taken[leader->n++] = slot;
    }
}

static void give_verdicts(struct leader *leader)
{
    for (size_t i = 0; i < leader->n; i++) {
        struct host_slot *slot = leader->taken[i];
        slot->event.verdict = leader->events[i].verdict;
        slot->event.is_duplicate = leader->events[i].is_duplicate;
        if (change_state(slot, SLOT_TAKEN, SLOT_DONE))
            sem_post(&slot->done);
        else
            release(slot);
    }
}

static void commit_ready(struct leader *leader)
{
    while (sem_trywait(&leader->file->work) == 0) {
        /* one look serves all that was announced */
    }
    take_ready(leader);
    if (!leader->n)
        return;
    delivery_write(leader->delivery, leader->db, leader->order, leader->n, &leader->arena);
    arena_reset(&leader->arena);
    give_verdicts(leader);
}

/* What processes left behind that are no more: slots that they filled, or whose verdict they will not take. */
static void clear_slots(struct file *file)
{
    for (size_t i = 0; i < SLOTS; i++) {
        uint64_t word = atomic_load(&file->slots[i].word);
        bool is_owners = state_of(word) == SLOT_FILLING || state_of(word) == SLOT_DONE;
        if (is_owners && !is_alive(owner_of(word)))
            release(&file->slots[i]);
    }
}

/* What a leader that was killed had taken is committed again: with the same identities, so it is stored once. */
static void take_over(struct file *file)
{
    size_t n = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        struct host_slot *slot = &file->slots[i];
        n += change_state(slot, SLOT_TAKEN, SLOT_READY);
        if (state(slot) == SLOT_ABANDONED)
            release(slot);
        else if (state(slot) == SLOT_DONE)
            sem_post(&slot->done); /* perhaps it had not come to that; once too often does no harm */
    }
    LOG(WARN, "the leading process was lost; this one commits what it had taken", log_number("synchrony.events", (int64_t)n));
}

/* Becomes the leader. Returns false when another leads still. */
static bool try_to_lead(struct file *file)
{
    struct timespec deadline = clock_monotonic_in(LEAD_PATIENCE_MS);
    int got = pthread_mutex_clocklock(&file->lead, CLOCK_MONOTONIC, &deadline);

    if (got == EOWNERDEAD) {
        pthread_mutex_consistent(&file->lead);
        take_over(file);
        got = 0;
    }
    return got == 0;
}

static void lead(struct leader *leader, const _Atomic bool *stops)
{
    int64_t sweep_ms = 0;

    commit_ready(leader); /* what was announced to the one before */
    while (!atomic_load(stops)) {
        struct timespec deadline = clock_monotonic_in(LEAD_PATIENCE_MS);
        (void)sem_clockwait(&leader->file->work, CLOCK_MONOTONIC, &deadline);
        commit_ready(leader);
        if (clock_monotonic_ms() >= sweep_ms) {
            sweep_ms = clock_monotonic_ms() + SWEEP_EVERY_MS;
            clear_slots(leader->file);
            count_processes(leader->file);
        }
    }
}

void host_group_lead(struct host_group *group, struct delivery *delivery, struct db *db, const _Atomic bool *stops)
{
    struct leader *leader = calloc(1, sizeof *leader);

    if (!leader)
        return;
    leader->file = group->file;
    leader->delivery = delivery;
    leader->db = db;
    leader->arena = arena_new(ARENA_BYTES);
    process_thread_gives_way();
    while (!atomic_load(stops)) {
        if (!try_to_lead(leader->file))
            continue;
        lead(leader, stops);
        pthread_mutex_unlock(&leader->file->lead);
    }
    arena_free(&leader->arena);
    free(leader);
}
