#include "app/group.h"

#include "tests/unit/unit.h"

Test(group, without_a_database_every_event_is_unavailable_and_none_a_duplicate)
{
    enum { N = 5 };
    const struct db_options options = { .conninfo = "host=/nonexistent", .connect_timeout_s = 2 };
    struct db *db = db_new(&options);
    struct arena arena = arena_new(1024 * 1024);
    struct event events[N];
    struct event *order[N];

    for (int i = 0; i < N; i++) {
        events[i] =
            (struct event){ .event_type = TEXT("a"), .session_id = TEXT("b"), .properties = TEXT("{}"), .is_duplicate = true };
        order[i] = &events[i];
    }
    group_write(db, order, N, &arena);
    for (int i = 0; i < N; i++) {
        EXPECT_STATUS(i, events[i].verdict, STATUS_UNAVAILABLE);
        EXPECT(i, !events[i].is_duplicate);
    }
    arena_free(&arena);
    db_free(db);
}
