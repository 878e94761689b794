/* The gate that every body passes before anything else reads it: a strict single pass over the bytes.
 *
 * Accepts exactly the JSON texts of RFC 8259 in valid UTF-8 that can be stored faithfully, within the limits, and on the way notes
 * what later steps need: where each event begins and ends, and where its key members stand. Builds no tree and decodes no value:
 * that is json_document's work. Whether a JSON value is an event is event's. */
#ifndef SYNCHRONY_MODEL_JSON_GUARD_H
#define SYNCHRONY_MODEL_JSON_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "model/limits.h"

/* The members of an event whose places are noted. */
enum guard_member { GUARD_EVENT_TYPE, GUARD_SESSION_ID, GUARD_EVENT_ID, GUARD_TIMESTAMP, GUARD_PAGE_URL, GUARD_MEMBER_COUNT };

/* Offsets into the text, end exclusive; begin == end where there is nothing. */
struct guard_span {
    size_t begin;
    size_t end;
};

/* A finding: what is wrong, where, and what was expected. */
struct guard_fault {
    enum status status; /* STATUS_OK where there is none */
    size_t offset;      /* of the byte at fault; the length of the text where it ends too early */
    const char *reason; /* static; a clause such as "a value was expected" */
};

/* One event: an element of the top-level array, or the whole text where that is no array. */
struct guard_element {
    struct guard_span text;
    struct guard_span members[GUARD_MEMBER_COUNT]; /* from the quote of the name to the end of the value */
    size_t values[GUARD_MEMBER_COUNT];             /* where their values begin */
    struct guard_fault fault;                      /* why this element, though well-formed, cannot be accepted */
};

struct guard_result {
    bool is_array;
    struct guard_element *elements; /* in the arena; the first batch_max_events of them */
    size_t n_elements;              /* all that there are, also those past batch_max_events */
    size_t n_values;
    struct guard_fault fault; /* why the whole text is refused */
};

/* Scans text. What makes a text no JSON refuses it whole (STATUS_INVALID_JSON), as do more than values_max values and more than
 * LIMIT_NESTING levels (STATUS_LIMIT). What is well-formed but cannot be stored (STATUS_UNREPRESENTABLE: \u0000, a lone surrogate,
 * a name twice in an object, a number out of range) or exceeds members_max or nesting_max (STATUS_LIMIT) is a fault of its element
 * alone; the call then returns STATUS_OK.
 * Returns also STATUS_NO_MEMORY. */
enum status guard_scan(struct bytes text, const struct limits *limits, struct arena *arena, struct guard_result *result) MUST_USE;

#endif
