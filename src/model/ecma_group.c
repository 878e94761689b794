#include "model/ecma_group.h"

#include "model/ecma_escape.h"

enum { NAME_MAX_BYTES = 32 /* PCRE2's */ };

static size_t group_name_bytes(struct bytes text)
{
    size_t len = 0;

    while (len < text.len && (ecma_is_letter(text.p[len]) || text.p[len] == '_' || (len && ecma_is_digit(text.p[len]))))
        len++;
    return len;
}

/* <name> at reading->at + offset. */
static bool group_name(struct ecma_reading *reading, size_t offset, struct bytes *name)
{
    size_t begin = reading->at + offset + 1;

    if (ecma_reading_ahead(reading, offset) != '<')
        return ecma_reading_refuse(reading, reading->at, "a group's name in angle brackets was expected");
    *name = (struct bytes){ reading->text.p + begin, reading->text.len - begin };
    name->len = group_name_bytes(*name);
    if (name->len == 0 || name->len > NAME_MAX_BYTES || ecma_reading_ahead(reading, offset + 1 + name->len) != '>')
        return ecma_reading_refuse(reading, reading->at, "a group's name is 1 to 32 letters, digits and underscores");
    return true;
}

bool ecma_group_begin(struct ecma_reading *reading)
{
    static const struct bytes openers[] = { BYTES("(?:"), BYTES("(?="), BYTES("(?!"), BYTES("(?<="), BYTES("(?<!") };
    struct bytes name;
    size_t begin = reading->at;
    bool is_lookbehind = false, is_plain = ecma_reading_ahead(reading, 1) != '?';

    if (reading->depth == ECMA_PATTERN_NESTING_MAX)
        return ecma_reading_refuse(reading, begin, "groups are nested too deep");
    if (is_plain) {
        buf_add_text(reading->to, reading->has_references ? "(" : "(?:");
        reading->at++;
    }
    for (size_t i = 0; !is_plain && i < sizeof openers / sizeof openers[0]; i++) {
        if (bytes_begins_with(ecma_reading_rest(reading), openers[i])) {
            buf_add(reading->to, openers[i]);
            reading->at += openers[i].len;
            is_lookbehind = openers[i].len == 4;
            break;
        }
    }
    if (reading->at == begin) {
        if (ecma_reading_ahead(reading, 2) != '<')
            return ecma_reading_refuse(reading, begin, "no such kind of group");
        if (!group_name(reading, 2, &name))
            return false;
        buf_add(reading->to, (struct bytes){ reading->text.p + begin, name.len + 4 });
        reading->at += name.len + 4;
    }
    reading->is_lookbehind[reading->depth++] = is_lookbehind;
    reading->can_repeat = false;
    return true;
}

bool ecma_group_end(struct ecma_reading *reading)
{
    if (reading->depth == 0)
        return ecma_reading_refuse(reading, reading->at, "a group is closed that was not opened");
    buf_add_text(reading->to, ")");
    reading->at++;
    reading->can_repeat = !reading->is_lookbehind[--reading->depth];
    return true;
}

void ecma_group_count_all(struct ecma_reading *reading)
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

/* ---- what refers to them ---- */

bool ecma_group_reference(struct ecma_reading *reading)
{
    struct bytes digits = { reading->text.p + reading->at + 1, 0 };
    size_t n;

    while (ecma_is_digit(ecma_reading_ahead(reading, 1 + digits.len)))
        digits.len++;
    if (!bytes_to_size(digits, reading->n_groups, &n))
        return ecma_reading_refuse(reading, reading->at, "no such group");
    buf_add_format(reading->to, "\\g{%zu}", n);
    reading->at += 1 + digits.len;
    return true;
}

bool ecma_group_named_reference(struct ecma_reading *reading)
{
    struct bytes name;

    if (!group_name(reading, 2, &name))
        return false;
    buf_add_text(reading->to, "\\k");
    buf_add(reading->to, (struct bytes){ name.p - 1, name.len + 2 });
    reading->at += name.len + 4;
    return true;
}
