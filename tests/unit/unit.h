/* What the unit tests share: expectations that name the line of the table's row, and copies that end where the text ends. */
#ifndef SYNCHRONY_TESTS_UNIT_H
#define SYNCHRONY_TESTS_UNIT_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/status.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The view of a string literal as a constant expression, for tables; unlike BYTES it may hold a NUL in its middle as well. */
#define TEXT(literal)                   \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define ABSENT  \
    {           \
        NULL, 0 \
    }

/* Each takes the line of the row that asks, for a failure inside a loop would name the loop. */
#define EXPECT(line_, condition) cr_expect((condition), "line %d: %s", (line_), #condition)

#define EXPECT_INT(line_, got_, want_)                                                                    \
    do {                                                                                                  \
        intmax_t int_got = (intmax_t)(got_), int_want = (intmax_t)(want_);                                \
        cr_expect(int_got == int_want, "line %d: %s is %jd, not %jd", (line_), #got_, int_got, int_want); \
    } while (0)

#define EXPECT_STATUS(line_, got_, want_)                                                                                          \
    do {                                                                                                                           \
        enum status status_got = (got_), status_want = (want_);                                                                    \
        cr_expect(status_got == status_want, "line %d: %s is %s (%d), not %s (%d)", (line_), #got_, status_info(status_got)->code, \
                  (int)status_got, status_info(status_want)->code, (int)status_want);                                              \
    } while (0)

/* An absent value equals an absent value only. */
#define EXPECT_BYTES(line_, got_, want_)                                                                                         \
    do {                                                                                                                         \
        struct bytes bytes_got = (got_), bytes_want = (want_);                                                                   \
        cr_expect(bytes_equal(bytes_got, bytes_want) && !bytes_got.p == !bytes_want.p,                                           \
                  "line %d: %s is %s\"%.*s\", not %s\"%.*s\"", (line_), #got_, bytes_got.p ? "" : "absent ", (int)bytes_got.len, \
                  bytes_got.p ? bytes_got.p : "", bytes_want.p ? "" : "absent ", (int)bytes_want.len,                            \
                  bytes_want.p ? bytes_want.p : "");                                                                             \
    } while (0)

#define EXPECT_TEXT(line_, got_, want_) EXPECT_BYTES((line_), bytes_of(got_), bytes_of(want_))

/* A copy whose memory ends with the text, so that a sanitizer sees a step behind it. To be freed. */
static inline char *exact_copy(struct bytes text)
{
    char *p = malloc(text.len);

    cr_assert(p || !text.len);
    if (text.len)
        memcpy(p, text.p, text.len);
    return p;
}

/* len times the byte c with a NUL behind it. To be freed. */
static inline char *repeated(char c, size_t len)
{
    char *p = malloc(len + 1);

    cr_assert(p);
    memset(p, c, len);
    p[len] = '\0';
    return p;
}

#endif
