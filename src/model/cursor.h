/* The cursor between two pages as text: a place, and a check sum over it and the parameters that it is good for.
 *
 * Opaque to clients, and no secret: whoever may read a page may read from any place on. The check sum finds what was altered, cut, or
 * used with other parameters. */
#ifndef SYNCHRONY_MODEL_CURSOR_H
#define SYNCHRONY_MODEL_CURSOR_H

#include "model/selection.h"

/* Appends the cursor of place. binding: n values, absent ones included, that must be the same when it is read. */
void cursor_add(struct buf *buf, const struct selection_place *place, const struct bytes *binding, size_t n);

/* Reads a cursor; the place lives in arena. Returns STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY. */
enum status cursor_read(struct bytes text, const struct bytes *binding, size_t n, struct arena *arena,
                        struct selection_place *place) MUST_USE;

#endif
