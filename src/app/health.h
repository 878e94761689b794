/* Is it there, and would it keep an event? */
#ifndef SYNCHRONY_APP_HEALTH_H
#define SYNCHRONY_APP_HEALTH_H

#include "app/call.h"

/* GET /healthz: 200 while the process answers; touches nothing. */
enum status health_alive(struct call *call) MUST_USE;

/* GET /readyz: 200 when the database would take an event now, as the writer's role, or the queue would; else 503. Asks the database, and
 * with the option readiness at "write" writes an event and takes it back. */
enum status health_ready(struct call *call) MUST_USE;

#endif
