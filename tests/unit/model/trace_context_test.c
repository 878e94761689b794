#include "model/trace_context.h"

#include "tests/unit/unit.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static const struct {
    int line;
    struct bytes text;
    bool want;
} cases[] = {
    { __LINE__, TEXT("00-" ID "-" PARENT "-01"), true },
    { __LINE__, TEXT("00-" ID "-" PARENT "-00"), true },
    { __LINE__, TEXT("cc-" ID "-" PARENT "-01"), true },
    { __LINE__, TEXT("cc-" ID "-" PARENT "-01-what.the.future.will.be.like"), true },
    { __LINE__, TEXT("cc-" ID "-" PARENT "-01.what"), false },
    { __LINE__, TEXT("00-" ID "-" PARENT "-01-more"), false },
    { __LINE__, TEXT("00-" ID "-" PARENT "-01-"), false },
    { __LINE__, TEXT("ff-" ID "-" PARENT "-01"), false },
    { __LINE__, TEXT("0-" ID "-" PARENT "-01"), false },
    { __LINE__, TEXT("00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01"), false },
    { __LINE__, TEXT("00-00000000000000000000000000000000-" PARENT "-01"), false },
    { __LINE__, TEXT("00-" ID "-0000000000000000-01"), false },
    { __LINE__, TEXT("00-" ID "-" PARENT "-1"), false },
    { __LINE__, TEXT("00-" ID "-" PARENT), false },
    { __LINE__, TEXT("00_" ID "-" PARENT "-01"), false },
    { __LINE__, TEXT("00-" ID "\0-" PARENT "-01"), false },
    { __LINE__, TEXT(""), false },
    { __LINE__, ABSENT, false },
};

Test(trace_context, id_is_that_of_a_valid_header)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = exact_copy(cases[i].text);
        struct bytes id = trace_context_id((struct bytes){ cases[i].text.p ? text : NULL, cases[i].text.len });
        EXPECT_BYTES(cases[i].line, id, cases[i].want ? BYTES(ID) : ((struct bytes){ 0 }));
        free(text);
    }
}
