#include "app/quarantine.h"

#include <stdio.h>

#include "tests/unit/unit.h"

enum { SECOND = 1000000 };

static struct quarantine *fresh(size_t rate, size_t max_rows)
{
    const struct quarantine_options options = { .max_rows = max_rows, .retention_s = 60, .payload_max_bytes = 100, .rate = rate };
    struct quarantine *quarantine = quarantine_new(&options);

    cr_assert_not_null(quarantine);
    return quarantine;
}

static bool add(struct quarantine *quarantine, const char *type, const char *reason, int64_t now_us)
{
    static const unsigned char random[UUID_RANDOM_BYTES] = { 1 };
    const struct rejected_event rejected = {
        .event = { .event_type = bytes_of(type), .session_id = TEXT("s"), .properties = TEXT("{}") },
        .reason = bytes_of(reason),
    };

    return quarantine_add(quarantine, &rejected, now_us, random);
}

static size_t add_many(struct quarantine *quarantine, const char *type, const char *reason, int64_t now_us, size_t n)
{
    size_t taken = 0;

    for (size_t i = 0; i < n; i++)
        taken += add(quarantine, type, reason, now_us);
    return taken;
}

Test(quarantine, takes_so_many_of_a_type_and_reason_a_second)
{
    struct quarantine *quarantine = fresh(3, 1000);

    cr_expect_not(quarantine_is_waiting(quarantine));
    cr_expect_eq(add_many(quarantine, "a", "schema", 5 * SECOND, 1000), 3);
    cr_expect(quarantine_is_waiting(quarantine));
    cr_expect_eq(add_many(quarantine, "a", "schema", 5 * SECOND + SECOND - 1, 10), 0);
    cr_expect_eq(add_many(quarantine, "a", "unknown_event_type", 5 * SECOND, 10), 3, "another reason");
    cr_expect_eq(add_many(quarantine, "b", "schema", 5 * SECOND, 10), 3, "another type");
    cr_expect_eq(add_many(quarantine, "a", "schema", 6 * SECOND, 10), 3, "another second");
    cr_expect_eq(add_many(quarantine, "a", "schema", 2 * SECOND, 10), 3, "the clock was set back");
    quarantine_free(quarantine);
}

Test(quarantine, takes_ten_times_as_many_of_all_types)
{
    struct quarantine *quarantine = fresh(2, 1000);
    size_t taken = 0;

    for (int i = 0; i < 200; i++) {
        char type[16];
        snprintf(type, sizeof type, "type.%d", i);
        taken += add_many(quarantine, type, "unknown_event_type", SECOND, 5);
    }
    cr_expect_eq(taken, 20);
    quarantine_free(quarantine);
}

Test(quarantine, holds_no_more_than_its_buffer)
{
    struct quarantine *quarantine = fresh(100000, 1000);

    cr_expect_eq(add_many(quarantine, "a", "schema", SECOND, 5000), 1000);
    quarantine_flush(quarantine, NULL); /* the database is away: dropped, and nobody waits */
    cr_expect_not(quarantine_is_waiting(quarantine));
    cr_expect_eq(add_many(quarantine, "a", "schema", SECOND, 5000), 1000);
    quarantine_free(quarantine);
}

Test(quarantine, of_no_rows_takes_nothing)
{
    struct quarantine *quarantine = fresh(10, 0);

    cr_expect_not(add(quarantine, "a", "schema", SECOND));
    cr_expect_not(quarantine_is_waiting(quarantine));
    quarantine_free(quarantine);
}

Test(quarantine, copies_all_that_it_is_given)
{
    static const unsigned char random[UUID_RANDOM_BYTES] = { 1 };
    struct quarantine *quarantine = fresh(10, 10);
    char *texts[6];
    struct rejected_event rejected = { .schema_version = 3 };
    struct bytes *const places[] = { &rejected.event.event_type, &rejected.event.session_id, &rejected.event.properties,
                                     &rejected.reason,           &rejected.pointer,          &rejected.violations };

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        texts[i] = repeated('x', 150);
        *places[i] = bytes_of(texts[i]);
    }
    cr_expect(quarantine_add(quarantine, &rejected, SECOND, random));
    for (size_t i = 0; i < COUNT_OF(places); i++)
        free(texts[i]);
    quarantine_flush(quarantine, NULL);
    quarantine_free(quarantine);
}
