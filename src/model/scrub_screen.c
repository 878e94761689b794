#include "model/scrub_screen.h"

#include <string.h>

#include "model/card_number.h"
#include "model/iban.h"
#include "model/separator.h"

/* Both kinds of numbers have ROW_DIGITS with nothing but separators between them: a card has thirteen, and the accounts of no country are
 * of letters so much that they have less than ten in a row, nor that the row begins more than LEAD bytes behind the country. So what is to
 * be looked at has as many bytes, too, and the rest is passed over in steps of as many. */
enum { ROW_DIGITS = 10, LEAD = 20 };

/* What a byte, or an escape, is to a number. A filler may stand between its digits. */
enum kind { FILLER = 0, DIGIT = 1, BREAKER = 2, CODE = 3 /* of \u or %, to be looked at */ };

/* clang-format off */
#define B4 BREAKER, BREAKER, BREAKER, BREAKER
#define B16 B4, B4, B4, B4
#define F8 FILLER, FILLER, FILLER, FILLER, FILLER, FILLER, FILLER, FILLER
#define F32 F8, F8, F8, F8
static const unsigned char kinds[256] = {
    B4, B4, BREAKER, FILLER /* tab */, BREAKER, BREAKER, B4, B16,
    FILLER /* blank */, BREAKER, BREAKER, BREAKER, BREAKER, CODE /* % */, BREAKER, BREAKER,
    BREAKER, BREAKER, BREAKER, FILLER /* + */, BREAKER, FILLER /* - */, FILLER /* . */, BREAKER,
    DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, BREAKER, BREAKER, B4,
    B16,
    B4, B4, B4, CODE /* \ */, BREAKER, BREAKER, FILLER /* _ */,
    B16, B16,
    F32, F32, F32, F32,
};
/* clang-format on */

static enum kind kind_of(unsigned char c)
{
    return kinds[c];
}

/* ---- runs of digits and fillers ---- */

/* Could an IBAN reach to the run that begins there? is_bordered: no letter or digit may touch it. */
static bool may_be_account(struct bytes text, size_t begin, bool is_bordered)
{
    size_t first = begin > LEAD ? begin - LEAD : 0;

    for (size_t at = begin; at-- > first;) {
        char before = at ? text.p[at - 1] : '"';
        bool is_letter = separator_is_letter(text.p[at]);
        if (is_letter && (!is_bordered || !(separator_is_letter(before) || separator_is_digit(before))) &&
            text.len - at >= IBAN_MIN_BYTES && iban_may_begin(text, at))
            return true;
        if (!is_letter && kind_of((unsigned char)text.p[at]) >= BREAKER)
            return false;
    }
    return false;
}

/* Could a card's number stand there? What is around it could only make less of it. An exponent could make it another number. */
static bool may_be_card(struct bytes text, size_t begin, size_t end)
{
    struct bytes part = { text.p + begin, end - begin };
    struct span found;
    size_t from = 0;

    return (end < text.len && (text.p[end] | 0x20) == 'e') || card_number_next(part, &from, &found);
}

/* Looks at the run that begins there. *end is its end. */
static bool is_suspect_run(struct bytes text, size_t begin, bool has_codes, size_t *end)
{
    unsigned digits = 0;
    size_t at = begin;
    enum kind kind;

    for (; at < text.len && (kind = kind_of((unsigned char)text.p[at])) < BREAKER; at++)
        digits += kind;
    *end = at;
    return (digits >= ROW_DIGITS && may_be_account(text, begin, !has_codes)) ||
           (digits >= CARD_NUMBER_MIN_DIGITS && may_be_card(text, begin, at));
}

/* The number of bytes at p, of ROW_DIGITS, up to the last that breaks a run. */
static size_t broken_bytes(const char *p)
{
    size_t n = ROW_DIGITS;

    while (n && kind_of((unsigned char)p[n - 1]) < BREAKER)
        n--;
    return n;
}

static bool has_suspect_run(struct bytes text, bool has_codes)
{
    size_t at = 0;

    while (text.len - at >= ROW_DIGITS) {
        size_t broken = broken_bytes(text.p + at);
        at += broken;
        if (!broken && is_suspect_run(text, at, has_codes, &at))
            return true;
    }
    return false;
}

/* ---- runs with escapes in them ---- */

static bool read_hex(struct bytes text, size_t at, size_t n, unsigned *value)
{
    *value = 0;
    if (text.len - at < n)
        return false;
    for (size_t end = at + n; at < end; at++) {
        unsigned c = (unsigned char)text.p[at];
        unsigned digit = c - '0' <= 9 ? c - '0' : (c | 0x20) - 'a' <= 5 ? (c | 0x20) - 'a' + 10 : 16;
        if (digit > 15)
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* What stands at the backslash or percent sign, and how long it is. A letter or digit, which nobody encodes without need, and what is
 * encoded twice count as CODE. */
static enum kind decode(struct bytes text, size_t at, size_t *len)
{
    bool is_percent = text.p[at] == '%';
    char next = at + 1 < text.len ? text.p[at + 1] : '\0';
    unsigned value;

    *len = 1;
    if (!is_percent && next != 'u') {
        *len = 2;
        return next == 't' ? FILLER : BREAKER;
    }
    if (!read_hex(text, is_percent ? at + 1 : at + 2, is_percent ? 2 : 4, &value))
        return BREAKER;
    *len = is_percent ? 3 : 6;
    if (value > 0xff)
        return FILLER;
    return separator_is_letter((char)value) || kinds[value] == DIGIT ? CODE : kind_of((unsigned char)value);
}

/* Looks at the run around the escape at `at`, and on, behind escapes that break it, up to a byte that does. *end is there. */
static bool is_suspect_code(struct bytes text, size_t at, size_t done, size_t *end)
{
    size_t begin = at, len;
    unsigned digits = 0;
    bool is_code = true;
    enum kind kind = CODE;

    while (begin > done && kind_of((unsigned char)text.p[begin - 1]) < BREAKER)
        begin--;
    for (at = begin; at < text.len && digits < CARD_NUMBER_MIN_DIGITS && (kind != BREAKER || is_code); at += len) {
        len = 1;
        kind = kind_of((unsigned char)text.p[at]);
        is_code = kind == CODE;
        if (is_code)
            kind = decode(text, at, &len);
        if (kind == CODE || (kind == DIGIT && at >= 3 && iban_may_begin(text, at - 3)))
            return true;
        digits = kind == BREAKER ? 0 : digits + (kind == DIGIT);
    }
    *end = at < text.len ? at : text.len; /* a backslash may be the last byte */
    return digits >= CARD_NUMBER_MIN_DIGITS;
}

static bool has_suspect_code(struct bytes text, char code)
{
    const char *p = text.p, *next;
    size_t end = 0;

    while ((next = memchr(p, code, text.len - (size_t)(p - text.p)))) {
        if (is_suspect_code(text, (size_t)(next - text.p), end, &end))
            return true;
        p = text.p + end;
    }
    return false;
}

static bool has(struct bytes text, char c)
{
    return text.len && memchr(text.p, c, text.len);
}

bool scrub_screen(struct bytes text)
{
    bool has_percent = has(text, '%'), has_escape = has(text, '\\');

    return has_suspect_run(text, has_percent || has_escape) || (has_percent && has_suspect_code(text, '%')) ||
           (has_escape && has_suspect_code(text, '\\'));
}
