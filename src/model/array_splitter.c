#include "model/array_splitter.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Looks at one more byte of an element. Returns true when the element ends before it, or with it where *with is set. */
static bool element_ends(struct array_splitter *splitter, char c, bool *with)
{
    *with = true;
    if (splitter->is_escaped) {
        splitter->is_escaped = false;
    } else if (splitter->in_string) {
        splitter->is_escaped = c == '\\';
        splitter->in_string = c != '"';
        return !splitter->in_string && splitter->depth == 0;
    } else if (c == '"') {
        splitter->in_string = true;
    } else if (c == '{' || c == '[') {
        splitter->depth++;
    } else if (splitter->depth && (c == '}' || c == ']')) {
        return --splitter->depth == 0;
    } else if (splitter->depth == 0) {
        *with = false;
        return is_space(c) || c == ',' || c == ']' || c == '}';
    }
    return false;
}

/* Goes on with an element that begins with the window. */
static bool scan_element(struct array_splitter *splitter, struct bytes window, struct bytes *element)
{
    bool with;

    for (size_t at = splitter->scanned; at < window.len; at++) {
        if (!element_ends(splitter, window.p[at], &with))
            continue;
        *element = (struct bytes){ window.p, at + with };
        return true;
    }
    splitter->scanned = window.len;
    return false;
}

/* A byte between elements. Returns what was expected in its stead; NULL where it may stand there. */
static const char *step(struct array_splitter *splitter, char c)
{
    switch (splitter->state) {
    case SPLITTER_BEFORE:
        splitter->state = SPLITTER_FIRST;
        return c == '[' ? NULL : "an array was expected";
    case SPLITTER_FIRST:
        splitter->state = c == ']' ? SPLITTER_DONE : SPLITTER_WITHIN;
        return c == ',' || c == '}' || c == ':' ? "a value or \"]\" was expected" : NULL;
    case SPLITTER_NEXT:
        splitter->state = SPLITTER_WITHIN;
        return strchr(",]}:", c) && c ? "a value was expected" : NULL;
    case SPLITTER_BEHIND:
        splitter->state = c == ']' ? SPLITTER_DONE : SPLITTER_NEXT;
        return c == ']' || c == ',' ? NULL : "\",\" or \"]\" was expected";
    case SPLITTER_WITHIN:
    case SPLITTER_DONE:
        break;
    }
    return "nothing may follow the value";
}

enum splitter_finding array_splitter_next(struct array_splitter *splitter, struct bytes window, size_t *consumed,
                                          struct bytes *element, const char **expected)
{
    *consumed = 0;
    while (*consumed < window.len) {
        struct bytes rest = { window.p + *consumed, window.len - *consumed };
        if (splitter->state == SPLITTER_WITHIN) {
            if (!scan_element(splitter, rest, element))
                return SPLITTER_MORE;
            *splitter = (struct array_splitter){ .state = SPLITTER_BEHIND };
            *consumed += element->len;
            return SPLITTER_ELEMENT;
        }
        if (!is_space(*rest.p)) {
            *expected = step(splitter, *rest.p);
            if (*expected)
                return SPLITTER_FAULT;
            if (splitter->state == SPLITTER_WITHIN)
                continue; /* it is the element's first */
        }
        (*consumed)++;
    }
    return SPLITTER_MORE;
}

bool array_splitter_is_done(const struct array_splitter *splitter)
{
    return splitter->state == SPLITTER_DONE;
}
