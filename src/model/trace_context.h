/* The header traceparent (W3C Trace Context, Recommendation of 23 November 2021), by which a request is part of a trace. */
#ifndef SYNCHRONY_MODEL_TRACE_CONTEXT_H
#define SYNCHRONY_MODEL_TRACE_CONTEXT_H

#include "base/bytes.h"

/* The identifier of the trace, borrowed from traceparent: 32 hexadecimal digits in lower case; absent where traceparent is not valid. A
 * version that is not known yet may have more behind what version 00 has. */
struct bytes trace_context_id(struct bytes traceparent);

#endif
