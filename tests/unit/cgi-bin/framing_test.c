#include "cgi-bin/framing.h"

#include "tests/unit/unit.h"

/* Records: version, type, request id, content length, padding length, reserved; then content and padding. */
#define BEGIN "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0"
#define NO_PARAMS "\1\4\0\1\0\0\0\0"
#define PARAMS "\1\4\0\1\0\5\3\0\1\2abc???"
#define NO_STDIN "\1\5\0\1\0\0\0\0"
#define STDIN "\1\5\0\1\0\4\0\0body"
#define ABORT "\1\2\0\1\0\0\0\0"

static bool is_whole(struct bytes data)
{
    char *copy = exact_copy(data);
    bool whole = framing_is_whole((struct bytes){ copy, data.len });

    free(copy);
    return whole;
}

Test(framing, request_is_whole_at_the_end_of_its_input)
{
    static const struct {
        int line;
        struct bytes data;
        bool want;
    } cases[] = {
        { __LINE__, ABSENT, false },
        { __LINE__, TEXT(""), false },
        { __LINE__, TEXT(BEGIN), false },
        { __LINE__, TEXT(BEGIN PARAMS), false },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS), false }, /* the empty record of the parameters ends only them */
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS NO_STDIN), true },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN), false },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN STDIN), false },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN STDIN NO_STDIN), true },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS NO_STDIN "more"), true },
        { __LINE__, TEXT(BEGIN ABORT), true },
        /* a record of more than 255 bytes */
        { __LINE__, TEXT(BEGIN "\1\5\0\1\1\0\0\0" NO_STDIN), false },
        /* what is no FastCGI is left to who reads it */
        { __LINE__, TEXT("GET / HTTP/1.1\r\n\r\n"), true },
        { __LINE__, TEXT("\2\1\0\1\0\0\0\0"), true },
        { __LINE__, TEXT("\0\0\0\0\0\0\0\0"), true },
        { __LINE__, TEXT("GET / "), false }, /* too little to tell */
        { __LINE__, TEXT(BEGIN "nonsense"), true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_INT(cases[i].line, is_whole(cases[i].data), cases[i].want);
}

Test(framing, no_beginning_of_a_request_is_whole)
{
    struct bytes whole = BYTES(BEGIN PARAMS NO_PARAMS STDIN NO_STDIN);

    for (size_t len = 0; len < whole.len; len++)
        cr_expect_not(is_whole((struct bytes){ whole.p, len }), "the first %zu bytes", len);
    cr_expect(is_whole(whole));
}

/* Content and padding of every length are stepped over to the byte. */
Test(framing, records_of_every_length_are_stepped_over)
{
    static const size_t contents[] = { 1, 7, 255, 256, 257, 4095, 65535 };
    static const size_t paddings[] = { 0, 1, 7, 255 };

    for (size_t c = 0; c < COUNT_OF(contents); c++) {
        for (size_t p = 0; p < COUNT_OF(paddings); p++) {
            size_t len = 8 + contents[c] + paddings[p];
            char *data = repeated('\1', len + 8); /* that would itself be read as records */
            memcpy(data, (char[]){ 1, 5, 0, 1, (char)(contents[c] >> 8), (char)contents[c], (char)paddings[p], 0 }, 8);
            memcpy(data + len, NO_STDIN, 8);
            for (size_t short_by = 0; short_by <= 9; short_by++)
                cr_expect_eq(is_whole((struct bytes){ data, len + 8 - short_by }), short_by == 0, "%zu + %zu bytes, short by %zu",
                             contents[c], paddings[p], short_by);
            free(data);
        }
    }
}
