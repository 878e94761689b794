#include "cgi-bin/daemon.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/access.h"
#include "app/catalogue_keeper.h"
#include "app/replay.h"
#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "cgi-bin/writer.h"

enum {
    STOP_GRACE_MS = 4000,
    READS_QUEUED_MAX = 256,
    PORTERS = 4, /* each receives a request that is large, or slow */
    PORTERS_QUEUED_MAX = 1024,
    SENDERS = 4, /* each sends an answer that is long, or taken slowly */
    SENDERS_QUEUED_MAX = 8,
    QUARANTINE_GATHER_MS = 50, /* between a refusal and its writing, for more to come */
    PROBES = 2                 /* /readyz, and /metrics */
};

/* Of the threads in the background. */
enum { BELL_LEADER, BELL_REPLAYER, BELL_CATALOGUE, BELL_KEYS, BELL_RECORD, BELL_COUNT };

struct daemon {
    struct flights flights;
    struct crew writer_crew;
    struct crew crew; /* of the pools */
    struct pool readers;
    struct pool probes;
    struct pool porters;
    struct pool senders;
    struct writer writer;
    struct crew background; /* who leads the host's group, who replays the queue, who keeps the catalogue */
    struct catalogue_keeper *keeper;
    struct bell bells[BELL_COUNT];
};

/* ---- in the background ---- */

static void *leader_main(void *context)
{
    struct daemon *daemon = context;
    struct service *service = daemon->writer.service;
    struct db *db;

    if (db_pool_take(service->writers, &db) == STATUS_OK) {
        host_group_lead(daemon->writer.host_group, &service->delivery, db, &daemon->bells[BELL_LEADER].has_ended);
        db_pool_give(service->writers, db);
    }
    crew_leave(&daemon->background);
    return NULL;
}

static void *replay_main(void *context)
{
    struct daemon *daemon = context;
    struct service *service = daemon->writer.service;
    struct db *db;

    if (db_pool_take(service->writers, &db) == STATUS_OK) {
        replay_run(&service->delivery, service->replayed, db, &daemon->bells[BELL_REPLAYER]);
        db_pool_give(service->writers, db);
    }
    crew_leave(&daemon->background);
    return NULL;
}

/* Brings refused events to the database, unless that is known to be away, and sees to the bounds of their table. */
static void keep_quarantine(struct daemon *daemon, struct db *db)
{
    struct service *service = daemon->writer.service;
    bool is_down = delivery_is_down(&service->delivery);

    if (quarantine_is_waiting(service->quarantine))
        quarantine_flush(service->quarantine, is_down ? NULL : db);
    if (!is_down && catalogue_keeper_leads(daemon->keeper))
        quarantine_prune(service->quarantine, db, clock_monotonic_ms());
}

static void *keys_main(void *context)
{
    struct daemon *daemon = context;

    access_keep(daemon->writer.service->access, &daemon->bells[BELL_KEYS]);
    crew_leave(&daemon->background);
    return NULL;
}

static void *record_main(void *context)
{
    struct daemon *daemon = context;

    access_record(daemon->writer.service->access, &daemon->bells[BELL_RECORD]);
    crew_leave(&daemon->background);
    return NULL;
}

static enum status start_access(struct daemon *daemon)
{
    struct access *access = daemon->writer.service->access;

    if (!access)
        return STATUS_OK;
    access_begin(access);
    return crew_start(&daemon->background, keys_main, daemon) && crew_start(&daemon->background, record_main, daemon)
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

/* While the database does not answer the keeper does not either; the end does not wait for it. */
static void *catalogue_main(void *context)
{
    struct daemon *daemon = context;
    struct service *service = daemon->writer.service;
    struct bell *bell = &daemon->bells[BELL_CATALOGUE];
    struct db *db;

    if (db_pool_take(service->writers, &db) == STATUS_OK) {
        while (bell_goes_on(bell)) {
            int64_t left_ms = catalogue_keeper_look(daemon->keeper, db);
            const int64_t due_ms = clock_monotonic_ms() + left_ms;
            for (; left_ms > 0 && bell_wait(bell, (int)left_ms); left_ms = due_ms - clock_monotonic_ms()) {
                if (quarantine_is_waiting(service->quarantine))
                    (void)bell_wait(bell, QUARANTINE_GATHER_MS);
                keep_quarantine(daemon, db);
            }
        }
        keep_quarantine(daemon, db); /* what the last requests left */
        db_pool_give(service->writers, db);
    }
    crew_leave(&daemon->background);
    return NULL;
}

/* Without it every process commits for itself: slower, and nothing else. */
static void join_host_group(struct daemon *daemon)
{
    const struct config *config = daemon->writer.service->config;

    if (*config->run_directory &&
        host_group_open(&daemon->writer.host_group, config->run_directory, bytes_of(config->database_identity)) == STATUS_OK)
        (void)crew_start(&daemon->background, leader_main, daemon);
}

/* The catalogue is there before the first request is. */
static enum status keep_catalogue(struct daemon *daemon)
{
    struct service *service = daemon->writer.service;
    struct db *db;
    enum status st = catalogue_keeper_new(service, &daemon->keeper);

