/* The content of a JSON string as those see it who read it: escapes undone, then percent-encoding and the escapes of JSON that is itself
 * a string, as often as they were applied. Each byte knows where it came from, so that what is found in the view can be cut out of the
 * text. */
#ifndef SYNCHRONY_MODEL_SCRUB_VIEW_H
#define SYNCHRONY_MODEL_SCRUB_VIEW_H

#include <stdint.h>

#include "base/bytes.h"

/* Starts as { 0 }; used again for one string after the other. */
struct scrub_view {
    char *text;        /* owned; UTF-8, whatever was encoded: a byte that is none is a question mark */
    uint32_t *origins; /* owned; of each byte, and of the end: its offset in the content */
    size_t len;
    size_t capacity;
};

void scrub_view_free(struct scrub_view *view);

/* Undoes the escapes of content, what stands between a string's quotes. Reads no further than content whatever it holds.
 * Returns STATUS_NO_MEMORY. */
enum status scrub_view_open(struct scrub_view *view, struct bytes content) MUST_USE;

/* Undoes one percent-encoding and the escapes of one JSON text within the string; a plus becomes a blank with the first, unless it begins a
 * telephone number.
 * Returns false where there is nothing to undo. */
bool scrub_view_decode(struct scrub_view *view);

/* Makes full-width digits, as a keyboard for Chinese or Japanese writes them, digits. */
void scrub_view_fold_digits(struct scrub_view *view);

/* The bytes of the view, and where a piece of it stands in the content. */
struct bytes scrub_view_text(const struct scrub_view *view);

#endif
