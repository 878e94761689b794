#include "model/ecma_pattern.h"

#include <stdint.h>
#include <string.h>

#include "model/ecma_escape.h"
#include "model/ecma_property.h"

/* ECMA-262's WhiteSpace and LineTerminator, and all else, as the inside of a class. */
#define SPACE "\\t-\\r \\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_SPACE                                                                                                              \
    "\\x00-\\x08\\x0e-\\x1f!-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}" \
    "\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"
#define NOT_LINE_TERMINATOR "[^\\n\\r\\x{2028}\\x{2029}]"
#define ANY "[\\x00-\\x{10ffff}]"
#define NOTHING "(?!)"

enum { NAME_MAX_BYTES = 32 /* PCRE2's */ };

struct reading {
    struct ecma_pattern *pattern;
    struct bytes text;
    size_t at;
    struct buf *to;
    bool can_repeat;     /* a quantifier may come next */
    bool has_references; /* groups must be captured */
    unsigned n_groups;   /* that capture, in all of the pattern */
    size_t depth;        /* groups that are open */
    bool is_lookbehind[ECMA_PATTERN_NESTING_MAX];
};

static bool refuse(struct reading *reading, size_t offset, const char *reason)
{
    reading->pattern->fault_offset = offset;
    reading->pattern->fault = reason;
    return false;
}

/* The byte so far ahead, or NUL at the end. (A NUL in the text is an ordinary character to all who ask.) */
static char ahead(const struct reading *reading, size_t n)
{
    return n < reading->text.len - reading->at ? reading->text.p[reading->at + n] : '\0';
}

static struct bytes rest(const struct reading *reading)
{
    return (struct bytes){ reading->text.p + reading->at, reading->text.len - reading->at };
}

/* ---- single characters ---- */

static void put_code_point(struct reading *reading, int32_t c)
{
    char plain = (char)c;

    if (c < 0x80 && (ecma_is_letter(plain) || ecma_is_digit(plain)))
        buf_add(reading->to, (struct bytes){ &plain, 1 });
    else
        buf_add_format(reading->to, "\\x{%x}", (unsigned)c);
}

/* The escapes of one character that stand alike in a class and outside; reading->at is on the backslash. */
static bool character_escape(struct reading *reading, int32_t *c)
{
    const char *fault;
    size_t len = ecma_escape_read(rest(reading), c, &fault);

    reading->at += len;
    return len || refuse(reading, reading->at, fault);
}

/* The character at reading->at, which is no escape, of valid UTF-8. */
static int32_t character(struct reading *reading)
{
    unsigned char first = (unsigned char)reading->text.p[reading->at++];
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    int32_t c = more ? first & (0x3f >> more) : first;

    for (; more; more--)
        c = c << 6 | ((unsigned char)reading->text.p[reading->at++] & 0x3f);
    return c;
}

/* ---- sets: \d, \s, \p{…} ---- */

static bool property(struct reading *reading)
{
    const char *fault;
    size_t len = ecma_property_translate(rest(reading), reading->to, &fault);

    reading->at += len;
    return len || refuse(reading, reading->at, fault);
}

/* Does \d, \D, \w, \W, \s, \S, \p{…} or \P{…} come next? */
static bool set_follows(const struct reading *reading)
{
    return ahead(reading, 0) == '\\' && ahead(reading, 1) != '\0' && strchr("dDwWsSpP", ahead(reading, 1));
}

