/* How a number may be written and be found: the table of synchrony.conf(5), "What is never kept", row by row. */
#include "model/scrub_value.h"

#include "tests/unit/unit.h"

#define CARD "4111111111111111"
#define IBAN "DE89370400440532013000"

/* The content of a string. want NULL: it stays as it is. */
static const struct {
    int line;
    const char *text;
    const char *want;
} strings[] = {
    /* in one piece; in groups */
    { __LINE__, CARD " " IBAN, "*card* *iban*" },
    { __LINE__, "4111 1111\\t1111 - 1111", "*card*" },
    { __LINE__, "4111\\u00a01111\\u00ad1111\\u200b1111", "*card*" },
    { __LINE__, "4111__1111..1111\\u20091111", NULL }, /* dots among others */
    { __LINE__, "4111.1111.1111.1111", "*card*" },
    { __LINE__, "41111111.11111111", NULL },
    { __LINE__, "4111\\u00b71111\\u20221111\\u202c1111", "*card*" },
    { __LINE__, "4111+1111+1111+1111 DE89+3704-0044_0532.0130 00", "*card* *iban*" },
    { __LINE__, "4111    1111    1111    1111", NULL },
    { __LINE__, "4111\\n1111\\n1111\\n1111", NULL },
    { __LINE__, "4111/1111/1111/1111 4111,1111,1111,1111 4111:1111:1111:1111 4111;1111;1111;1111", NULL },
    { __LINE__, "4111*1111*1111*1111 (4111) 1111 1111 1111 4111x1111x1111x1111", NULL },
    { __LINE__, "4111&nbsp;1111&nbsp;1111&nbsp;1111 4111<b>1111</b>1111<b>1111</b>", NULL },
    /* what touches it */
    { __LINE__, "x" CARD " " CARD "x x" IBAN " " IBAN "x", "x*card* *card*x x" IBAN " " IBAN "x" },
    { __LINE__, CARD "1226 " CARD "1226123 0" CARD, NULL },
    { __LINE__, "%B" CARD "^DOE/JOHN^25121011000012345678?;" CARD "=25121011000012345678?",
      "%B*card*^DOE/JOHN^25121011000012345678?;*card*=25121011000012345678?" },
    /* encodings, in and over one another */
    { __LINE__, "\\u0034111111111111111 \\\\u0034111111111111111 \\\\\\\\u0034111111111111111", "*card* *card* *card*" },
    { __LINE__, "{\\\"n\\\":\\\"4111\\\\u00a01111\\\\t1111 1111\\\"}", "{\\\"n\\\":\\\"*card*\\\"}" },
    { __LINE__, "%34111111111111111 4111%201111%201111%201111 4111%C2%A01111%e2%80%891111-1111", "*card* *card* *card*" },
    { __LINE__, "%2534111111111111111&%252534111111111111111", "*card*&*card*" },
    { __LINE__, "%25252534111111111111111", NULL },
    { __LINE__, "\\uff14\\uff11\\uff11\\uff11 1111 1111 1111", "*card*" },
    { __LINE__, "\xd9\xa4\xd9\xa1\xd9\xa1\xd9\xa1 1111 1111 1111 \xf0\x9d\x9f\x9c\x31\x31\x31 1111 1111 1111", NULL },
    { __LINE__, "4\\ufe0f\\u20e3111111111111111", NULL },
    { __LINE__, "%u0034111111111111111 &#52;111111111111111 &#x34;111111111111111", NULL },
    { __LINE__, "NDExMTExMTExMTExMTExMQ== 34313131313131313131313131313131", NULL },
    /* what is none */
    { __LINE__, "0.4111111111111111", NULL },
    { __LINE__, "41111111-1111-1111-9111-111111111111 a4111111111111111bcdef01", NULL },
    { __LINE__, "+4222222222222 tel:%2B4222222222222 &#43;4222222222222", NULL },
    { __LINE__, "4222222222222 no 4222222222222 visa+4222222222222", "*card* no *card* visa+*card*" },
};

static const struct {
    int line;
    const char *text;
    bool is_found;
} numbers[] = {
    { __LINE__, CARD, true },
    { __LINE__, "-" CARD, true },
    { __LINE__, CARD ".0", true },
    { __LINE__, CARD ".00", true },
    { __LINE__, "4.111111111111111e15", true },
    { __LINE__, "411111111.1111111E+7", true },
    { __LINE__, "41111111111111110e-1", false },
    { __LINE__, CARD ".5", false },
    { __LINE__, "0." CARD, false },
    { __LINE__, "1" CARD, false },
};

Test(scrub_value, numbers_are_found_as_the_manual_says)
{
    static const struct scrub scrub = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK };
    struct scrubber scrubber = { .scrub = &scrub };

    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        struct scrub_work work = scrub_work_begin(&scrubber, 4096);
        struct bytes content = bytes_of(strings[i].text);
        EXPECT_STATUS(strings[i].line, scrub_string(&work, &content), STATUS_OK);
        EXPECT_BYTES(strings[i].line, content, bytes_of(strings[i].want ? strings[i].want : strings[i].text));
        scrub_work_end(&work);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct scrub_work work = scrub_work_begin(&scrubber, 4096);
        struct bytes number = bytes_of(numbers[i].text);
        EXPECT_STATUS(numbers[i].line, scrub_number(&work, &number), STATUS_OK);
        EXPECT_BYTES(numbers[i].line, number, bytes_of(numbers[i].is_found ? "\"*card*\"" : numbers[i].text));
        scrub_work_end(&work);
    }
}
