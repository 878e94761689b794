#include "cgi-bin/framing.h"

#include "tests/unit/unit.h"

/* Records: version, type, request id, content length, padding length, reserved; then content and padding. */
#define BEGIN "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0"
#define NO_PARAMS "\1\4\0\1\0\0\0\0"
#define PARAMS "\1\4\0\1\0\5\3\0\1\2abc???"
#define NO_STDIN "\1\5\0\1\0\0\0\0"
#define STDIN "\1\5\0\1\0\4\0\0body"
#define ABORT "\1\2\0\1\0\0\0\0"
#define GET_VALUES "\1\x09\0\0\0\0\0\0"

static enum framing judge(struct bytes data)
{
    char *copy = exact_copy(data);
    enum framing framing = framing_judge((struct bytes){ copy, data.len });

    free(copy);
    return framing;
}

static bool is_whole(struct bytes data)
{
    return judge(data) == FRAMING_WHOLE;
}

Test(framing, request_is_whole_at_the_end_of_its_input)
{
    static const struct {
        int line;
        struct bytes data;
        enum framing want;
    } cases[] = {
        { __LINE__, ABSENT, FRAMING_PARTIAL },
        { __LINE__, TEXT(""), FRAMING_PARTIAL },
        { __LINE__, TEXT(BEGIN), FRAMING_PARTIAL },
        { __LINE__, TEXT(BEGIN PARAMS), FRAMING_PARTIAL },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS), FRAMING_PARTIAL }, /* the empty record of the parameters ends only them */
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS NO_STDIN), FRAMING_WHOLE },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN), FRAMING_PARTIAL },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN STDIN), FRAMING_PARTIAL },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS STDIN STDIN NO_STDIN), FRAMING_WHOLE },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS NO_STDIN "more"), FRAMING_WHOLE },
        { __LINE__, TEXT(GET_VALUES BEGIN PARAMS NO_PARAMS NO_STDIN), FRAMING_WHOLE },
        /* a record of more than 255 bytes */
        { __LINE__, TEXT(BEGIN NO_PARAMS "\1\5\0\1\1\0\0\0" NO_STDIN), FRAMING_PARTIAL },
        /* what would make a reader wait for ever, or is no FastCGI */
        { __LINE__, TEXT(ABORT), FRAMING_INVALID },
        { __LINE__, TEXT(BEGIN ABORT), FRAMING_INVALID },
        { __LINE__, TEXT(BEGIN NO_STDIN), FRAMING_INVALID },
        { __LINE__, TEXT(BEGIN PARAMS NO_PARAMS "\1\5\0\2\0\0\0\0"), FRAMING_INVALID },
        { __LINE__, TEXT(NO_PARAMS), FRAMING_INVALID },
        { __LINE__, TEXT(BEGIN BEGIN), FRAMING_INVALID },
        { __LINE__, TEXT("GET / HTTP/1.1\r\n\r\n"), FRAMING_INVALID },
        { __LINE__, TEXT("\2\1\0\1\0\0\0\0"), FRAMING_INVALID },
        { __LINE__, TEXT("\0\0\0\0\0\0\0\0"), FRAMING_INVALID },
        { __LINE__, TEXT("GET / "), FRAMING_INVALID },
        { __LINE__, TEXT(BEGIN "nonsense"), FRAMING_INVALID },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_INT(cases[i].line, judge(cases[i].data), cases[i].want);
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
            size_t head = sizeof(BEGIN NO_PARAMS) - 1;
            size_t len = head + 8 + contents[c] + paddings[p];
            char *data = repeated('\1', len + 8); /* that would itself be read as records */
            memcpy(data, BEGIN NO_PARAMS, head);
            memcpy(data + head, (char[]){ 1, 5, 0, 1, (char)(contents[c] >> 8), (char)contents[c], (char)paddings[p], 0 }, 8);
            memcpy(data + len, NO_STDIN, 8);
            for (size_t short_by = 0; short_by <= 9; short_by++)
                cr_expect_eq(is_whole((struct bytes){ data, len + 8 - short_by }), short_by == 0, "%zu + %zu bytes, short by %zu",
                             contents[c], paddings[p], short_by);
            free(data);
        }
    }
}
