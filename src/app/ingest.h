/* POST on the resource: one event, or an array of them. */
#ifndef SYNCHRONY_APP_INGEST_H
#define SYNCHRONY_APP_INGEST_H

#include "app/call.h"

/* Reads the body and judges it. On STATUS_OK call->events are to be written (delivery_write), if there are any; then ingest_end answers.
 * Returns why nothing is to be stored otherwise: STATUS_UNSUPPORTED_MEDIA, STATUS_TOO_LARGE, STATUS_INVALID_BODY,
 * STATUS_INVALID_ENCODING, STATUS_MISSING_FIELDS, STATUS_INVALID_JSON, STATUS_UNREPRESENTABLE, STATUS_LIMIT, STATUS_INVALID_EVENT. */
enum status ingest_begin(struct call *call) MUST_USE;

/* Answers by the verdicts on the events: 201 for one event; for an array 201, 207 or, where none was stored, 400, with a verdict on each
 * event that was refused.
 * Returns why nothing was stored, where that is no client's fault or there was one event: STATUS_UNPROCESSABLE, STATUS_UNAVAILABLE, … */
enum status ingest_end(struct call *call) MUST_USE;

#endif
