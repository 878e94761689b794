/* What a schema asks of numbers and strings. */
#include "model/schema_run.h"

/* ---- numbers ---- */

static bool order_is_right(enum schema_bound_kind kind, int order)
{
    switch (kind) {
    case BOUND_MINIMUM:
        return order >= 0;
    case BOUND_EXCLUSIVE_MINIMUM:
        return order > 0;
    case BOUND_MAXIMUM:
        return order <= 0;
    case BOUND_EXCLUSIVE_MAXIMUM:
        return order < 0;
    case BOUND_MULTIPLE_OF:
    case BOUND_COUNT:
        break;
    }
    return false;
}

static bool integer_is_right(const struct schema_bound *bound, int64_t integer)
{
    if (bound->kind == BOUND_MULTIPLE_OF)
        return integer % bound->integer == 0;
    return order_is_right(bound->kind, (integer > bound->integer) - (integer < bound->integer));
}

static bool decimal_is_right(const struct schema_bound *bound, const struct decimal *decimal)
{
    if (bound->kind == BOUND_MULTIPLE_OF)
        return decimal_is_multiple(decimal, &bound->decimal);
    return order_is_right(bound->kind, decimal_compare(decimal, &bound->decimal));
}

static bool tell_bound(struct schema_run *run, const struct schema_bound *bound, const struct value *value)
{
    static const struct {
        const char *keyword;
        const char *relation;
    } texts[] = {
        [BOUND_MINIMUM] = { "minimum", "at least" },
        [BOUND_EXCLUSIVE_MINIMUM] = { "exclusiveMinimum", "more than" },
        [BOUND_MAXIMUM] = { "maximum", "at most" },
        [BOUND_EXCLUSIVE_MAXIMUM] = { "exclusiveMaximum", "less than" },
        [BOUND_MULTIPLE_OF] = { "multipleOf", "a multiple of" },
    };
    _Static_assert(sizeof texts / sizeof texts[0] == BOUND_COUNT, "a text for each bound");
    struct bytes own = value_text(bound->own);

    return schema_violate(run, value, texts[bound->kind].keyword, "%s %.*s", texts[bound->kind].relation, (int)own.len, own.p);
}

bool schema_judge_number(struct schema_run *run, const struct schema_number *number, const struct value *value)
{
    struct decimal decimal;
    int64_t integer;
    bool has_integer = value_integer(value, &integer);
    bool has_decimal = (!has_integer || !number->are_integers) && decimal_read(value_text(value), &decimal);
    bool fits = true;

    for (size_t i = 0; i < number->n && schema_run_goes_on(run, fits); i++) {
        const struct schema_bound *bound = &number->bounds[i];
        bool is_right =
            has_integer && bound->has_integer ? integer_is_right(bound, integer) : has_decimal && decimal_is_right(bound, &decimal);
        if (!is_right)
            fits = tell_bound(run, bound, value);
    }
    return fits;
}

/* ---- strings ---- */

bool schema_matches(struct schema_run *run, const struct pattern *pattern, const struct value *string, const char *keyword)
{
    if (!schema_take(run, 4 + string->len / 16, string, keyword))
        return false;
    enum pattern_outcome outcome = pattern_match(pattern, run->scratch, value_text(string));
    if (outcome == PATTERN_TOO_COSTLY)
        return schema_give_up(run, string, keyword);
    return outcome == PATTERN_MATCH;
}

static bool judge_length(struct schema_run *run, const struct schema_string *string, const struct value *value)
{
    /* Characters past ASCII have to be counted. */
    if (!value->is_ascii && !schema_take(run, value->len / 64, value, "maxLength"))
        return false;
    size_t n = value_characters(value);
    if (n < string->min)
        return schema_violate_count(run, value, "minLength", "at least", string->min, "character", n);
    return n <= string->max || schema_violate_count(run, value, "maxLength", "at most", string->max, "character", n);
}

/* A regular expression has to be compiled. */
static size_t format_steps(enum format format, size_t len)
{
    return format == FORMAT_REGEX ? 64 + 4 * len : 1 + len / 64;
}

bool schema_judge_string(struct schema_run *run, const struct schema_string *string, const struct value *value)
{
    bool fits = judge_length(run, string, value);

    if (string->pattern && schema_run_goes_on(run, fits) && !schema_matches(run, string->pattern, value, "pattern"))
        fits = schema_violate(run, value, "pattern", "a match of the pattern %.*s", (int)string->pattern_text.len,
                              string->pattern_text.p);
    if (string->format < FORMAT_COUNT && schema_run_goes_on(run, fits)) {
        if (!schema_take(run, format_steps(string->format, value->len), value, "format"))
            return false;
        if (!format_check(string->format, value_text(value)))
            fits = schema_violate(run, value, "format", "the format %.*s", (int)string->format_name.len, string->format_name.p);
    }
    return fits;
}
