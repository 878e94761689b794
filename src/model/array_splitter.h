/* Finds the elements of a JSON array that is read piece by piece, so that none but one of them need be in memory.
 *
 * Finds only where they begin and end: whether an element is JSON is json_guard's to say, of each on its own. What it lets pass between
 * elements is exactly what RFC 8259 allows there. */
#ifndef SYNCHRONY_MODEL_ARRAY_SPLITTER_H
#define SYNCHRONY_MODEL_ARRAY_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Starts as { 0 }. */
struct array_splitter {
    enum {
        SPLITTER_BEFORE, /* the array has not begun */
        SPLITTER_FIRST,  /* behind "[" */
        SPLITTER_NEXT,   /* behind "," */
        SPLITTER_WITHIN, /* an element */
        SPLITTER_BEHIND, /* an element */
        SPLITTER_DONE    /* behind "]" */
    } state;
    size_t scanned; /* bytes of the element that have been looked at */
    size_t depth;   /* objects and arrays of the element that are open */
    bool in_string;
    bool is_escaped; /* the byte behind a backslash comes next */
};

enum splitter_finding {
    SPLITTER_ELEMENT, /* *element is one */
    SPLITTER_MORE,    /* the window ends before it is decided; the next one goes on at *consumed */
    SPLITTER_FAULT    /* the byte at *consumed cannot stand there; *expected says what could */
};

/* Looks for the next element in a window of the text.
 *
 * window    what comes next of the text: on the first call its beginning, later what stands behind what was consumed.
 * consumed  how much of the window is done with.
 * element   borrowed from window. A number or a word at the very end of the window may go on in the next: it is MORE.
 * Once the text is at its end and all is consumed, splitter_is_done says whether it was a whole array. */
enum splitter_finding array_splitter_next(struct array_splitter *splitter, struct bytes window, size_t *consumed,
                                          struct bytes *element, const char **expected);

bool array_splitter_is_done(const struct array_splitter *splitter);

#endif
