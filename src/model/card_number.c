#include "model/card_number.h"

#include <stdint.h>
#include <string.h>

#include "model/separator.h"
#include "model/uuid.h"

/* The lengths that a scheme issues, a bit each. */
#define LENGTH(n) (1u << (n))
#define LENGTHS(min, max) (LENGTH((max) + 1) - LENGTH(min))

enum { PREFIX_DIGITS = 4, HASH_MAX_BYTES = 1024 /* an RSA signature of 4096 bits */ };

/* Issuers' ranges by their first four digits; ISO/IEC 7812 has six or eight, but the schemes publish theirs by two to four. Broad where
 * schemes share: 6 is UnionPay's, Discover's, Maestro's, RuPay's and more. Left out on purpose: 1 (UATP: account numbers and time stamps
 * begin so) and Visa's 14, 15, 17 and 18 digits, which were never issued. */
static const struct {
    uint16_t first;
    uint16_t last;
    uint32_t lengths;
} ranges[] = {
    { 2200, 2204, LENGTHS(16, 19) },                      /* Mir */
    { 2221, 2720, LENGTH(16) },                           /* Mastercard */
    { 3000, 3059, LENGTH(14) | LENGTHS(16, 19) },         /* Diners Club */
    { 3095, 3095, LENGTH(14) | LENGTHS(16, 19) },         /* Diners Club */
    { 3400, 3499, LENGTH(15) },                           /* American Express */
    { 3528, 3589, LENGTHS(16, 19) },                      /* JCB */
    { 3600, 3699, LENGTHS(14, 19) },                      /* Diners Club */
    { 3700, 3799, LENGTH(15) },                           /* American Express */
    { 3800, 3999, LENGTH(14) | LENGTHS(16, 19) },         /* Diners Club; Hipercard */
    { 4000, 4999, LENGTH(13) | LENGTH(16) | LENGTH(19) }, /* Visa */
    { 5000, 5099, LENGTHS(13, 19) },                      /* Maestro, Verve, RuPay, Elo */
    { 5100, 5599, LENGTH(16) },                           /* Mastercard */
    { 5600, 5899, LENGTHS(13, 19) },                      /* Maestro */
    { 6000, 6999, LENGTHS(16, 19) },                      /* Discover, UnionPay, Maestro, RuPay, InterPayment, Troy */
    { 6304, 6304, LENGTHS(13, 15) },                      /* Maestro */
    { 6759, 6763, LENGTHS(13, 15) },                      /* Maestro */
    { 8100, 8299, LENGTHS(16, 19) },                      /* UnionPay, RuPay */
    { 8600, 8600, LENGTH(16) },                           /* UzCard */
    { 9792, 9792, LENGTH(16) },                           /* Troy */
    { 9860, 9860, LENGTH(16) },                           /* Humo */
};

static bool is_issued(const char *digits, size_t n)
{
    unsigned prefix = 0;

    for (size_t i = 0; i < PREFIX_DIGITS; i++)
        prefix = prefix * 10 + (unsigned)(digits[i] - '0');
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (prefix >= ranges[i].first && prefix <= ranges[i].last && ranges[i].lengths & LENGTH(n))
            return true;
    }
    return false;
}

/* ISO/IEC 7812-1, annex B: every second digit from the right counts twice. */
static bool has_check_digit(const char *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(digits[n - 1 - i] - '0');
        if (i % 2)
            digit = digit < 5 ? 2 * digit : 2 * digit - 9;
        sum += digit;
    }
    return sum % 10 == 0;
}

bool card_number_is(struct bytes digits)
{
    return digits.len >= CARD_NUMBER_MIN_DIGITS && digits.len <= CARD_NUMBER_MAX_DIGITS && is_issued(digits.p, digits.len) &&
           has_check_digit(digits.p, digits.len);
}

/* ---- what stands around ---- */

static bool is_alphanumeric(char c)
{
    return separator_is_digit(c) || separator_is_letter(c);
}

static bool is_hexadecimal(char c)
{
    return separator_is_digit(c) || (unsigned char)((c | 0x20) - 'a') <= 'f' - 'a';
}

/* Is it a part of a hash, or of an identifier like one? None is longer than HASH_MAX_BYTES: many cards' numbers in one long token must not
 * cost a look at all of it each. */
