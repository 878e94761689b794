/* What is said about a violation. Only here is memory asked for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/schema_run.h"

enum { POINTER_MAX_BYTES = 512, TEXT_MAX_BYTES = 256 };

static bool note(struct schema_run *run, const struct value *value, const char *keyword, struct bytes text)
{
    char pointer[POINTER_MAX_BYTES], of_name[2 * TEXT_MAX_BYTES];
    struct schema_violation violation = { .keyword = run->names ? "propertyNames" : keyword };
    size_t len = value_pointer(run->root, value, pointer, sizeof pointer);

    if (run->names)
        text = (struct bytes){ of_name, (size_t)snprintf(of_name, sizeof of_name, "a name: %.*s",
                                                         (int)utf8_cut(text, TEXT_MAX_BYTES).len, text.p) };

    violation.pointer = arena_copy(run->arena, (struct bytes){ pointer, len });
    violation.expected = arena_copy(run->arena, utf8_cut(text, TEXT_MAX_BYTES));
    if (!violation.pointer.p || !violation.expected.p)
        run->broken = STATUS_NO_MEMORY;
    else
        run->report->violations[run->report->n++] = violation;
    return false;
}

bool schema_violate(struct schema_run *run, const struct value *value, const char *keyword, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (!schema_run_tells(run))
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return note(run, value, keyword, bytes_of(text));
}

bool schema_violate_count(struct schema_run *run, const struct value *value, const char *keyword, const char *relation,
                          size_t limit, const char *unit, size_t got)
{
    const char *plural = limit == 1 ? "" : "s";

    if (run->sensitive)
        return schema_violate(run, value, keyword, "%s %zu %s%s", relation, limit, unit, plural);
    return schema_violate(run, value, keyword, "%s %zu %s%s, has %zu", relation, limit, unit, plural, got);
}

static const char *kind_name(const struct value *value)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",       [VALUE_FALSE] = "a boolean", [VALUE_TRUE] = "a boolean",  [VALUE_NUMBER] = "a number",
        [VALUE_STRING] = "a string", [VALUE_ARRAY] = "an array",  [VALUE_OBJECT] = "an object"
    };

    return names[value->kind];
}

bool schema_violate_type(struct schema_run *run, const struct value *value, unsigned types)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = { { 1 << VALUE_STRING, "a string" }, { 1 << VALUE_NUMBER, "a number" },  { TYPE_INTEGER, "an integer" },
                  { 1 << VALUE_TRUE, "a boolean" },  { 1 << VALUE_OBJECT, "an object" }, { 1 << VALUE_ARRAY, "an array" },
                  { 1 << VALUE_NULL, "null" } };
    char text[TEXT_MAX_BYTES] = "";
    size_t len = 0;

    if (!schema_run_tells(run))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (types & names[i].bit)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? " or " : "", names[i].name);
    }
    if (!run->sensitive)
        snprintf(text + len, sizeof text - len, ", is %s", kind_name(value));
    return note(run, value, "type", bytes_of(text));
}

static const char *quote_of(const struct value *value)
{
    return value->kind == VALUE_STRING ? "\"" : "";
}

static bool violate_constant(struct schema_run *run, const struct value *value, const struct value *own, const char *keyword)
{
    if (run->sensitive || own->kind > VALUE_STRING || own->len > TEXT_MAX_BYTES - 2)
        return schema_violate(run, value, keyword, "the value that the schema gives");
    return schema_violate(run, value, keyword, "%s%.*s%s", quote_of(own), (int)own->len, own->p, quote_of(own));
}

/* The first of them, as far as they fit. */
bool schema_violate_values(struct schema_run *run, const struct value *value, const struct schema_values *values,
                           const char *keyword)
{
    const struct value *listed = values->listed, *own = listed + 1;
    char text[TEXT_MAX_BYTES] = "one of ";
    size_t len = strlen(text);
    uint32_t i = 0;

    if (values->is_const)
        return violate_constant(run, value, listed, keyword);
    for (; i < listed->n && own->kind <= VALUE_STRING; i++, own = value_next(own)) {
        const char *quote = quote_of(own);
        if (own->len + 8 > sizeof text - 32 - len)
            break;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%.*s%s", i ? ", " : "", quote, (int)own->len, own->p, quote);
    }
    if (i == 0 || run->sensitive)
        return schema_violate(run, value, keyword, "one of the %u values that the schema lists", (unsigned)listed->n);
    if (i < listed->n)
        snprintf(text + len, sizeof text - len, ", or %u more", (unsigned)(listed->n - i));
    return schema_violate(run, value, keyword, "%s", text);
}

bool schema_give_up(struct schema_run *run, const struct value *value, const char *keyword)
{
    if (run->broken != STATUS_OK)
        return false;
    if (run->report->n == SCHEMA_VIOLATIONS_MAX)
        run->report->n--;
    (void)note(run, value, keyword, BYTES("a value that can be judged within the bounds of work"));
    if (run->broken == STATUS_OK)
        run->broken = STATUS_SCHEMA_TOO_COSTLY;
    return false;
}
