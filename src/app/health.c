#include "app/health.h"

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

enum status health_ready(struct call *call)
{
    struct db *db;
    enum status st = db_pool_take(call->worker->service->writers, &db);

    if (st == STATUS_OK) {
        st = readiness_check(db);
        db_pool_give(call->worker->service->writers, db);
    }
    if (st == STATUS_OK)
        return http_response_write(&call->response, BYTES("{\"status\":\"ready\",\"via\":\"database\"}"));
    /* A database that is there and refuses us needs an administrator, and the queue may fill before he looks. */
    if (st != STATUS_NOT_SET_UP && queue_would_take(call->worker->service->delivery.queue))
        return http_response_write(&call->response, BYTES("{\"status\":\"ready\",\"via\":\"queue\"}"));
    return problem_set(&call->problem, STATUS_UNAVAILABLE, "the database takes no events now");
}