static bool is_in_hash(struct bytes text, struct span span)
{
    bool has_letter = false;

    while (span.begin > 0 && span.end - span.begin <= HASH_MAX_BYTES && is_alphanumeric(text.p[span.begin - 1]))
        span.begin--;
    while (span.end < text.len && span.end - span.begin <= HASH_MAX_BYTES && is_alphanumeric(text.p[span.end]))
        span.end++;
    if (span.end - span.begin < 16 || span.end - span.begin > HASH_MAX_BYTES || (span.end - span.begin) % 8)
        return false;
    for (size_t i = span.begin; i < span.end; i++) {
        if (!is_hexadecimal(text.p[i]))
            return false;
        has_letter |= !separator_is_digit(text.p[i]);
    }
    return has_letter;
}

/* ---- groups of digits ---- */

static size_t digits_end(struct bytes text, size_t at)
{
    while (at < text.len && separator_is_digit(text.p[at]))
        at++;
    return at;
}

/* Groups that are read as one number, as far as they have been. */
struct reading {
    struct bytes text;
    size_t begin;
    bool continues; /* there are groups before it */
    char digits[CARD_NUMBER_MAX_DIGITS];
    size_t n_digits;
    size_t n_groups;
    bool is_printed;           /* no group but the last has fewer than four digits, as no card is printed otherwise */
    enum separator separators; /* between its groups */
};

/* Does it follow a decimal point? */
static bool is_fraction(const struct reading *reading)
{
    size_t at = reading->begin;

    return at >= 2 && reading->text.p[at - 1] == '.' && separator_is_digit(reading->text.p[at - 2]);
}

/* With a plus before them thirteen digits are a telephone number. */
static bool is_telephone(const struct reading *reading)
{
    return reading->n_digits == 13 && separator_ends_prefix(reading->text, reading->begin);
}

/* Is it grouped as a number of a card may be? is_last: no group follows. Groups that are not those of a card are accepted where there is
 * nothing else (thousands, pairs), as chance finds a number in a long list of others. One dot is a decimal point. */
static bool is_grouped(const struct reading *reading, bool is_last)
{
    if (reading->n_groups == 1)
        return !is_fraction(reading);
    if (reading->separators == SEPARATOR_MIXED || (reading->separators == SEPARATOR_DOT && reading->n_groups == 2))
        return false;
    return reading->is_printed || (is_last && !reading->continues && reading->n_digits > CARD_NUMBER_MIN_DIGITS);
}

static bool is_card(const struct reading *reading, size_t end, bool is_last)
{
    struct span span = { reading->begin, end };

    return reading->n_digits >= CARD_NUMBER_MIN_DIGITS && is_grouped(reading, is_last) &&
           card_number_is((struct bytes){ reading->digits, reading->n_digits }) && !is_telephone(reading) &&
           !is_in_hash(reading->text, span) && !uuid_is_around(reading->text, span.begin, span.end);
}

/* The end of the longest number that begins with the group at begin; begin where there is none. */
static size_t longest(struct bytes text, size_t begin, bool continues)
{
    struct reading reading = { .text = text, .begin = begin, .continues = continues, .is_printed = true };
    size_t at = begin, best = begin;

    for (;;) {
        size_t end = digits_end(text, at);
        if (end - at > CARD_NUMBER_MAX_DIGITS - reading.n_digits)
            return best;
        memcpy(reading.digits + reading.n_digits, text.p + at, end - at);
        reading.n_digits += end - at;
        reading.n_groups++;
        size_t next = end;
        enum separator separators = separator_skip(text, &next);
        bool is_last = separators == SEPARATOR_NONE || next == text.len || !separator_is_digit(text.p[next]);
        if (is_card(&reading, end, is_last))
            best = end;
        reading.is_printed = reading.is_printed && end - at >= 4;
        reading.separators |= separators;
        if (is_last || (!reading.is_printed && continues))
            return best;
        at = next;
    }
}

bool card_number_next(struct bytes text, size_t *from, struct span *found)
{
    bool is_found = false, continues = false;
    size_t at = *from;

    while (at < text.len && (!is_found || at < found->end)) {
        if (!separator_is_digit(text.p[at])) {
            continues = false;
            at++;
            continue;
        }
        size_t end = longest(text, at, continues);
        if (end > at && !is_found)
            *found = (struct span){ at, end };
        else if (end > at && end > found->end)
            found->end = end;
        is_found |= end > at;
        at = digits_end(text, at);
        size_t next = at;
        continues = separator_skip(text, &next) != SEPARATOR_NONE && next < text.len && separator_is_digit(text.p[next]);
        if (continues)
            at = next;
    }
    if (is_found)
        *from = found->end;
    return is_found;
}
