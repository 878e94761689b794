#include "model/scrub_screen.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "model/card_number.h"
#include "model/iban.h"
#include "model/separator.h"

/* A card number or an IBAN has DENSE digits somewhere in three words of eight bytes that follow one another. Of what is dense each byte is
 * looked at, from LEAD bytes before: the beginning of an IBAN has fewer. */
enum { WORD = 8, DENSE = 8, LEAD = 16 };

/* How many of eight bytes are digits. */
static unsigned count_digits(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t x = word ^ (ones * '0'); /* 0 to 9 for a digit */
    uint64_t above = ((x & (ones * 0x7f)) + ones * (0x80 - 10)) | x;
    return (unsigned)(((~above >> 7 & ones) * ones) >> 56);
}

static unsigned digits_at(struct bytes text, size_t at)
{
    uint64_t word = 0;

    if (text.len - at >= WORD)
        memcpy(&word, text.p + at, WORD);
    else
        memcpy(&word, text.p + at, text.len - at);
    return count_digits(word);
}

/* ---- what is dense ---- */

/* What a byte, or an escape, is to a number. A filler may stand between its digits. */
enum kind { BREAKER, DIGIT, FILLER, CODE /* of \u or %, to be looked at */ };

static const unsigned char kinds[256] = {
    ['0'] = DIGIT,  ['1'] = DIGIT,  ['2'] = DIGIT,  ['3'] = DIGIT,   ['4'] = DIGIT,  ['5'] = DIGIT,
    ['6'] = DIGIT,  ['7'] = DIGIT,  ['8'] = DIGIT,  ['9'] = DIGIT,   [' '] = FILLER, ['-'] = FILLER,
    ['.'] = FILLER, ['_'] = FILLER, ['+'] = FILLER, ['\t'] = FILLER, ['\\'] = CODE,  ['%'] = CODE,
};

static enum kind kind_of(unsigned char c)
{
    return c >= 0x80 ? FILLER : kinds[c];
}

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

/* A run of digits and fillers, as far as it has been read. */
struct run {
    size_t begin;
    unsigned digits;
    bool has_codes;
};

/* Is it one that is to be looked at with its surroundings? For card_number those could only make less of it. */
static bool is_suspect(struct bytes text, const struct run *run, size_t end)
{
    struct bytes part = { text.p + run->begin, end - run->begin };
    struct span found;
    size_t from = 0;

    if (run->digits < CARD_NUMBER_MIN_DIGITS)
        return false;
    return run->has_codes || (end < text.len && (text.p[end] | 0x20) == 'e') || card_number_next(part, &from, &found);
}

/* Reads on from `from` until *to is reached and no run is open, and sets *to there. Returns whether something is to be looked at
 * exactly. */
static bool look(struct bytes text, size_t from, size_t *to)
{
    struct run run = { .begin = from };
    size_t at = from, len = 1;

    for (; at < text.len && (at < *to || run.digits); at += len) {
        enum kind kind = kind_of((unsigned char)text.p[at]);
        len = 1;
        if (kind == CODE) {
            kind = decode(text, at, &len);
            run.has_codes |= kind != BREAKER;
            if (kind == CODE)
                return true;
        }
        if (kind == DIGIT) {
            run.digits++;
            if (at >= 3 && iban_may_begin(text, at - 3))
                return true;
        } else if (kind == BREAKER) {
            if (is_suspect(text, &run, at))
                return true;
            run = (struct run){ .begin = at + len };
        }
    }
    *to = at;
    return is_suspect(text, &run, at < text.len ? at : text.len);
}

bool scrub_screen(struct bytes text)
{
    unsigned before = 0, last = 0;
    size_t done = 0; /* what has been looked at */

    for (size_t at = 0; at < text.len; at += WORD) {
        unsigned digits = digits_at(text, at);
        if (before + last + digits >= DENSE && at + WORD > done) {
            size_t window = at > 2 * WORD + LEAD ? at - 2 * WORD - LEAD : 0;
            size_t end = at + WORD;
            if (look(text, window > done ? window : done, &end))
                return true;
            done = end;
        }
        before = last;
        last = digits;
    }
    return false;
}
