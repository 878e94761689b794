#include "app/exchange.h"

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* A body that comes in steps, and then ends or breaks off. */
struct source {
    struct bytes text;
    size_t step; /* at most so many bytes at once */
    bool breaks; /* behind the text */
    size_t at;
    size_t largest_read; /* that was asked for */
};

static long read_source(void *context, char *to, size_t len)
{
    struct source *source = context;
    size_t left = source->text.len - source->at;

    cr_assert_gt(len, 0);
    if (len > source->largest_read)
        source->largest_read = len;
    if (len > source->step)
        len = source->step;
    if (len > left)
        len = left;
    if (!len)
        return source->breaks ? -1 : 0;
    memset(to, '?', len); /* all of it may be written */
    memcpy(to, source->text.p + source->at, len);
    source->at += len;
    return (long)len;
}

static struct exchange exchange_of(struct source *source)
{
    return (struct exchange){ .read = read_source, .context = source };
}

enum { BODY_MAX = 20000, ARENA_BYTES = 1024 * 1024 };

static struct limits small_limits(void)
{
    struct limits limits = LIMITS_DEFAULT;

    limits.body_max_bytes = BODY_MAX;
    return limits;
}

Test(exchange, body_as_announced_or_to_its_end)
{
    static const struct {
        int line;
        const char *announced; /* NULL: not */
        size_t len;            /* that comes */
        bool breaks;
        enum status want;
        size_t want_len;
        const char *details;
    } cases[] = {
        { __LINE__, "0", 0, false, STATUS_OK, 0, "" },
        { __LINE__, "1", 1, false, STATUS_OK, 1, "" },
        { __LINE__, "0005", 5, false, STATUS_OK, 5, "" },
        { __LINE__, "20000", 20000, false, STATUS_OK, 20000, "" },
        /* what comes behind is no part of it */
        { __LINE__, "5", 9, false, STATUS_OK, 5, "" },
        { __LINE__, "0", 9, false, STATUS_OK, 0, "" },
        { __LINE__, "5", 5, true, STATUS_OK, 5, "" },
        /* too short */
        { __LINE__, "1", 0, false, STATUS_INVALID_BODY, 0, "1 bytes were announced, 0 came" },
        { __LINE__, "10", 9, false, STATUS_INVALID_BODY, 0, "10 bytes were announced, 9 came" },
        { __LINE__, "20000", 19999, false, STATUS_INVALID_BODY, 0, "20000 bytes were announced, 19999 came" },
        { __LINE__, "10", 9, true, STATUS_INVALID_BODY, 0, "10 bytes were announced, 9 came" },
        /* too long */
        { __LINE__, "20001", 20001, false, STATUS_TOO_LARGE, 0, "a body must have at most 20000 bytes" },
        { __LINE__, "18446744073709551615", 5, false, STATUS_TOO_LARGE, 0, "a body must have at most 20000 bytes" },
        /* no number */
        { __LINE__, "-1", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        { __LINE__, "+1", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        { __LINE__, " 1", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        { __LINE__, "1, 1", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        { __LINE__, "0x1", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        { __LINE__, "one", 1, false, STATUS_INVALID_BODY, 0, "the length that was announced is no number" },
        /* not announced */
        { __LINE__, NULL, 0, false, STATUS_OK, 0, "" },
        { __LINE__, "", 0, false, STATUS_OK, 0, "" },
        { __LINE__, NULL, 1, false, STATUS_OK, 1, "" },
        { __LINE__, "", 5, false, STATUS_OK, 5, "" },
        { __LINE__, NULL, 8191, false, STATUS_OK, 8191, "" }, /* around what the buffer has at first, and twice that */
        { __LINE__, NULL, 8192, false, STATUS_OK, 8192, "" },
        { __LINE__, NULL, 8193, false, STATUS_OK, 8193, "" },
        { __LINE__, NULL, 16384, false, STATUS_OK, 16384, "" },
        { __LINE__, NULL, 16385, false, STATUS_OK, 16385, "" },
        { __LINE__, NULL, 19999, false, STATUS_OK, 19999, "" },
        { __LINE__, NULL, 20000, false, STATUS_OK, 20000, "" },
        { __LINE__, NULL, 20001, false, STATUS_TOO_LARGE, 0, "a body must have at most 20000 bytes" },
        { __LINE__, NULL, 500000, false, STATUS_TOO_LARGE, 0, "a body must have at most 20000 bytes" },
        { __LINE__, NULL, 0, true, STATUS_INVALID_BODY, 0, "the body broke off" },
        { __LINE__, NULL, 8192, true, STATUS_INVALID_BODY, 0, "the body broke off" },
        { __LINE__, NULL, 20000, true, STATUS_INVALID_BODY, 0, "the body broke off" },
    };
    static const size_t steps[] = { 1, 7, 4096, SIZE_MAX };
    const struct limits limits = small_limits();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = repeated('x', cases[i].len);
        for (size_t at = 0; at < cases[i].len; at++)
            text[at] = (char)('a' + at % 23);
        for (size_t s = 0; s < COUNT_OF(steps); s++) {
            struct source source = { .text = { text, cases[i].len }, .step = steps[s], .breaks = cases[i].breaks };
            struct exchange exchange = exchange_of(&source);
            struct http_request request = { .content_length = bytes_of(cases[i].announced) };
            struct arena arena = arena_new(ARENA_BYTES);
            struct problem problem = { 0 };
            struct bytes body = { 0 };
            EXPECT_STATUS(cases[i].line, exchange_read_body(&exchange, &request, &limits, &arena, &body, &problem), cases[i].want);
            EXPECT_TEXT(cases[i].line, problem.details, cases[i].details);
            if (cases[i].want == STATUS_OK)
                EXPECT(cases[i].line, bytes_equal(body, (struct bytes){ text, cases[i].want_len }));
            EXPECT(cases[i].line, source.at <= BODY_MAX + 1); /* no more is read than tells that it is too much */
            arena_free(&arena);
        }
        free(text);
    }
}

/* RFC 3875, section 4.2: what is not announced may not be there to be read, so asking for it could wait for ever. */
Test(exchange, reads_no_more_than_announced)
{
    const struct limits limits = small_limits();
    struct source source = { .text = TEXT("0123456789"), .step = SIZE_MAX };
    struct exchange exchange = exchange_of(&source);
    struct http_request request = { .content_length = BYTES("4") };
    struct arena arena = arena_new(ARENA_BYTES);
    struct problem problem = { 0 };
    struct bytes body;

    EXPECT_STATUS(__LINE__, exchange_read_body(&exchange, &request, &limits, &arena, &body, &problem), STATUS_OK);
    EXPECT_INT(__LINE__, source.at, 4);
    EXPECT_INT(__LINE__, source.largest_read, 4);
    arena_free(&arena);
}

Test(exchange, limit_below_the_first_piece_holds)
{
    struct limits limits = small_limits();

    limits.body_max_bytes = 10;
    for (size_t len = 9; len <= 12; len++) {
        struct source source = { .text = { "0123456789ab", len }, .step = SIZE_MAX };
        struct exchange exchange = exchange_of(&source);
        struct http_request request = { 0 };
        struct arena arena = arena_new(ARENA_BYTES);
        struct problem problem = { 0 };
        struct bytes body;
        EXPECT_STATUS((int)len, exchange_read_body(&exchange, &request, &limits, &arena, &body, &problem),
                      len <= 10 ? STATUS_OK : STATUS_TOO_LARGE);
        arena_free(&arena);
    }
}

Test(exchange, without_memory_says_so_at_every_allocation)
{
    static const char *const announced[] = { "20000", NULL };
    const struct limits limits = small_limits();
    char *text = repeated('x', BODY_MAX);

    for (size_t i = 0; i < COUNT_OF(announced); i++) {
        bool failed;
        int nth = 1;
        do {
            struct source source = { .text = { text, BODY_MAX }, .step = 4096 };
            struct exchange exchange = exchange_of(&source);
            struct http_request request = { .content_length = bytes_of(announced[i]) };
            struct arena arena = arena_new(ARENA_BYTES);
            struct problem problem = { 0 };
            struct bytes body;
            failing_begin(nth++);
            enum status st = exchange_read_body(&exchange, &request, &limits, &arena, &body, &problem);
            failed = failing_end();
            EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
            arena_free(&arena);
        } while (failed);
        cr_expect_gt(nth, 2);
    }
    free(text);
}

Test(exchange, drain_reads_to_the_end)
{
    char *text = repeated('x', 100000);
    static const bool breaks[] = { false, true };

    for (size_t i = 0; i < COUNT_OF(breaks); i++) {
        struct source source = { .text = { text, 100000 }, .step = 4096, .breaks = breaks[i] };
        struct exchange exchange = exchange_of(&source);
        exchange_drain(&exchange);
        EXPECT_INT((int)i, source.at, 100000);
    }
    free(text);
}

/* A body without end. */
static long read_for_ever(void *context, char *to, size_t len)
{
    size_t *total = context;

    memset(to, 'x', len);
    *total += len;
    return (long)len;
}

Test(exchange, drain_gives_up_on_a_body_without_end)
{
    size_t total = 0;
    struct exchange exchange = { .read = read_for_ever, .context = &total };

    exchange_drain(&exchange);
    EXPECT(__LINE__, total >= 64 * 1024 * 1024 && total <= 65 * 1024 * 1024);
}
