#include "model/ecma_pattern.h"

#include "model/ecma_class.h"
#include "model/ecma_escape.h"
#include "model/ecma_group.h"

#define NOT_LINE_TERMINATOR "[^\\n\\r\\x{2028}\\x{2029}]"

/* ---- escapes outside a class ---- */

static bool escape(struct ecma_reading *reading)
{
    char kind = ecma_reading_ahead(reading, 1);
    int32_t c;

    reading->can_repeat = true;
    if (kind == 'b' || kind == 'B') {
        buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 2 });
        reading->at += 2;
        reading->can_repeat = false;
        return true;
    }
    if (kind >= '1' && kind <= '9')
        return ecma_group_reference(reading);
    if (kind == 'k')
        return ecma_group_named_reference(reading);
    if (ecma_class_set_follows(reading)) {
        buf_add_text(reading->to, "[");
        bool is_set = ecma_class_set(reading);
        buf_add_text(reading->to, "]");
        return is_set;
    }
    if (!ecma_reading_escape(reading, &c))
        return false;
    ecma_reading_put(reading, c);
    return true;
}

/* ---- quantifiers ---- */

/* What stands behind a quantifier may make it lazy, and is no quantifier itself. */
static bool repeat(struct ecma_reading *reading, size_t len)
{
    if (!reading->can_repeat)
        return ecma_reading_refuse(reading, reading->at, "there is nothing to repeat");
    reading->at += len;
    if (ecma_reading_ahead(reading, 0) == '?') {
        buf_add_text(reading->to, "?");
        reading->at++;
    }
    reading->can_repeat = false;
    return true;
}

static bool quantifier(struct ecma_reading *reading)
{
    buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 1 });
    reading->pattern->repeats_long |= reading->text.p[reading->at] != '?';
    return repeat(reading, 1);
}

static bool literal(struct ecma_reading *reading)
{
    reading->can_repeat = true;
    ecma_reading_put(reading, ecma_reading_character(reading));
    return true;
}

/* The digits at reading->at + *offset, which moves behind them. */
static struct bytes digits(const struct ecma_reading *reading, size_t *offset)
{
    struct bytes found = { reading->text.p + reading->at + *offset, 0 };

    while (ecma_is_digit(ecma_reading_ahead(reading, *offset + found.len)))
        found.len++;
    *offset += found.len;
    return found;
}

/* {n}, {n,} or {n,m}; any other brace is itself. */
static bool counted_quantifier(struct ecma_reading *reading)
{
    size_t len = 1, least, most = 0;
    struct bytes low = digits(reading, &len), high = low;
    bool has_comma = ecma_reading_ahead(reading, len) == ',';

    if (has_comma) {
        len++;
        high = digits(reading, &len);
    }
    if (low.len == 0 || ecma_reading_ahead(reading, len) != '}')
        return literal(reading);
    if (!bytes_to_size(low, ECMA_PATTERN_REPEAT_MAX, &least) || (high.len && !bytes_to_size(high, ECMA_PATTERN_REPEAT_MAX, &most)))
        return ecma_reading_refuse(reading, reading->at, "a quantifier counts to 65535 at most");
    if (high.len && most < least)
        return ecma_reading_refuse(reading, reading->at, "a quantifier's bounds are out of order");
    reading->pattern->repeats_long |= high.len == 0 || most > ECMA_PATTERN_SHORT_REPEAT;
    buf_add_format(reading->to, has_comma ? "{%zu," : "{%zu", least);
    if (has_comma && high.len)
        buf_add_format(reading->to, "%zu", most);
    buf_add_text(reading->to, "}");
    return repeat(reading, len + 1);
}

/* ---- the whole ---- */

static bool any_character(struct ecma_reading *reading)
{
    buf_add_text(reading->to, NOT_LINE_TERMINATOR);
    reading->at++;
    reading->can_repeat = true;
    return true;
}

/* ^, $ and |, which are the same in PCRE2. */
static bool mark(struct ecma_reading *reading)
{
    buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 1 });
    reading->at++;
    reading->can_repeat = false;
    return true;
}

typedef bool term(struct ecma_reading *reading);

/* By its first byte; NULL for what stands for itself. */
static term *const terms[256] = {
    ['\\'] = escape,
    ['['] = ecma_class_translate,
    ['('] = ecma_group_begin,
    [')'] = ecma_group_end,
    ['.'] = any_character,
    ['^'] = mark,
    ['$'] = mark,
    ['|'] = mark,
    ['*'] = quantifier,
    ['+'] = quantifier,
    ['?'] = quantifier,
    ['{'] = counted_quantifier,
};

bool ecma_pattern_translate(struct ecma_pattern *pattern)
{
    struct ecma_reading reading = { .pattern = pattern, .text = pattern->text, .to = pattern->to };
    bool begins_alternative = true;

    ecma_group_count_all(&reading);
    pattern->is_anchored = true;
    while (reading.at < reading.text.len) {
        char first = reading.text.p[reading.at];
        term *next = terms[(unsigned char)first];
        if (begins_alternative && first != '^')
            pattern->is_anchored = false;
        if (!(next ? next : literal)(&reading))
            return false;
        begins_alternative = first == '|' && reading.depth == 0;
    }
    if (begins_alternative)
        pattern->is_anchored = false; /* the last is empty */
    return reading.depth == 0 || ecma_reading_refuse(&reading, reading.text.len, "a group is not closed");
}
