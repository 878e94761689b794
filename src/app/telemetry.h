/* What is noted about every request: the metrics, and the line in the log.
 *
 * All calls are in app/worker: where a request begins, where it waits for its commit, and where it is answered. Left to others: counting
 * what only they know (base/metrics), the line (app/access_log). */
#ifndef SYNCHRONY_APP_TELEMETRY_H
#define SYNCHRONY_APP_TELEMETRY_H

#include "app/call.h"
#include "base/metrics.h"

/* A request begins. */
void telemetry_begin(struct call *call);

/* Its events wait for their commit, and do no more. */
void telemetry_await(struct call *call);
void telemetry_resume(struct call *call);

/* It is over, but for the end of its answer: st is what came of it, is_broken that there will be no whole answer. The events of call->batch
 * still stand, each with its verdict. */
void telemetry_end(struct call *call, enum status st, bool is_broken);

/* Counts n events of one type that an answer is given about; accepted ones make their type known. */
void telemetry_count_events(struct bytes event_type, enum metric_outcome outcome, uint64_t n);

#endif
