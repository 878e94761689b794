/* POST on the resource: one event, or an array of them. */
#ifndef SYNCHRONY_APP_INGEST_H
#define SYNCHRONY_APP_INGEST_H

#include "app/call.h"

/* Reads the body, judges it and answers after the commit: 201 for one event; for an array 201, 207 or, where none was stored, 400, with
 * a verdict on each event that was refused.
 * Returns why nothing was stored otherwise: STATUS_UNSUPPORTED_MEDIA, STATUS_TOO_LARGE, STATUS_INVALID_BODY, STATUS_MISSING_FIELDS,
 * STATUS_INVALID_JSON, STATUS_UNREPRESENTABLE, STATUS_LIMIT, STATUS_INVALID_EVENT, STATUS_UNPROCESSABLE, STATUS_UNAVAILABLE,
 * STATUS_BUSY. */
enum status ingest(struct call *call) MUST_USE;

#endif
