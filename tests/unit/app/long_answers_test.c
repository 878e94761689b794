#include "app/long_answers.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static struct long_question question(const char *query, unsigned variant)
{
    return (struct long_question){ bytes_of(query), variant };
}

Test(long_answers, have_as_many_places_as_there_are)
{
    struct long_answers answers;

    cr_assert_eq(long_answers_open(&answers, 2), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        EXPECT(__LINE__, long_answers_begin(&answers));
        EXPECT(__LINE__, long_answers_begin(&answers));
        EXPECT(__LINE__, !long_answers_begin(&answers));
        long_answers_end(&answers);
        long_answers_end(&answers);
    }
}

Test(long_answers, are_known_for_a_while_by_what_was_asked)
{
    static const struct {
        int line;
        const char *query;
        unsigned variant;
        int64_t now_ms;
        bool want;
    } cases[] = {
        { __LINE__, "a=1", 0, 1000, true },
        { __LINE__, "a=1", 1, 1000, false }, /* another representation */
        { __LINE__, "a=2", 0, 1000, false },
        { __LINE__, "a=1&b=2", 0, 1000, false },
        { __LINE__, "a=2", 1, 1000, true },
        { __LINE__, "", 0, 1000, false },
        { __LINE__, "a=1", 0, 1000 + LONG_ANSWERS_REMEMBERED_MS - 1, true },
        { __LINE__, "a=1", 0, 1000 + LONG_ANSWERS_REMEMBERED_MS, false },
    };
    struct long_question first = question("a=1", 0), second = question("a=2", 1);
    struct long_answers answers;

    cr_assert_eq(long_answers_open(&answers, 1), STATUS_OK);
    EXPECT(__LINE__, !long_answers_know(&answers, &first, 1000));
    long_answers_remember(&answers, &first, 1000);
    long_answers_remember(&answers, &second, 1000);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct long_question asked = question(cases[i].query, cases[i].variant);
        EXPECT_INT(cases[i].line, long_answers_know(&answers, &asked, cases[i].now_ms), cases[i].want);
    }
}

/* What was asked for again is not forgotten, nor does it push others out. */
Test(long_answers, remember_so_many_questions)
{
    struct long_question asked = question("a=1", 0);
    struct long_answers answers;
    char text[16];

    cr_assert_eq(long_answers_open(&answers, 1), STATUS_OK);
    for (int i = 0; i < 2 * LONG_ANSWERS_REMEMBERED; i++)
        long_answers_remember(&answers, &asked, i);
    EXPECT(__LINE__, long_answers_know(&answers, &asked, LONG_ANSWERS_REMEMBERED_MS + 1));
    for (int i = 0; i < LONG_ANSWERS_REMEMBERED; i++) {
        snprintf(text, sizeof text, "b=%d", i);
        struct long_question other = question(text, 0);
        EXPECT_INT(__LINE__, long_answers_know(&answers, &asked, 0), true);
        long_answers_remember(&answers, &other, 0);
        EXPECT(__LINE__, long_answers_know(&answers, &other, 0));
    }
    EXPECT(__LINE__, !long_answers_know(&answers, &asked, 0));
}
