#include "model/ecma_class.h"

#include <string.h>

#include "model/ecma_property.h"

/* ECMA-262's WhiteSpace and LineTerminator, and all else, as the inside of a class. */
#define SPACE "\\t-\\r \\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_SPACE                                                                                                              \
    "\\x00-\\x08\\x0e-\\x1f!-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}" \
    "\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"
#define ANY "[\\x00-\\x{10ffff}]"
#define NOTHING "(?!)"

/* ---- sets: \d, \s, \p{…} ---- */

static bool property(struct ecma_reading *reading)
{
    const char *fault;
    size_t len = ecma_property_translate(ecma_reading_rest(reading), reading->to, &fault);

    reading->at += len;
    return len || ecma_reading_refuse(reading, reading->at, fault);
}

bool ecma_class_set_follows(const struct ecma_reading *reading)
{
    return ecma_reading_ahead(reading, 0) == '\\' && ecma_reading_ahead(reading, 1) != '\0' &&
           strchr("dDwWsSpP", ecma_reading_ahead(reading, 1));
}

bool ecma_class_set(struct ecma_reading *reading)
{
    char kind = ecma_reading_ahead(reading, 1);

    if (kind == 'p' || kind == 'P')
        return property(reading);
    if (kind == 's' || kind == 'S')
        buf_add_text(reading->to, kind == 's' ? SPACE : NOT_SPACE);
    else
        buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 2 });
    reading->at += 2;
    return true;
}

/* ---- classes ---- */

/* A character of a class, escaped or not. */
static bool class_character(struct ecma_reading *reading, int32_t *c)
{
    if (reading->text.p[reading->at] != '\\') {
        *c = ecma_reading_character(reading);
        return true;
    }
    if (ecma_reading_ahead(reading, 1) == 'b') {
        *c = '\b';
        reading->at += 2;
        return true;
    }
    return ecma_reading_escape(reading, c);
}

/* A hyphen that is neither the first nor the last of a class. */
static bool hyphen_follows(const struct ecma_reading *reading)
{
    return ecma_reading_ahead(reading, 0) == '-' && reading->text.len - reading->at > 1 && ecma_reading_ahead(reading, 1) != ']';
}

/* A set, a character, or a range of characters. Beside a set a hyphen stands for itself. */
static bool class_range(struct ecma_reading *reading)
{
    size_t begin = reading->at;
    int32_t first, last;

    if (ecma_class_set_follows(reading)) {
        if (!ecma_class_set(reading))
            return false;
        if (hyphen_follows(reading)) {
            buf_add_text(reading->to, "\\-");
            reading->at++;
        }
        return true;
    }
    if (!class_character(reading, &first))
        return false;
    ecma_reading_put(reading, first);
    if (!hyphen_follows(reading))
        return true;
    reading->at++;
    if (ecma_class_set_follows(reading)) {
        buf_add_text(reading->to, "\\-");
        return true;
    }
    if (!class_character(reading, &last))
        return false;
    buf_add_text(reading->to, "-");
    ecma_reading_put(reading, last);
    return first <= last || ecma_reading_refuse(reading, begin, "a range of characters is out of order");
}

bool ecma_class_translate(struct ecma_reading *reading)
{
    size_t begin = reading->at;
    bool is_negated = ecma_reading_ahead(reading, 1) == '^';

    reading->can_repeat = true;
    reading->at += is_negated ? 2 : 1;
    if (ecma_reading_ahead(reading, 0) == ']') {
        reading->at++;
        buf_add_text(reading->to, is_negated ? ANY : NOTHING);
        return true;
    }
    buf_add_text(reading->to, is_negated ? "[^" : "[");
    while (reading->at < reading->text.len && reading->text.p[reading->at] != ']') {
        if (!class_range(reading))
            return false;
    }
    if (reading->at == reading->text.len)
        return ecma_reading_refuse(reading, begin, "a class is not closed");
    buf_add_text(reading->to, "]");
    reading->at++;
    return true;
}
