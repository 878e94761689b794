/* JSON strings (RFC 8259, section 7), stepped over: where one ends, and what cannot stand in it. Decodes nothing (model/escapes).
 *
 * In line as far as most strings go, which have neither escapes nor characters past ASCII. */
#ifndef SYNCHRONY_MODEL_STRING_SCAN_H
#define SYNCHRONY_MODEL_STRING_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_vector.h"
#include "base/bytes.h"

struct string_scan {
    struct bytes content; /* between the quotes, escapes as they stand there */
    bool has_escapes;
    const char *unstorable; /* static: why it cannot be stored, though well-formed; else NULL */
    const char *fault;      /* static: why it is no string; set where it is none */
    const char *at;         /* the byte that is at fault, where one of the two is set */
};

/* The same for a string of any content; at is a place in it up to which it is plain. */
const char *string_scan_any(const char *quote, const char *at, const char *end, struct string_scan *scan);

/* A bit for each of the 16 bytes at p that ends a plain run: a quote, a backslash, a control character, or one past ASCII. */
static inline unsigned string_scan_ends(const char *p)
{
    typedef signed char signed_vector __attribute__((vector_size(BYTE_VECTOR_BYTES)));
    signed_vector bytes = (signed_vector)byte_vector_at(p);

    /* Past ASCII a byte is negative. */
    return byte_vector_bits((byte_vector)((bytes == '"') | (bytes == '\\') | (bytes < ' ')));
}

/* Steps over the string whose quote begins at quote, before end. Returns what is behind it; or NULL, with fault and at, where it is
 * none. */
static inline const char *string_scan(const char *quote, const char *end, struct string_scan *scan)
{
    const char *at = quote + 1;

    for (; end - at >= BYTE_VECTOR_BYTES; at += BYTE_VECTOR_BYTES) {
        unsigned ends = string_scan_ends(at);
        if (!ends)
            continue;
        at += __builtin_ctz(ends);
        if (*at != '"')
            break;
        scan->content = (struct bytes){ quote + 1, (size_t)(at - quote - 1) };
        scan->has_escapes = false;
        scan->unstorable = NULL;
        return at + 1;
    }
    return string_scan_any(quote, at, end, scan);
}

#endif
