/* What is noted about every request: the metrics, and the line in the log.
 *
 * Two calls, both in app/worker: where a request begins and where it has been answered. Left to others: counting what only they know
 * (base/metrics), which lines are written (base/log). */
#ifndef SYNCHRONY_APP_TELEMETRY_H
#define SYNCHRONY_APP_TELEMETRY_H

#include "app/call.h"
#include "base/metrics.h"

/* A request begins. */
void telemetry_begin(struct call *call);

/* It is over, but for the end of its answer: st is what came of it, is_broken that there will be no whole answer. The events of call->batch
 * still stand, each with its verdict. */
void telemetry_end(struct call *call, enum status st, bool is_broken);

/* Counts n events of one type that an answer is given about; accepted ones make their type known. */
void telemetry_count_events(struct bytes event_type, enum metric_outcome outcome, uint64_t n);

#endif
