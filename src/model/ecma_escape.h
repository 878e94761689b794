/* The escapes of ECMA-262's regular expressions that stand for one character (section 21.2.1, CharacterEscape with the u flag). */
#ifndef SYNCHRONY_MODEL_ECMA_ESCAPE_H
#define SYNCHRONY_MODEL_ECMA_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Reads the escape that text, which begins with a backslash, begins with: \n, \cX, \x41, \u0041, a pair of surrogates, \u{1F600}, \0 or
 * a punctuation mark. Returns its length, *c set; or 0 with *fault, static. */
size_t ecma_escape_read(struct bytes text, int32_t *c, const char **fault);

static inline bool ecma_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ecma_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif
