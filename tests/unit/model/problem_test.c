#include "model/problem.h"

#include "base/utf8.h"
#include "tests/unit/unit.h"

Test(problem, set_returns_the_status_and_keeps_the_text)
{
    struct problem problem = { .pointer = "/x", .offset = 3, .has_offset = true };

    EXPECT_STATUS(__LINE__, problem_set(&problem, STATUS_LIMIT, "%s %d", "at most", 5), STATUS_LIMIT);
    EXPECT_TEXT(__LINE__, problem.details, "at most 5");
    EXPECT_TEXT(__LINE__, problem.pointer, "/x");
    EXPECT_INT(__LINE__, problem.offset, 3);
    EXPECT(__LINE__, problem.has_offset);
}

Test(problem, set_again_replaces_the_text)
{
    struct problem problem = { 0 };

    (void)problem_set(&problem, STATUS_LIMIT, "a longer text");
    (void)problem_set(&problem, STATUS_LIMIT, "short");
    EXPECT_TEXT(__LINE__, problem.details, "short");
}

/* With characters of one to four bytes at every place around the end of the buffer. */
Test(problem, long_text_is_cut_between_two_characters)
{
    static const char *const characters[] = { "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        for (size_t before = 240; before < 262; before++) {
            struct problem problem = { 0 };
            char *text = repeated('a', before);
            (void)problem_set(&problem, STATUS_LIMIT, "%s%s%s%s", text, characters[i], characters[i], characters[i]);
            struct bytes kept = bytes_of(problem.details);
            cr_expect_eq(utf8_error_offset(kept), kept.len, "%zu bytes before '%s'", before, characters[i]);
            size_t whole = before + 3 * strlen(characters[i]);
            cr_expect(kept.len == whole || kept.len >= 252, "%zu bytes before '%s': %zu are kept", before, characters[i], kept.len);
            free(text);
        }
    }
}

Test(problem, text_longer_than_any_line_is_cut)
{
    struct problem problem = { 0 };
    char *text = repeated('a', 5000);

    (void)problem_set(&problem, STATUS_LIMIT, "%s", text);
    EXPECT_INT(__LINE__, strlen(problem.details), sizeof problem.details - 1);
    free(text);
}
