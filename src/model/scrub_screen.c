#include "model/scrub_screen.h"

#include <stdint.h>
#include <string.h>

#include "base/byte_vector.h"
#include "model/card_number.h"
#include "model/iban.h"
#include "model/separator.h"

/* Why nothing that is let go holds a number, in any encoding:
 * - A letter or a digit that is encoded, what is encoded twice, an escape that JSON does not know, and a full-width digit, encoded or not,
 *   are suspect by themselves (has_suspect_code looks at each escape, has_full_width_digit at the others). All other letters and digits of
 *   a number stand in the text as they are.
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

static bool breaks(char c)
{
    return kind_of((unsigned char)c) >= BREAKER;
}

/* ---- runs of digits and fillers ---- */

/* Could a card's number stand there? What is around it could only make less of it, but for a letter before a plus, which is then no prefix.
 * An exponent could make it another number. */
static bool may_be_card(struct bytes text, size_t begin, size_t end)
{
    bool has_plus = text.p[begin] == '+' && !separator_is_prefix(text, begin);
    struct bytes part = { text.p + begin + has_plus, end - begin - has_plus };
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

/* A run that counts has as many bytes as a card has digits, so it is enough to look at one byte of as many; where that breaks no run, at
 * those before it. */
static bool has_suspect_run(struct bytes text)
{
    const size_t step = CARD_NUMBER_MIN_DIGITS;

    for (size_t at = step - 1; at < text.len; at += step) {
        if (breaks(text.p[at]))
            continue;
        size_t begin = at, first = at - (step - 1);
        while (begin > first && !breaks(text.p[begin - 1]))
            begin--;
        at = begin - 1; /* breaks the run */
        if (begin == first && is_suspect_run(text, begin, &at))
            return true;
    }
    return false;
}

/* ---- escapes ---- */

enum { FULL_WIDTH_ZERO = 0xff10, FULL_WIDTH = 0xef /* the first byte of all ten, EF BC 90 to EF BC 99 */ };

static enum kind kind_of_code(unsigned value)
{
    if (value > 0xff)
        return value - FULL_WIDTH_ZERO <= 9 ? CODE : FILLER;
    return separator_is_letter((char)value) || kinds[value] == DIGIT ? CODE : kind_of((unsigned char)value);
}

/* An escaped backslash may begin an escape of JSON that is itself a string: what that stands for, and how long all of it is. */
static enum kind decode_inner(struct bytes text, size_t at, size_t *len)
{
    size_t end = at;
    unsigned value;

    while (end < text.len && text.p[end] == '\\')
        end++;
    char next = end < text.len ? text.p[end] : '\0';
    if (next == 't' || (next == 'u' && bytes_read_hex(text, end + 1, 4, &value))) {
        *len = end - at + (next == 't' ? 1 : 5);
        return next == 't' ? FILLER : kind_of_code(value);
    }
    *len = (end - at) & ~(size_t)1;
    return BREAKER;
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
        return next == '\\' ? decode_inner(text, at, len) : next == 't' ? FILLER : next && strchr("\"/bfnr", next) ? BREAKER : CODE;
    }
    if (!bytes_read_hex(text, is_percent ? at + 1 : at + 2, is_percent ? 2 : 4, &value))
        return is_percent ? BREAKER : CODE;
    *len = is_percent ? 3 : 6;
    return is_percent && value == FULL_WIDTH ? CODE : kind_of_code(value);
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

static bool has_suspect_code(struct bytes text, char code)
{
    const char *next;
    size_t end = 0;

    while ((next = memchr(text.p + end, code, text.len - end))) {
        if (is_suspect_code(text, (size_t)(next - text.p), end, &end))
            return true;
    }
    return false;
}

/* ---- what begins as an IBAN does ---- */

enum { HEAD_BYTES = 4, BLOCK_BYTES = 2 * BYTE_VECTOR_BYTES, BLOCK_HEADS = BLOCK_BYTES - (HEAD_BYTES - 1) };
enum { SEPARATORS_MAX_BYTES = 3 * SEPARATORS_MAX };

struct block {
    byte_vector first, second;
};

static struct block block_of(const char *p)
{
    return (struct block){ byte_vector_at(p), byte_vector_at(p + BYTE_VECTOR_BYTES) };
}

/* What the text begins with; behind its end are zeros. */
static struct block block_at(struct bytes text)
{
    if (text.len >= BLOCK_BYTES)
        return block_of(text.p);
    char last[BLOCK_BYTES] = { 0 };
    memcpy(last, text.p, text.len);
    return block_of(last);
}

static uint32_t digits_of(struct block block)
{
    return byte_vector_bits((byte_vector)(block.first - '0' <= 9)) | byte_vector_bits((byte_vector)(block.second - '0' <= 9))
                                                                         << BYTE_VECTOR_BYTES;
}

static uint32_t letters_of(struct block block)
{
    return byte_vector_bits((byte_vector)((block.first | 0x20) - 'a' <= 'z' - 'a')) |
           byte_vector_bits((byte_vector)((block.second | 0x20) - 'a' <= 'z' - 'a')) << BYTE_VECTOR_BYTES;
}

/* A bit for each place in the block, BLOCK_HEADS of them, where two letters and two digits stand. */
static uint32_t heads_of(struct block block)
{
    uint32_t digits = digits_of(block), heads = digits >> 2 & digits >> 3;

    if (!heads)
        return 0;
    uint32_t letters = letters_of(block);
    return heads & letters & letters >> 1;
}

static byte_vector codes_of(byte_vector bytes)
{
    return (byte_vector)((bytes == '%') | (bytes == '\\'));
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

static bool is_suspect_head(struct bytes text, size_t at)
{
    return is_bordered(text, at) && iban_may_begin(text, at) && (iban_is_at(text, at) || is_encoded_account(text, at + HEAD_BYTES));
}

/* What a text without a suspect account has. */
struct contents {
    bool has_codes;
    bool is_wide; /* not all ASCII */
};

static bool has_suspect_account(struct bytes text, struct contents *contents)
{
    byte_vector codes = { 0 }, bytes = { 0 };

    for (size_t at = 0; at < text.len; at += BLOCK_HEADS) {
        struct block block = block_at((struct bytes){ text.p + at, text.len - at });
        codes |= codes_of(block.first) | codes_of(block.second);
        bytes |= block.first | block.second;
        for (uint32_t heads = heads_of(block); heads; heads &= heads - 1) {
            if (is_suspect_head(text, at + (size_t)__builtin_ctz(heads)))
                return true;
        }
    }
    *contents = (struct contents){ byte_vector_bits(codes) != 0, byte_vector_bits(bytes) != 0 };
    return false;
}

static bool has_full_width_digit(struct bytes text)
{
    const char *next;

    for (size_t at = 0; (next = memchr(text.p + at, FULL_WIDTH, text.len - at)); at++) {
        at = (size_t)(next - text.p);
        if (text.len - at >= 3 && memcmp(next, "\xef\xbc", 2) == 0 && (unsigned char)(next[2] - 0x90) <= 9)
            return true;
    }
    return false;
}

bool scrub_screen(struct bytes text)
{
    struct contents contents;

    return has_suspect_run(text) || has_suspect_account(text, &contents) ||
           (contents.has_codes && (has_suspect_code(text, '%') || has_suspect_code(text, '\\'))) ||
           (contents.is_wide && has_full_width_digit(text));
}
