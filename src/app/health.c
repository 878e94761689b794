#include "app/health.h"

#include "store/readiness.h"

enum status health_alive(struct call *call)
{
    return http_response_write(&call->response, BYTES("{\"status\":\"ok\"}"));
}

enum status health_ready(struct call *call)
{
    struct db *db;
    enum status st = db_pool_take(call->worker->service->writers, &db);

    if (st == STATUS_OK) {
        st = readiness_check(db);
        db_pool_give(call->worker->service->writers, db);
    }
    if (st != STATUS_OK)
        return problem_set(&call->problem, STATUS_UNAVAILABLE, "the database takes no events now");
    return http_response_write(&call->response, BYTES("{\"status\":\"ready\",\"via\":\"database\"}"));
}
