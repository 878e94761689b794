#include "model/query_string.h"

#include "base/utf8.h"

/* "+" is a space and %XX a byte. Returns what is wrong, or NULL. */
static const char *decode(struct bytes text, char *to, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '+')
            c = ' ';
        if (c == '%') {
            unsigned code;
            if (!bytes_read_hex(text, i + 1, 2, &code))
                return "has a malformed percent escape";
            c = (char)code;
            i += 2;
        }
        if (c == '\0')
            return "holds a NUL";
        to[(*len)++] = c;
    }
    return utf8_error_offset((struct bytes){ to, *len }) < *len ? "is not valid UTF-8" : NULL;
}

static enum status decode_copy(struct bytes text, struct arena *arena, struct bytes *copy, const char **fault)
{
    char *decoded = arena_alloc(arena, text.len + 1);
    size_t len;

    if (!decoded)
        return STATUS_NO_MEMORY;
    *fault = decode(text, decoded, &len);
    decoded[len] = '\0';
    *copy = (struct bytes){ decoded, len };
    return *fault ? STATUS_INVALID_PARAMETER : STATUS_OK;
}

/* A parameter's name for an error text: never longer than a line. */
static int shown(struct bytes name)
{
    return (int)utf8_cut(name, 64).len;
}

static enum status field_read(struct bytes field, const char *const *names, size_t n, struct arena *arena, struct bytes *values,
                              struct problem *problem)
{
    struct bytes raw_name, name, value;
    const char *fault;

    (void)bytes_cut(&field, '=', &raw_name);
    enum status st = decode_copy(raw_name, arena, &name, &fault);
    if (st == STATUS_INVALID_PARAMETER)
        return problem_set(problem, st, "the name of a parameter %s", fault);
    if (st != STATUS_OK)
        return st;

    size_t i = 0;
    while (i < n && !bytes_equal(name, bytes_of(names[i])))
        i++;
    if (i == n)
        return problem_set(problem, STATUS_INVALID_PARAMETER, "unknown parameter: %.*s", shown(name), name.p);
    if (values[i].p)
        return problem_set(problem, STATUS_INVALID_PARAMETER, "parameter given twice: %s", names[i]);

    st = decode_copy(field.p ? field : BYTES(""), arena, &value, &fault);
    if (st == STATUS_INVALID_PARAMETER)
        return problem_set(problem, st, "parameter %s %s", names[i], fault);
    if (st == STATUS_OK)
        values[i] = value;
    return st;
}

enum status query_string_read(struct bytes query, const char *const *names, size_t n, struct arena *arena, struct bytes *values,
                              struct problem *problem)
{
    struct bytes field;

    for (size_t i = 0; i < n; i++)
        values[i] = (struct bytes){ 0 };
    while (bytes_cut(&query, '&', &field)) {
        enum status st = field.len ? field_read(field, names, n, arena, values, problem) : STATUS_OK;
        if (st != STATUS_OK)
            return st;
    }
    return STATUS_OK;
}