/* Such a set, written as it stands in a class. */
static bool set(struct reading *reading)
{
    char kind = ahead(reading, 1);

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
static bool class_character(struct reading *reading, int32_t *c)
{
    if (reading->text.p[reading->at] != '\\') {
        *c = character(reading);
        return true;
    }
    if (ahead(reading, 1) == 'b') {
        *c = '\b';
        reading->at += 2;
        return true;
    }
    return character_escape(reading, c);
}

/* A hyphen that is neither the first nor the last of a class. */
static bool hyphen_follows(const struct reading *reading)
{
    return ahead(reading, 0) == '-' && reading->text.len - reading->at > 1 && ahead(reading, 1) != ']';
}

/* A set, a character, or a range of characters. Beside a set a hyphen stands for itself. */
static bool class_range(struct reading *reading)
{
    size_t begin = reading->at;
    int32_t first, last;

    if (set_follows(reading)) {
        if (!set(reading))
            return false;
        if (hyphen_follows(reading)) {
            buf_add_text(reading->to, "\\-");
            reading->at++;
        }
        return true;
    }
    if (!class_character(reading, &first))
        return false;
    put_code_point(reading, first);
    if (!hyphen_follows(reading))
        return true;
    reading->at++;
    if (set_follows(reading)) {
        buf_add_text(reading->to, "\\-");
        return true;
    }
    if (!class_character(reading, &last))
        return false;
    buf_add_text(reading->to, "-");
    put_code_point(reading, last);
    return first <= last || refuse(reading, begin, "a range of characters is out of order");
}

static bool class(struct reading *reading)
{
    size_t begin = reading->at;
    bool is_negated = ahead(reading, 1) == '^';

    reading->can_repeat = true;
    reading->at += is_negated ? 2 : 1;
    if (ahead(reading, 0) == ']') {
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
        return refuse(reading, begin, "a class is not closed");
    buf_add_text(reading->to, "]");
    reading->at++;
    return true;
}

/* ---- groups ---- */

static size_t group_name_bytes(struct bytes text)
{
    size_t len = 0;

    while (len < text.len && (ecma_is_letter(text.p[len]) || text.p[len] == '_' || (len && ecma_is_digit(text.p[len]))))
        len++;
    return len;
}

/* <name> at reading->at + offset. */
static bool group_name(struct reading *reading, size_t offset, struct bytes *name)
{
    size_t begin = reading->at + offset + 1;

    if (ahead(reading, offset) != '<')
        return refuse(reading, reading->at, "a group's name in angle brackets was expected");
    *name = (struct bytes){ reading->text.p + begin, reading->text.len - begin };
    name->len = group_name_bytes(*name);
    if (name->len == 0 || name->len > NAME_MAX_BYTES || ahead(reading, offset + 1 + name->len) != '>')
        return refuse(reading, reading->at, "a group's name is 1 to 32 letters, digits and underscores");
    return true;
}

static bool group_begin(struct reading *reading)
{
    static const struct bytes openers[] = { BYTES("(?:"), BYTES("(?="), BYTES("(?!"), BYTES("(?<="), BYTES("(?<!") };
    struct bytes name;
    size_t begin = reading->at;
    bool is_lookbehind = false, is_plain = ahead(reading, 1) != '?';

    if (reading->depth == ECMA_PATTERN_NESTING_MAX)
        return refuse(reading, begin, "groups are nested too deep");
    if (is_plain) {
        buf_add_text(reading->to, reading->has_references ? "(" : "(?:");
        reading->at++;
    }
    for (size_t i = 0; !is_plain && i < sizeof openers / sizeof openers[0]; i++) {
        if (bytes_begins_with(rest(reading), openers[i])) {
            buf_add(reading->to, openers[i]);
            reading->at += openers[i].len;
            is_lookbehind = openers[i].len == 4;
            break;
        }
    }
    if (reading->at == begin) {
        if (ahead(reading, 2) != '<')
            return refuse(reading, begin, "no such kind of group");
        if (!group_name(reading, 2, &name))
            return false;
        buf_add(reading->to, (struct bytes){ reading->text.p + begin, name.len + 4 });
        reading->at += name.len + 4;
    }
    reading->is_lookbehind[reading->depth++] = is_lookbehind;
    reading->can_repeat = false;
    return true;
}

static bool group_end(struct reading *reading)
{
    if (reading->depth == 0)
        return refuse(reading, reading->at, "a group is closed that was not opened");
    buf_add_text(reading->to, ")");
    reading->at++;
    reading->can_repeat = !reading->is_lookbehind[--reading->depth];
    return true;
}

/* How many groups capture, and whether anything refers to one. */
static void groups_count(struct reading *reading)
{
    struct bytes text = reading->text;
    bool in_class = false;

    for (size_t i = 0; i < text.len; i++) {
        char next = i + 1 < text.len ? text.p[i + 1] : '\0';
        if (text.p[i] == '\\') {
            reading->has_references |= !in_class && ((next >= '1' && next <= '9') || next == 'k');
            i++;
        } else if (in_class || text.p[i] == '[') {
            in_class = text.p[i] != ']';
        } else if (text.p[i] == '(') {
            bool is_named = text.len - i > 3 && next == '?' && text.p[i + 2] == '<' && text.p[i + 3] != '=' && text.p[i + 3] != '!';
            reading->n_groups += next != '?' || is_named;
        }
    }
}

/* ---- escapes outside a class ---- */

static bool reference(struct reading *reading)
{
    struct bytes digits = { reading->text.p + reading->at + 1, 0 };
    size_t n;

    while (ecma_is_digit(ahead(reading, 1 + digits.len)))
        digits.len++;
    if (!bytes_to_size(digits, reading->n_groups, &n))
        return refuse(reading, reading->at, "no such group");
    buf_add_format(reading->to, "\\g{%zu}", n);
    reading->at += 1 + digits.len;
    return true;
}

static bool named_reference(struct reading *reading)
{
    struct bytes name;

    if (!group_name(reading, 2, &name))
        return false;
    buf_add_text(reading->to, "\\k");
    buf_add(reading->to, (struct bytes){ name.p - 1, name.len + 2 });
    reading->at += name.len + 4;
    return true;
}

static bool escape(struct reading *reading)
{
    char kind = ahead(reading, 1);
    int32_t c;

    reading->can_repeat = true;
    if (kind == 'b' || kind == 'B') {
        buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 2 });
        reading->at += 2;
        reading->can_repeat = false;
        return true;
    }
    if (kind >= '1' && kind <= '9')
        return reference(reading);
    if (kind == 'k')
        return named_reference(reading);
    if (set_follows(reading)) {
        buf_add_text(reading->to, "[");
        bool is_set = set(reading);
        buf_add_text(reading->to, "]");
        return is_set;
    }
    if (!character_escape(reading, &c))
        return false;
    put_code_point(reading, c);
    return true;
}

