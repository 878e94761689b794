#include "model/tree.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/escapes.h"

enum { FIRST_CAPACITY = 128 };

struct reading {
    const char *p;
    const char *end;
    struct tree *tree;
    struct arena *arena;
    uint32_t open; /* index of the innermost open container; NONE outside the root */
};

enum { NONE = 0x7fffffff };

uint32_t value_hash(struct bytes text)
{
    uint64_t hash = text.len;
    uint64_t word = 0;

    for (; text.len >= sizeof word; text.p += sizeof word, text.len -= sizeof word) {
        memcpy(&word, text.p, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    word = 0;
    if (text.len)
        memcpy(&word, text.p, text.len);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

const struct value *value_member(const struct value *object, struct bytes name, uint32_t hash)
{
    const struct value *member = object + 1;

    for (uint32_t i = 0; i < object->n; i++, member = value_next(member + 1)) {
        if (member->n == hash && bytes_equal(value_text(member), name))
            return member + 1;
    }
    return NULL;
}

size_t value_characters(const struct value *string)
{
    size_t n = string->len;

    if (string->is_ascii)
        return n;
    for (size_t i = 0; i < string->len; i++)
        n -= ((unsigned char)string->p[i] & 0xc0) == 0x80;
    return n;
}

bool value_integer(const struct value *number, int64_t *integer)
{
    bool is_negative = *number->p == '-';
    int64_t sum = 0;

    if (!number->is_digits || number->len > 18)
        return false;
    for (uint32_t i = is_negative; i < number->len; i++)
        sum = sum * 10 + (number->p[i] - '0');
    *integer = is_negative ? -sum : sum;
    return true;
}

/* ---- pointers ---- */

enum { POINTER_NAME_MAX_BYTES = 64 };

/* Appends a reference token, or nothing of it where it does not fit. */
static bool token_put(struct bytes token, char *to, size_t capacity, size_t *len)
{
    struct bytes name = utf8_cut(token, POINTER_NAME_MAX_BYTES);
    size_t at = *len;

    if (capacity - at < 2 * name.len + 2)
        return false;
    to[at++] = '/';
    for (size_t i = 0; i < name.len; i++) {
        bool is_escaped = name.p[i] == '~' || name.p[i] == '/';
        if (is_escaped)
            to[at++] = '~';
        to[at++] = is_escaped ? (char)(name.p[i] == '~' ? '0' : '1') : name.p[i];
    }
    *len = at;
    return true;
}

/* The child of container in which value stands, by whose span one finds it; *token is what leads there. */
static const struct value *step_towards(const struct value *container, const struct value *value, char digits[16],
                                        struct bytes *token)
{
    bool is_object = container->kind == VALUE_OBJECT;
    const struct value *child = container + 1;
    uint32_t i = 0;

    while (value_next(child + is_object) <= value) {
        child = value_next(child + is_object);
        i++;
    }
    if (is_object) {
        *token = value_text(child);
        return value == child ? value : child + 1;
    }
    *token = (struct bytes){ digits, (size_t)snprintf(digits, 16, "%u", (unsigned)i) };
    return child;
}

size_t value_pointer(const struct value *root, const struct value *value, char *to, size_t capacity)
{
    char digits[16];
    struct bytes token;
    size_t len = 0;

    while (root != value) {
        root = step_towards(root, value, digits, &token);
        if (!token_put(token, to, capacity, &len))
            break;
    }
    to[len] = '\0';
    return len;
}

/* ---- reading ---- */

static bool grow(struct reading *reading)
{
    struct tree *tree = reading->tree;
    size_t capacity = tree->capacity ? tree->capacity * 2 : FIRST_CAPACITY;
    struct value *grown = arena_alloc(reading->arena, capacity * sizeof *grown);

    if (!grown)
        return false;
    if (tree->n)
        memcpy(grown, tree->values, tree->n * sizeof *grown);
    tree->values = grown;
    tree->capacity = capacity;
    return true;
}

/* Room for one more value; NULL without memory. */
static struct value *value_add(struct reading *reading)
{
    if (reading->tree->n == reading->tree->capacity && !grow(reading))
        return NULL;
    return &reading->tree->values[reading->tree->n++];
}

static void skip_space(struct reading *reading)
{
    while (reading->p < reading->end && (unsigned char)*reading->p <= ' ')
        reading->p++;
}

/* Where the string ends that p stands in: its quote, or end. Notes what stands in it. */
static const char *string_end(const char *p, const char *end, bool *is_ascii, bool *has_escapes)
{
    const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
    uint64_t seen = 0, word;

    while (p < end) {
        if (end - p >= 8) {
            memcpy(&word, p, sizeof word);
            word = le64toh(word);
            /* A borrow reaches only bytes behind one that is found itself, so the first found is exact. */
            uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
            uint64_t ends = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
            if (!ends) {
                seen |= word;
                p += 8;
                continue;
            }
            unsigned n = (unsigned)__builtin_ctzll(ends) / 8;
            seen |= n ? word << (64 - 8 * n) : 0;
            p += n;
        }
        if (*p == '"')
            break;
        *has_escapes |= *p == '\\';
        seen |= (unsigned char)*p;
        p += *p == '\\' ? 2 : 1;
    }
    *is_ascii = !(seen & highs);
    return p;
}

static bool string_decode(struct reading *reading, struct value *string)
{
    char *decoded = arena_alloc(reading->arena, string->len);

    if (!decoded)
        return false;
    string->len = (uint32_t)escapes_decode(value_text(string), decoded);
    string->p = decoded;
    string->is_ascii = false;
    string->is_ascii = value_characters(string) == string->len;
    return true;
}

/* Reads a string, whose quote p stands on. */
static enum status string(struct reading *reading, bool is_name)
{
    bool has_escapes = false, is_ascii;
    const char *begin = reading->p + 1;
    const char *end = string_end(begin, reading->end, &is_ascii, &has_escapes);
    struct value *value = value_add(reading);

    if (!value)
        return STATUS_NO_MEMORY;
    if (end >= reading->end)
        return STATUS_INTERNAL;
    *value = (struct value){ begin, (uint32_t)(end - begin), 1, 0, VALUE_STRING, is_ascii, false };
    if (has_escapes && !string_decode(reading, value))
        return STATUS_NO_MEMORY;
    if (is_name)
        value->n = value_hash(value_text(value));
    reading->p = end + 1;
    return STATUS_OK;
}

/* A number, or one of the words. */
static enum status scalar(struct reading *reading)
{
    const char *begin = reading->p;
    bool is_digits = true;

    for (; reading->p < reading->end; reading->p++) {
        unsigned char c = (unsigned char)*reading->p;
        if (c <= ' ' || c == ',' || c == ']' || c == '}')
            break;
        is_digits &= (unsigned)(c - '0') <= 9 || c == '-';
    }
    struct value *value = value_add(reading);
    if (!value)
        return STATUS_NO_MEMORY;
    if (reading->p == begin)
        return STATUS_INTERNAL;
    enum value_kind kind = *begin == 'n' ? VALUE_NULL : *begin == 't' ? VALUE_TRUE : *begin == 'f' ? VALUE_FALSE : VALUE_NUMBER;
    *value = (struct value){ begin, (uint32_t)(reading->p - begin), 1, 0, (uint8_t)kind, false, is_digits };
    return STATUS_OK;
}

/* Opens a container. While it is open its span is the index of the one around it. */
static enum status container_begin(struct reading *reading)
{
    enum value_kind kind = *reading->p == '{' ? VALUE_OBJECT : VALUE_ARRAY;
    struct value *value = value_add(reading);

    if (!value)
        return STATUS_NO_MEMORY;
    *value = (struct value){ .p = reading->p++, .span = reading->open, .kind = (uint8_t)kind };
    reading->open = (uint32_t)(value - reading->tree->values);
    return STATUS_OK;
}

static void container_end(struct reading *reading)
{
    struct value *value = &reading->tree->values[reading->open];

    reading->p++;
    reading->open = value->span;
    value->span = (uint32_t)(&reading->tree->values[reading->tree->n] - value);
    value->len = (uint32_t)(reading->p - value->p);
}

/* Steps over what stands behind a value: ends of containers, a comma. */
static void separators(struct reading *reading)
{
    for (skip_space(reading); reading->p < reading->end; skip_space(reading)) {
        char c = *reading->p;
        if (reading->open != NONE && (c == '}' || c == ']'))
            container_end(reading);
        else if (c == ',' || c == ':')
            reading->p++;
        else
            break;
    }
}

/* A member's name up to its value. */
static enum status name(struct reading *reading)
{
    enum status st = string(reading, true);

    separators(reading);
    return st;
}

/* The next value, with its name where it is a member. */
static enum status element(struct reading *reading)
{
    enum status st = STATUS_OK;

    if (reading->open != NONE) {
        struct value *container = &reading->tree->values[reading->open];
        container->n++;
        if (container->kind == VALUE_OBJECT)
            st = name(reading);
    }
    if (st != STATUS_OK || reading->p >= reading->end)
        return st == STATUS_OK ? STATUS_INTERNAL : st;
    if (*reading->p == '"')
        st = string(reading, false);
    else if (*reading->p == '{' || *reading->p == '[')
        st = container_begin(reading);
    else
        st = scalar(reading);
    return st;
}

enum status tree_read(struct tree *tree, struct bytes text, struct arena *arena)
{
    struct reading reading = { text.p, text.p + text.len, tree, arena, NONE };
    enum status st = text.len < NONE ? STATUS_OK : STATUS_INTERNAL;

    tree->n = 0;
    for (separators(&reading); st == STATUS_OK && reading.p < reading.end; separators(&reading))
        st = element(&reading);
    if (st == STATUS_OK && (tree->n == 0 || reading.open != NONE || tree->values[0].span != tree->n))
        st = STATUS_INTERNAL;
    return st;
}
