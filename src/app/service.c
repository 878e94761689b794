#include "app/service.h"

#include <stdatomic.h>

#include "base/log.h"

enum { QUEUE_RESERVE_BYTES = 4 * 1024 * 1024, QUEUE_BUSY_TIMEOUT_MS = 5000 };

static enum status open_queue(const struct config *config, struct queue **queue)
{
    const struct queue_options options = {
        .directory = config->queue_directory,
        .max_bytes = config->queue_max_bytes,
        .reserve_bytes = QUEUE_RESERVE_BYTES,
        .busy_timeout_ms = QUEUE_BUSY_TIMEOUT_MS,
    };

    return queue_open(queue, &options);
}

static enum status open_queues(struct service *service)
{
    struct queue **handles[] = { &service->delivery.queue, &service->batches, &service->replayed };
    enum status st = STATUS_OK;

    for (size_t i = 0; i < sizeof handles / sizeof handles[0] && st == STATUS_OK; i++)
        st = open_queue(service->config, handles[i]);
    return st;
}

/* What the log lacks is no reason not to start. */
static bool read_session_key(const char *path, struct siphash_key *key)
{
    const char *fault;

    if (!*path || session_hash_key_read(path, key, &fault) == STATUS_OK)
        return *path;
    LOG(ERROR, "the key for sessions in the log cannot be used: they are left out", log_text("file.path", bytes_of(path)),
        log_text("error.message", bytes_of(fault)));
    return false;
}

enum status service_open(struct service *service, const struct config *config)
{
    const struct db_options writer = {
        .conninfo = config->writer_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = config->write_timeout_ms,
        .lock_timeout_ms = config->write_timeout_ms / EVENT_STORE_ATTEMPTS, /* each of them may wait as long */
    };
    const struct db_options reader = {
        .conninfo = config->reader_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = config->read_timeout_ms,
        .lock_timeout_ms = config->read_timeout_ms,
        .pool = METRIC_READERS,
    };

    service->config = config;
    service->has_session_key = read_session_key(config->log_session_key_file, &service->session_key);
    service->access = NULL;
    atomic_init(&service->last_received_at_us, 0);
    /* Five more: for who leads the host's group, for who replays, for who keeps the catalogue, and two for the probes, which ask whether
     * the database would take an event while all writers are busy. */
    service->writers = db_pool_new(&writer, config->writer_connections + 5, config->pool_timeout_ms);
    service->readers = db_pool_new(&reader, config->reader_connections, config->pool_timeout_ms);
    enum status st = service->writers && service->readers ? STATUS_OK : STATUS_NO_MEMORY;
    const struct quarantine_options quarantine = {
        .max_rows = config->quarantine_max_rows,
        .retention_s = config->quarantine_retention_s,
        .payload_max_bytes = config->quarantine_payload_max_bytes,
        .rate = config->quarantine_rate,
    };
    service->quarantine = quarantine_new(&quarantine);
    enum status place_st = catalogue_place_open(&service->catalogue, config->event_types == EVENT_TYPES_LISTED);
    if (st == STATUS_OK)
        st = service->quarantine ? place_st : STATUS_NO_MEMORY;
    if (st == STATUS_OK)
        st = long_answers_open(&service->long_answers, config->reader_connections > 1 ? config->reader_connections - 1 : 1);
    service->log_turns = NULL;
    if (st == STATUS_OK)
        st = turns_open(&service->log_turns, config->run_directory, "log_turns");
    service->delivery = (struct delivery){ .batch_retention_us = (int64_t)config->batch_retention_s * 1000000 };
    service->batches = NULL;
    service->replayed = NULL;
    pthread_mutex_init(&service->batches_lock, NULL);
    if (st == STATUS_OK && *config->queue_directory)
        st = open_queues(service);
    if (st != STATUS_OK)
        service_close(service);
    return st;
}

void service_close(struct service *service)
{
    queue_close(service->replayed);
    queue_close(service->batches);
    queue_close(service->delivery.queue);
    service->batches = NULL;
    service->replayed = NULL;
    service->delivery.queue = NULL;
    catalogue_place_close(&service->catalogue);
    quarantine_free(service->quarantine);
    service->quarantine = NULL;
    turns_close(service->log_turns);
    service->log_turns = NULL;
    db_pool_free(service->readers);
    db_pool_free(service->writers);
    service->readers = NULL;
    service->writers = NULL;
}

int64_t service_accept_times(struct service *service, size_t n, int64_t now_us)
{
    int64_t last = atomic_load(&service->last_received_at_us);
    int64_t first;

    do
        first = now_us > last ? now_us : last + 1;
    while (!atomic_compare_exchange_weak(&service->last_received_at_us, &last, first + (int64_t)n - 1));
    return first;
}