/* ---- quantifiers ---- */

/* What stands behind a quantifier may make it lazy, and is no quantifier itself. */
static bool repeat(struct reading *reading, size_t len)
{
    if (!reading->can_repeat)
        return refuse(reading, reading->at, "there is nothing to repeat");
    reading->at += len;
    if (ahead(reading, 0) == '?') {
        buf_add_text(reading->to, "?");
        reading->at++;
    }
    reading->can_repeat = false;
    return true;
}

static bool quantifier(struct reading *reading)
{
    buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 1 });
    reading->pattern->repeats_long |= reading->text.p[reading->at] != '?';
    return repeat(reading, 1);
}

static bool literal(struct reading *reading)
{
    reading->can_repeat = true;
    put_code_point(reading, character(reading));
    return true;
}

/* The digits at reading->at + *offset, which moves behind them. */
static struct bytes digits(const struct reading *reading, size_t *offset)
{
    struct bytes found = { reading->text.p + reading->at + *offset, 0 };

    while (ecma_is_digit(ahead(reading, *offset + found.len)))
        found.len++;
    *offset += found.len;
    return found;
}

/* {n}, {n,} or {n,m}; any other brace is itself. */
static bool counted_quantifier(struct reading *reading)
{
    size_t len = 1, least, most = 0;
    struct bytes low = digits(reading, &len), high = low;
    bool has_comma = ahead(reading, len) == ',';

    if (has_comma) {
        len++;
        high = digits(reading, &len);
    }
    if (low.len == 0 || ahead(reading, len) != '}')
        return literal(reading);
    if (!bytes_to_size(low, ECMA_PATTERN_REPEAT_MAX, &least) || (high.len && !bytes_to_size(high, ECMA_PATTERN_REPEAT_MAX, &most)))
        return refuse(reading, reading->at, "a quantifier counts to 65535 at most");
    if (high.len && most < least)
        return refuse(reading, reading->at, "a quantifier's bounds are out of order");
    reading->pattern->repeats_long |= high.len == 0 || most > ECMA_PATTERN_SHORT_REPEAT;
    buf_add_format(reading->to, has_comma ? "{%zu," : "{%zu", least);
    if (has_comma && high.len)
        buf_add_format(reading->to, "%zu", most);
    buf_add_text(reading->to, "}");
    return repeat(reading, len + 1);
}

/* ---- the whole ---- */

static bool any_character(struct reading *reading)
{
    buf_add_text(reading->to, NOT_LINE_TERMINATOR);
    reading->at++;
    reading->can_repeat = true;
    return true;
}

/* ^, $ and |, which are the same in PCRE2. */
static bool mark(struct reading *reading)
{
    buf_add(reading->to, (struct bytes){ reading->text.p + reading->at, 1 });
    reading->at++;
    reading->can_repeat = false;
    return true;
}

typedef bool term(struct reading *reading);

/* By its first byte; NULL for what stands for itself. */
static term *const terms[256] = {
    ['\\'] = escape, ['['] = class, ['('] = group_begin, [')'] = group_end,  ['.'] = any_character, ['^'] = mark,
    ['$'] = mark,    ['|'] = mark,  ['*'] = quantifier,  ['+'] = quantifier, ['?'] = quantifier,    ['{'] = counted_quantifier,
};

bool ecma_pattern_translate(struct ecma_pattern *pattern)
{
    struct reading reading = { .pattern = pattern, .text = pattern->text, .to = pattern->to };
    bool begins_alternative = true;

    groups_count(&reading);
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
    return reading.depth == 0 || refuse(&reading, reading.text.len, "a group is not closed");
}
