/* A JSON text as a tree of values in one run of memory: what a schema judges.
 *
 * Each value stands behind what contains it, so that walking is adding. Numbers stay the text that they are; a string without escapes
 * and a name point into the text. Reads only what json_guard has passed, and checks nothing again. Left to others: json-c's objects
 * (json_document), the meaning of numbers (decimal). */
#ifndef SYNCHRONY_MODEL_TREE_H
#define SYNCHRONY_MODEL_TREE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/text_hash.h"

enum value_kind { VALUE_NULL, VALUE_FALSE, VALUE_TRUE, VALUE_NUMBER, VALUE_STRING, VALUE_ARRAY, VALUE_OBJECT };

/* A value, or the name of a member, which is a string before its value. */
struct value {
    const char *p;  /* string: its decoded text; else the text of the value */
    uint32_t len;   /* bytes at p */
    uint32_t span;  /* values in this one, itself included: value + span is what follows it */
    uint32_t n;     /* of an array: its elements; of an object: its members; of a name: its text_hash */
    uint8_t kind;   /* enum value_kind */
    bool is_ascii;  /* string: as many characters as bytes */
    bool is_digits; /* number: an integer without a point or an exponent */
};

struct tree {
    struct value *values; /* in the arena; the first is the root. NULL before the first text */
    size_t n;
    size_t capacity;
};

/* Reads a text that json_guard has passed: exactly one value, white space around it allowed, of at most UINT32_MAX bytes.
 *
 * tree   zeroed before its first use; takes 12 bytes for each byte of the text. Reading again takes the memory of the values over, so
 *        that a batch needs that of its largest event: the values of the text before are gone. Decoded strings stay in the arena until
 *        its reset, as do the values.
 * Returns STATUS_NO_MEMORY, or STATUS_INTERNAL where the text is no JSON after all. */
enum status tree_read(struct tree *tree, struct bytes text, struct arena *arena) MUST_USE;

/* The next value: the next element, or the next name, or, from a name, its value. */
static inline const struct value *value_next(const struct value *value)
{
    return value + value->span;
}

static inline struct bytes value_text(const struct value *value)
{
    return (struct bytes){ value->p, value->len };
}

/* The value of the member of that name, whose hash (text_hash) stands in the name's n; or NULL. */
const struct value *value_member(const struct value *object, struct bytes name, uint32_t hash);

/* The JSON Pointer (RFC 6901) of a value, or of a name its member's, below root, which contains it: at most capacity - 1 bytes and a NUL.
 * A name is cut to 64 bytes, and what goes past capacity is left out. Returns the length. */
size_t value_pointer(const struct value *root, const struct value *value, char *to, size_t capacity);

/* The value of a number below 10^18 that is written as an integer. Returns false for any other. */
bool value_integer(const struct value *number, int64_t *integer);

/* The characters (code points) of a string. */
size_t value_characters(const struct value *string);

#endif
