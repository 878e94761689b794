/* GET /metrics: what base/metrics has counted, and what is found out only when somebody asks. */
#ifndef SYNCHRONY_APP_METRICS_H
#define SYNCHRONY_APP_METRICS_H

#include "app/call.h"

/* Answers whom the option metrics allows: everyone; or clients of this host, whose requests no proxy has passed on, and who has a key with
 * the scope metrics; or nobody, as if the path were not there. What the database does not say in time is left out: an answer about one that
 * hangs takes as long as /readyz. */
enum status metrics_answer(struct call *call) MUST_USE;

#endif
