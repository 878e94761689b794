#include "model/ecma_reading.h"

#include "model/ecma_escape.h"

bool ecma_reading_refuse(struct ecma_reading *reading, size_t offset, const char *reason)
{
    reading->pattern->fault_offset = offset;
    reading->pattern->fault = reason;
    return false;
}

char ecma_reading_ahead(const struct ecma_reading *reading, size_t n)
{
    return n < reading->text.len - reading->at ? reading->text.p[reading->at + n] : '\0';
}

struct bytes ecma_reading_rest(const struct ecma_reading *reading)
{
    return (struct bytes){ reading->text.p + reading->at, reading->text.len - reading->at };
}

void ecma_reading_put(struct ecma_reading *reading, int32_t c)
{
    char plain = (char)c;

    if (c < 0x80 && (ecma_is_letter(plain) || ecma_is_digit(plain)))
        buf_add(reading->to, (struct bytes){ &plain, 1 });
    else
        buf_add_format(reading->to, "\\x{%x}", (unsigned)c);
}

bool ecma_reading_escape(struct ecma_reading *reading, int32_t *c)
{
    const char *fault;
    size_t len = ecma_escape_read(ecma_reading_rest(reading), c, &fault);

    reading->at += len;
    return len || ecma_reading_refuse(reading, reading->at, fault);
}

int32_t ecma_reading_character(struct ecma_reading *reading)
{
    unsigned char first = (unsigned char)reading->text.p[reading->at++];
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    int32_t c = more ? first & (0x3f >> more) : first;

    for (; more; more--)
        c = c << 6 | ((unsigned char)reading->text.p[reading->at++] & 0x3f);
    return c;
}
