/* Why something was refused, in words for the client: what stands beside the status in an error answer.
 *
 * Safe text only: no SQL, no path, nothing of another client. */
#ifndef SYNCHRONY_MODEL_PROBLEM_H
#define SYNCHRONY_MODEL_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"

struct problem {
    char details[256];       /* a clause without a full stop; empty: the status says all */
    const char *pointer;     /* JSON Pointer (RFC 6901) of the member at fault, static or of the request's arena; NULL: none */
    const char *keyword;     /* of the schema that was failed, static; NULL: none was */
    struct bytes violations; /* all that fails the schema: a JSON array; absent: nothing does; of the request's arena */
    size_t offset;           /* of the byte at fault in the body */
    bool has_offset;
};

/* Sets the details (cut to fit between two characters) and returns st, so that a refusal is one line. */
enum status problem_set(struct problem *problem, enum status st, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
