#include "app/health.h"

#include "base/clock.h"
#include "store/event_store.h"
#include "store/readiness.h"

enum status health_alive(struct call *call)
{
    return http_response_write(&call->response, BYTES("{\"status\":\"ok\"}"));
}

static bool queue_would_take(struct queue *queue)
{
    struct queue_state state;

    return queue && queue_state(queue, &state) == STATUS_OK && state.bytes < state.max_bytes;
}

/* Writes an event of a session that nobody else can have, so that no two probes meet, and takes it back. */
static enum status try_to_write(struct call *call, struct db *db)
{
    struct event event = { .event_type = BYTES("synchrony.readiness"), .properties = BYTES("{}") };
    unsigned char random[UUID_RANDOM_BYTES];
    char session_id[UUID_TEXT_BYTES + 1];
    enum status st = entropy_take(&call->worker->entropy, random, sizeof random);

    if (st != STATUS_OK)
        return st;
    event_accept(&event, clock_now_us(), random);
    uuid_format(&event.event_id, session_id);
    event.session_id = bytes_of(session_id);
    return event_store_try(db, &event);
}

enum status health_ready(struct call *call)
{
    struct db *db;
    enum status st = db_pool_take(call->worker->service->writers, &db);

    if (st == STATUS_OK) {
        st = readiness_check(db);
        if (st == STATUS_OK && call->worker->service->config->readiness == CONFIG_READINESS_WRITE)
            st = try_to_write(call, db);
        db_pool_give(call->worker->service->writers, db);
    }
    if (st == STATUS_OK)
        return http_response_write(&call->response, BYTES("{\"status\":\"ready\",\"via\":\"database\"}"));
    /* A database that is there and refuses us needs an administrator, and the queue may fill before he looks. */
    if (st != STATUS_NOT_SET_UP && queue_would_take(call->worker->service->delivery.queue))
        return http_response_write(&call->response, BYTES("{\"status\":\"ready\",\"via\":\"queue\"}"));
    return problem_set(&call->problem, STATUS_UNAVAILABLE, "the database takes no events now");
}