    if (st == STATUS_OK)
        st = db_pool_take(service->writers, &db);
    if (st != STATUS_OK)
        return st;
    catalogue_keeper_begin(daemon->keeper, db);
    quarantine_watch(service->quarantine, &daemon->bells[BELL_CATALOGUE]);
    db_pool_give(service->writers, db);
    return crew_start(&daemon->background, catalogue_main, daemon) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- beginning and end ---- */

/* Tells all threads to stop and waits until they have, or the grace is over. Those in the background are last: the leader may have
 * events of the others in hand. Returns whether all have ended. */
static bool stop_threads(struct daemon *daemon)
{
    const uint64_t stop = 1;
    struct timespec deadline = clock_monotonic_in(STOP_GRACE_MS);
    bool told = write(daemon->writer.stop_fd, &stop, sizeof stop) == sizeof stop;

    /* The writer goes first: it hands over to the pools. */
    bool ended = told && crew_wait(&daemon->writer_crew, &deadline);
    pool_stop(&daemon->readers);
    pool_stop(&daemon->probes);
    pool_stop(&daemon->porters);
    pool_stop(&daemon->senders);
    ended = ended && crew_wait(&daemon->crew, &deadline);
    for (size_t i = 0; i < BELL_COUNT; i++)
        bell_end(&daemon->bells[i]);
    return ended && crew_wait(&daemon->background, &deadline);
}

/* The signals that end the daemon are blocked in all threads; the first one waits for them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static struct pool pool_of(struct daemon *daemon, struct service *service, size_t max_threads, size_t max_queued)
{
    return (struct pool){
        .service = service,
        .crew = &daemon->crew,
        .context = &daemon->writer,
        .max_threads = max_threads,
        .max_queued = max_queued,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .queued = PTHREAD_COND_INITIALIZER,
    };
}

static void wire(struct daemon *daemon, struct service *service, int listen_fd)
{
    *daemon = (struct daemon){
        .flights = { .service = service, .lock = PTHREAD_MUTEX_INITIALIZER },
        .writer_crew = CREW_INITIALIZER,
        .crew = CREW_INITIALIZER,
        .readers = pool_of(daemon, service, service->config->reader_connections, READS_QUEUED_MAX),
        .probes = pool_of(daemon, service, PROBES, READS_QUEUED_MAX),
        .porters = pool_of(daemon, service, PORTERS, PORTERS_QUEUED_MAX),
        .senders = pool_of(daemon, service, SENDERS, SENDERS_QUEUED_MAX),
        .writer = { .service = service,
                    .flights = &daemon->flights,
                    .readers = &daemon->readers,
                    .probes = &daemon->probes,
                    .porters = &daemon->porters,
                    .senders = &daemon->senders,
                    .crew = &daemon->writer_crew,
                    .listen_fd = listen_fd,
                    .stop_fd = eventfd(0, EFD_CLOEXEC),
                    .inbox = { .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                               .lock = PTHREAD_MUTEX_INITIALIZER,
                               .has_room = PTHREAD_COND_INITIALIZER } },
        .background = CREW_INITIALIZER,
    };
    for (size_t i = 0; i < BELL_COUNT; i++)
        daemon->bells[i] = (struct bell)BELL_INITIALIZER;
    daemon->readers.are_alike = flight_are_alike;
    daemon->readers.may_begin = flight_may_begin;
}

/* Large bodies go back to the system when they are freed, instead of becoming holes in a heap, and threads share heaps: so what was used
 * at the worst moment is not kept. */
static void tune_allocator(void)
{
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_ARENA_MAX, 2);
}

static enum status start(struct daemon *daemon)
{
    int listen_fd = daemon->writer.listen_fd;

    tune_allocator();
    if (daemon->writer.stop_fd < 0 || daemon->writer.inbox.fd < 0 ||
        fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) < 0)
        return STATUS_INTERNAL;
    enum status st = connection_library_init();
    if (st == STATUS_OK)
        st = keep_catalogue(daemon);
    if (st == STATUS_OK)
        join_host_group(daemon);
    if (st == STATUS_OK && !crew_start(&daemon->background, replay_main, daemon))
        st = STATUS_NO_MEMORY;
    if (st == STATUS_OK)
        st = start_access(daemon);
    return st == STATUS_OK ? writer_start(&daemon->writer) : st;
}

enum status daemon_serve(struct service *service, int listen_fd)
{
    struct daemon daemon;
    sigset_t signals;
    int signal_number;

    wire(&daemon, service, listen_fd);
    block_signals(&signals);
    enum status st = start(&daemon);
    if (st != STATUS_OK) {
        (void)stop_threads(&daemon);
        return st;
    }
    if (service->config->access == CONFIG_ACCESS_OPEN)
        LOG(WARN, "reads are open: whoever can reach this service can read every event",
            log_number("synchrony.allowed_origins", (int64_t)service->config->n_allowed_origins));

    sigwait(&signals, &signal_number);
    if (!stop_threads(&daemon)) {
        LOG(WARN, "ended with requests under way", log_number("synchrony.grace_ms", STOP_GRACE_MS));
        _exit(status_info(STATUS_OK)->exit); /* their threads still use what would be released */
    }
    catalogue_keeper_close(daemon.keeper);
    host_group_close(daemon.writer.host_group);
    flights_free(&daemon.flights);
    close(daemon.writer.inbox.fd);
    close(daemon.writer.stop_fd);
    return STATUS_OK;
}
