#include "app/service.h"

#include <stdatomic.h>

enum status service_open(struct service *service, const struct config *config)
{
    const struct db_options writer = {
        .conninfo = config->writer_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = config->write_timeout_ms,
        .lock_timeout_ms = config->write_timeout_ms,
    };
    const struct db_options reader = {
        .conninfo = config->reader_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = config->read_timeout_ms,
        .lock_timeout_ms = config->read_timeout_ms,
    };

    service->config = config;
    atomic_init(&service->last_received_at_us, 0);
    /* Two more: for who leads the host's group, and for asking whether the database would take an event while all writers are busy. */
    service->writers = db_pool_new(&writer, config->writer_connections + 2, config->pool_timeout_ms);
    service->readers = db_pool_new(&reader, config->reader_connections, config->pool_timeout_ms);
    if (service->writers && service->readers)
        return STATUS_OK;
    service_close(service);
    return STATUS_NO_MEMORY;
}

void service_close(struct service *service)
{
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
