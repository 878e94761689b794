#include "model/tree.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/text_hash.h"
#include "base/utf8.h"
#include "model/escapes.h"
#include "model/string_scan.h"

const struct value *value_member(const struct value *object, struct bytes name, uint32_t hash)
{
    const struct value *member = object + 1;

    for (uint32_t i = 0; i < object->n; i++, member = value_next(member + 1)) {
        if (member->n == hash && member->len == name.len && text_same(member->p, name.p, name.len))
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

struct reading {
    const char *p;
    const char *end;
    struct value *next;  /* where the next value goes */
    struct value *limit; /* how far there is room */
    struct value
        *open; /* the innermost open container; NULL outside the root. While it is open, its span leads back to the one around it */
    struct arena *arena;
};

static inline bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

/* Where in the eight bytes at p the first quote or backslash stands; 8 where there is none. *seen collects the bytes before it. */
static inline unsigned plain_bytes(const char *p, uint64_t *seen)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t word;

    memcpy(&word, p, sizeof word);
    word = le64toh(word);
    /* A borrow reaches only bytes behind one that is found itself, so the first found is exact. */
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t ends = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & (ones << 7);
    if (!ends) {
        *seen |= word;
        return 8;
    }
    *seen |= word & ((ends & -ends) - 1);
    return (unsigned)__builtin_ctzll(ends) / 8;
}

/* Where the string of any content ends that p stands in: its quote, or end. */
static const char *string_end_any(const char *p, const char *end, uint64_t *seen, bool *has_escapes)
{
    while (p < end) {
        unsigned n = end - p >= 8 ? plain_bytes(p, seen) : 0;
        p += n;
        if (n == 8)
            continue;
        if (*p == '"')
            break;
        *has_escapes |= *p == '\\';
        *seen |= (unsigned char)*p;
        p += *p == '\\' ? 2 : 1;
    }
    return p;
}

/* The same; in line as far as it is plain. */
static inline const char *string_end(const char *p, const char *end, uint64_t *seen, bool *has_escapes)
{
    for (; end - p >= BYTE_VECTOR_BYTES; p += BYTE_VECTOR_BYTES) {
        unsigned ends = string_scan_ends(p);
        if (!ends)
            continue;
        p += __builtin_ctz(ends);
        if (*p == '"')
            return p;
        break;
    }
    return string_end_any(p, end, seen, has_escapes);
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
static inline enum status string(struct reading *reading, bool is_name)
{
    struct value *value = reading->next;
    const char *begin = reading->p + 1;
    bool has_escapes = false;
    uint64_t seen = 0;
    const char *end = string_end(begin, reading->end, &seen, &has_escapes);

    if (end >= reading->end || value == reading->limit)
        return STATUS_INTERNAL;
    *value = (struct value){ begin, (uint32_t)(end - begin), 1, 0, VALUE_STRING, !(seen & 0x8080808080808080u), false };
    if (has_escapes && !string_decode(reading, value))
        return STATUS_NO_MEMORY;
    if (is_name)
        value->n = text_hash(value_text(value));
    reading->next = value + 1;
    reading->p = end + 1;
    return STATUS_OK;
}

/* A number, or one of the words. */
static inline enum status scalar(struct reading *reading)
{
    const char *begin = reading->p, *p = begin;
    struct value *value = reading->next;
    bool is_digits = true;

    for (; p < reading->end && !is_space(*p) && *p != ',' && *p != ']' && *p != '}'; p++)
        is_digits &= (unsigned)(*p - '0') <= 9 || *p == '-';
    if (p == begin || value == reading->limit)
        return STATUS_INTERNAL;
    enum value_kind kind = *begin == 'n' ? VALUE_NULL : *begin == 't' ? VALUE_TRUE : *begin == 'f' ? VALUE_FALSE : VALUE_NUMBER;
    *value = (struct value){ begin, (uint32_t)(p - begin), 1, 0, (uint8_t)kind, false, is_digits };
    reading->next = value + 1;
    reading->p = p;
    return STATUS_OK;
}

static inline enum status container_begin(struct reading *reading)
{
    struct value *value = reading->next;
    enum value_kind kind = *reading->p == '{' ? VALUE_OBJECT : VALUE_ARRAY;
    uint32_t back = reading->open ? (uint32_t)(value - reading->open) : 0;

    if (value == reading->limit)
        return STATUS_INTERNAL;
    *value = (struct value){ .p = reading->p++, .span = back, .kind = (uint8_t)kind };
    reading->open = value;
    reading->next = value + 1;
    return STATUS_OK;
}

static inline void container_end(struct reading *reading)
{
    struct value *value = reading->open;

    reading->p++;
    reading->open = value->span ? value - value->span : NULL;
    value->span = (uint32_t)(reading->next - value);
    value->len = (uint32_t)(reading->p - value->p);
}

/* A member's name up to its value. */
static inline enum status name(struct reading *reading)
{
    enum status st = string(reading, true);

    while (reading->p < reading->end && (*reading->p == ':' || is_space(*reading->p)))
        reading->p++;
    return st == STATUS_OK && reading->p == reading->end ? STATUS_INTERNAL : st;
}

/* The next value, with its name where it is a member. */
static inline enum status element(struct reading *reading)
{
    enum status st = STATUS_OK;

    if (reading->open) {
        reading->open->n++;
        if (reading->open->kind == VALUE_OBJECT)
            st = name(reading);
        if (st != STATUS_OK)
            return st;
    }
    if (*reading->p == '"')
        return string(reading, false);
    return *reading->p == '{' || *reading->p == '[' ? container_begin(reading) : scalar(reading);
}

static enum status read_all(struct reading *reading)
{
    enum status st = STATUS_OK;

    while (reading->p < reading->end && st == STATUS_OK) {
        char c = *reading->p;
        if (c == ',' || is_space(c))
            reading->p++;
        else if ((c == '}' || c == ']') && reading->open)
            container_end(reading);
        else
            st = element(reading);
    }
    return st;
}

/* No text has more values than half of its bytes and one: each has a byte, and a comma or a bracket of its own. */
static bool reserve(struct tree *tree, size_t text_len, struct arena *arena)
{
    size_t capacity = text_len / 2 + 1;

    if (tree->capacity >= capacity)
        return true;
    if (capacity < 2 * tree->capacity) /* texts that grow a little each take no more than four times the memory of the last */
        capacity = 2 * tree->capacity;
    tree->values = arena_alloc(arena, capacity * sizeof *tree->values);
    tree->capacity = tree->values ? capacity : 0;
    return tree->values != NULL;
}

enum status tree_read(struct tree *tree, struct bytes text, struct arena *arena)
{
    tree->n = 0;
    if (text.len >= UINT32_MAX)
        return STATUS_INTERNAL;
    if (!reserve(tree, text.len, arena))
        return STATUS_NO_MEMORY;

    struct value *values = tree->values;
    struct reading reading = { text.p, text.p + text.len, values, values + tree->capacity, NULL, arena };
    enum status st = read_all(&reading);
    if (st != STATUS_OK)
        return st;
    tree->n = (size_t)(reading.next - values);
    return tree->n && !reading.open && values->span == tree->n ? STATUS_OK : STATUS_INTERNAL;
}
