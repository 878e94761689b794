#include "model/iban.h"

#include <string.h>

#include "model/separator.h"
#include "model/uuid.h"

enum { HEAD_BYTES = 4 }; /* the country and the check digits */

/* The form of each country's account, from the registry of IBAN formats: counts of n digits, a letters, c either. */
static const struct {
    char country[3];
    char form[18];
} countries[] = {
    { "ad", "8n12c" },   { "ae", "19n" },    { "al", "8n16c" },    { "at", "16n" },      { "az", "4a20c" },    { "ba", "16n" },
    { "be", "12n" },     { "bg", "4a6n8c" }, { "bh", "4a14c" },    { "bi", "23n" },      { "br", "23n1a1c" },  { "by", "4c4n16c" },
    { "ch", "5n12c" },   { "cr", "18n" },    { "cy", "8n16c" },    { "cz", "20n" },      { "de", "18n" },      { "dj", "23n" },
    { "dk", "14n" },     { "do", "4c20n" },  { "ee", "16n" },      { "eg", "25n" },      { "es", "20n" },      { "fi", "14n" },
    { "fk", "2a12n" },   { "fo", "14n" },    { "fr", "10n11c2n" }, { "gb", "4a14n" },    { "ge", "2a16n" },    { "gi", "4a15c" },
    { "gl", "14n" },     { "gr", "7n16c" },  { "gt", "24c" },      { "hn", "4a20n" },    { "hr", "17n" },      { "hu", "24n" },
    { "ie", "4a14n" },   { "il", "19n" },    { "iq", "4a15n" },    { "is", "22n" },      { "it", "1a10n12c" }, { "jo", "4a4n18c" },
    { "kw", "4a22c" },   { "kz", "3n13c" },  { "lb", "4n20c" },    { "lc", "4a24c" },    { "li", "5n12c" },    { "lt", "16n" },
    { "lu", "3n13c" },   { "lv", "4a13c" },  { "ly", "21n" },      { "mc", "10n11c2n" }, { "md", "20c" },      { "me", "18n" },
    { "mk", "3n10c2n" }, { "mn", "16n" },    { "mr", "23n" },      { "mt", "4a5n18c" },  { "mu", "4a19n3a" },  { "ni", "4a20n" },
    { "nl", "4a10n" },   { "no", "11n" },    { "om", "3n16c" },    { "pk", "4a16c" },    { "pl", "24n" },      { "ps", "4a21c" },
    { "pt", "21n" },     { "qa", "4a21c" },  { "ro", "4a16c" },    { "rs", "18n" },      { "ru", "14n15c" },   { "sa", "2n18c" },
    { "sc", "4a20n3a" }, { "sd", "14n" },    { "se", "20n" },      { "si", "15n" },      { "sk", "20n" },      { "sm", "1a10n12c" },
    { "so", "19n" },     { "st", "21n" },    { "sv", "4a20n" },    { "tl", "19n" },      { "tn", "20n" },      { "tr", "6n16c" },
    { "ua", "6n19c" },   { "va", "18n" },    { "vg", "4a16n" },    { "xk", "16n" },      { "ye", "4a4n18c" },
};

static bool is_alphanumeric(char c)
{
    return separator_is_digit(c) || separator_is_letter(c);
}

/* The form of the account where a country's letters and two digits stand; NULL where they do not. */
static const char *form_at(const char *p)
{
    const char country[2] = { (char)(p[0] | 0x20), (char)(p[1] | 0x20) };

    if (!separator_is_letter(p[0]) || !separator_is_letter(p[1]) || !separator_is_digit(p[2]) || !separator_is_digit(p[3]))
        return NULL;
    for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++) {
        if (memcmp(countries[i].country, country, sizeof country) == 0)
            return countries[i].form;
    }
    return NULL;
}

bool iban_may_begin(struct bytes text, size_t at)
{
    return form_at(text.p + at) != NULL;
}

static bool has_kind(char c, char kind)
{
    return kind == 'n' ? separator_is_digit(c) : kind == 'a' ? separator_is_letter(c) : is_alphanumeric(c);
}

/* Reads an account of that form. Returns its end, or 0 where it has another. Appends it to number. */
static size_t read_account(struct bytes text, size_t at, const char *form, char *number, size_t *len)
{
    for (; *form; form++) {
        unsigned count = 0;
        for (; separator_is_digit(*form); form++)
            count = count * 10 + (unsigned)(*form - '0');
        for (; count; count--) {
            (void)separator_skip(text, &at);
            if (at == text.len || !has_kind(text.p[at], *form))
                return 0;
            number[(*len)++] = text.p[at++];
        }
    }
    return at;
}

/* ISO/IEC 7064, MOD 97-10: the account, then country and check digits, letters as two digits (a is 10). */
static bool has_check_digits(const char *number, size_t len)
{
    unsigned rest = 0;

    for (size_t i = 0; i < len; i++) {
        char c = number[(i + HEAD_BYTES) % len];
        if (separator_is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)((c | 0x20) - 'a') + 10) % 97;
    }
    return rest == 1;
}

/* The end of the number that begins there; 0 where none does. */
static size_t read_number(struct bytes text, size_t at)
{
    char number[IBAN_MAX_BYTES];
    size_t len = HEAD_BYTES;
    const char *form = text.len - at < IBAN_MIN_BYTES ? NULL : form_at(text.p + at);

    if (!form)
        return 0;
    memcpy(number, text.p + at, HEAD_BYTES);
    size_t end = read_account(text, at + HEAD_BYTES, form, number, &len);
    if (!end || (end < text.len && is_alphanumeric(text.p[end])))
        return 0;
    return has_check_digits(number, len) ? end : 0;
}

bool iban_is_at(struct bytes text, size_t at)
{
    return read_number(text, at) != 0;
}

bool iban_next(struct bytes text, size_t *from, struct span *found)
{
    for (size_t at = *from; at < text.len; at++) {
        if (at && is_alphanumeric(text.p[at - 1]))
            continue;
        size_t end = read_number(text, at);
        if (end && !uuid_is_around(text, at, end)) { /* one UUID in 20 million ends in a Belgian number */
            *found = (struct span){ at, end };
            *from = end;
            return true;
        }
    }
    return false;
}
