#include "model/scrub_screen.h"

#include <stdint.h>
#include <string.h>

#include "model/card_number.h"
#include "model/iban.h"
#include "model/separator.h"

/* Why nothing that is let go holds a number, in any encoding:
 * - A letter or a digit that is encoded, what is encoded twice, and an escape that JSON does not know are suspect by themselves
 *   (has_suspect_code looks at each escape). All other letters and digits of a number stand in the text as they are.
 * - Then a card's thirteen digits have but separators between them. Where all of those stand as they are, too, it lies in one run of
 *   digits and fillers, and card_number judges that. Else there is an escape in it, and has_suspect_code counts the digits around it.
 * - Then an IBAN's first four bytes stand side by side. has_suspect_account finds each such place, and iban judges it, or where there
 *   are escapes behind it the letters and digits are counted.
 * Every filler is taken for a separator, so the separators themselves are card_number's and iban's alone. */

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

/* Could a card's number stand there? What is around it could only make less of it. An exponent could make it another number. */
static bool may_be_card(struct bytes text, size_t begin, size_t end)
{
    struct bytes part = { text.p + begin, end - begin };
    struct span found;
    size_t from = 0;

    return (end < text.len && (text.p[end] | 0x20) == 'e') || card_number_next(part, &from, &found);
}

/* Looks at the run that begins there. *end is its end. */
static bool is_suspect_run(struct bytes text, size_t begin, size_t *end)
{
    unsigned digits = 0;
    size_t at = begin;
    enum kind kind;

    for (; at < text.len && (kind = kind_of((unsigned char)text.p[at])) < BREAKER; at++)
        digits += kind;
    *end = at;
    return digits >= CARD_NUMBER_MIN_DIGITS && may_be_card(text, begin, at);
}

/* The number of bytes at p, of as many as a card has digits, up to the last that breaks a run. */
static size_t broken_bytes(const char *p)
{
    size_t n = CARD_NUMBER_MIN_DIGITS;

    while (n && kind_of((unsigned char)p[n - 1]) < BREAKER)
        n--;
    return n;
}

static bool has_suspect_run(struct bytes text)
{
    size_t at = 0;

    while (text.len - at >= CARD_NUMBER_MIN_DIGITS) {
        size_t broken = broken_bytes(text.p + at);
        at += broken;
        if (!broken && is_suspect_run(text, at, &at))
            return true;
    }
    return false;
}

/* ---- escapes ---- */

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

/* What stands at the backslash or percent sign, and how long it is. A letter or digit, which nobody encodes without need, what is encoded
 * twice, and what is no escape of JSON count as CODE. */
static enum kind decode(struct bytes text, size_t at, size_t *len)
{
    bool is_percent = text.p[at] == '%';
    char next = at + 1 < text.len ? text.p[at + 1] : '\0';
    unsigned value;

    *len = 1;
    if (!is_percent && next != 'u') {
        *len = 2;
        return next == 't' ? FILLER : next && strchr("\"\\/bfnr", next) ? BREAKER : CODE;
    }
    if (!read_hex(text, is_percent ? at + 1 : at + 2, is_percent ? 2 : 4, &value))
        return is_percent ? BREAKER : CODE;
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
        if (kind == CODE)
            return true;
        digits = kind == BREAKER ? 0 : digits + (kind == DIGIT);
    }
    *end = at < text.len ? at : text.len; /* a backslash may be the last byte */
    return digits >= CARD_NUMBER_MIN_DIGITS;
}

/* next: the first of them, or NULL. */
static bool has_suspect_code(struct bytes text, char code, const char *next)
{
    size_t end = 0;

    while (next) {
        if (is_suspect_code(text, (size_t)(next - text.p), end, &end))
            return true;
        next = memchr(text.p + end, code, text.len - end);
    }
    return false;
}

/* ---- what begins as an IBAN does ---- */

enum { WORD = sizeof(uint64_t), HEAD_BYTES = 4, SEPARATORS_MAX_BYTES = 3 * SEPARATORS_MAX };

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

static uint64_t word_at(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

/* The highest bit of each byte of a word that is a digit. No byte's sum carries into the next. */
static uint64_t digits_of(uint64_t word)
{
    uint64_t past_nine = ((word ^ EACH_BYTE('0')) & EACH_BYTE(0x7f)) + EACH_BYTE(0x80 - 10);

    return ~(past_nine | word) & EACH_BYTE(0x80);
}

static uint64_t letters_of(uint64_t word)
{
    uint64_t lower = (word | EACH_BYTE(0x20)) & EACH_BYTE(0x7f);
    uint64_t from_a = lower + EACH_BYTE(0x80 - 'a'), past_z = lower + EACH_BYTE(0x80 - 'z' - 1);

    return from_a & ~past_z & ~word & EACH_BYTE(0x80);
}

/* Do two letters and two digits stand at one of the WORD bytes at p? */
static bool has_head(const char *p)
{
    uint64_t digits = digits_of(word_at(p + 2));

    return digits && digits & digits_of(word_at(p + 3)) & letters_of(word_at(p)) & letters_of(word_at(p + 1));
}

/* Is what stands before it no letter or digit, or may it be the end of an escape, which is none? */
static bool is_bordered(struct bytes text, size_t at)
{
    return !at || !(separator_is_letter(text.p[at - 1]) || separator_is_digit(text.p[at - 1])) ||
           (at >= 2 && text.p[at - 2] == '\\') || (at >= 3 && text.p[at - 3] == '%') || (at >= 6 && text.p[at - 6] == '\\');
}

/* Could an account with escapes between its characters stand there? */
static bool is_encoded_account(struct bytes text, size_t at)
{
    size_t n = 0, fillers = 0, len;
    bool has_code = false;

    for (; at < text.len && n < IBAN_MAX_BYTES && fillers <= SEPARATORS_MAX_BYTES; at += len) {
        enum kind kind = kind_of((unsigned char)text.p[at]);
        len = 1;
        if (kind == CODE) {
            has_code = true;
            kind = decode(text, at, &len);
        } else if (separator_is_letter(text.p[at])) {
            kind = DIGIT;
        }
        if (kind >= BREAKER)
            break;
        fillers = kind == FILLER ? fillers + 1 : 0;
        n += kind == DIGIT;
    }
    return has_code && n >= IBAN_MIN_BYTES - HEAD_BYTES;
}

static bool is_suspect_head(struct bytes text, size_t at, bool has_codes)
{
    return iban_may_begin(text, at) && is_bordered(text, at) &&
           (iban_is_at(text, at) || (has_codes && is_encoded_account(text, at + HEAD_BYTES)));
}

static bool has_suspect_account(struct bytes text, bool has_codes)
{
    _Static_assert(IBAN_MIN_BYTES >= WORD + HEAD_BYTES - 1, "has_head looks at no byte behind the text");

    for (size_t at = 0; at + IBAN_MIN_BYTES <= text.len; at += WORD) {
        for (size_t i = 0; i < WORD && (i || has_head(text.p + at)); i++) {
            if (is_suspect_head(text, at + i, has_codes))
                return true;
        }
    }
    return false;
}

static const char *find(struct bytes text, char c)
{
    return text.len ? memchr(text.p, c, text.len) : NULL;
}

bool scrub_screen(struct bytes text)
{
    const char *percent = find(text, '%'), *escape = find(text, '\\');

    return has_suspect_run(text) || has_suspect_account(text, percent || escape) || has_suspect_code(text, '%', percent) ||
           has_suspect_code(text, '\\', escape);
}
