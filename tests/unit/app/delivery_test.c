#include "app/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/replay.h"
#include "tests/unit/unit.h"

enum { N = 3 };

/* A delivery whose database is never there. */
struct site {
    char directory[64];
    struct delivery delivery;
    struct db *db;
    struct arena arena;
    struct event events[N];
    struct event *order[N];
};

static const struct db_options no_database = { .conninfo = "host=/nonexistent", .connect_timeout_s = 2 };

static void site_open(struct site *site, bool with_queue)
{
    *site = (struct site){ .directory = "/tmp/delivery_test.XXXXXX", .db = db_new(&no_database), .arena = arena_new(1024 * 1024) };
    cr_assert_not_null(mkdtemp(site->directory));
    if (with_queue) {
        const struct queue_options options = { .directory = site->directory,
                                               .max_bytes = 16 * 1024 * 1024,
                                               .busy_timeout_ms = 100 };
        cr_assert_eq(queue_open(&site->delivery.queue, &options), STATUS_OK);
    }
    for (int i = 0; i < N; i++) {
        site->events[i] =
            (struct event){ .event_type = TEXT("a"), .session_id = TEXT("s"), .properties = TEXT("{}"), .is_duplicate = true };
        site->events[i].event_id.octets[0] = (unsigned char)i;
        site->order[i] = &site->events[i];
    }
}

static void site_close(struct site *site)
{
    char command[128];

    queue_close(site->delivery.queue);
    db_free(site->db);
    arena_free(&site->arena);
    snprintf(command, sizeof command, "rm -rf %s", site->directory);
    cr_assert_eq(system(command), 0);
}

static void expect_verdicts(int line, const struct site *site, enum status want)
{
    for (int i = 0; i < N; i++) {
        EXPECT_STATUS(line, site->events[i].verdict, want);
        EXPECT(line, !site->events[i].is_duplicate);
    }
}

static uint64_t records(struct site *site)
{
    struct queue_state state = { 0 };

    cr_assert_eq(queue_state(site->delivery.queue, &state), STATUS_OK);
    return state.records;
}

Test(delivery, without_a_queue_every_group_asks_and_is_refused)
{
    struct site site;

    site_open(&site, false);
    site.delivery.is_watched = true;
    for (int i = 0; i < 2; i++) {
        delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
        expect_verdicts(__LINE__, &site, STATUS_UNAVAILABLE);
        EXPECT(__LINE__, !delivery_is_down(&site.delivery));
    }
    site_close(&site);
}

Test(delivery, what_the_database_cannot_take_is_queued)
{
    struct site site;

    site_open(&site, true);
    delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
    expect_verdicts(__LINE__, &site, STATUS_QUEUED);
    EXPECT_INT(__LINE__, records(&site), N);
    site_close(&site);
}

Test(delivery, breaker_opens_only_where_somebody_watches_it)
{
    struct site site;

    site_open(&site, true);
    delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
    EXPECT(__LINE__, !delivery_is_down(&site.delivery));
    site.delivery.is_watched = true;
    delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
    EXPECT(__LINE__, delivery_is_down(&site.delivery));
    delivery_write(&site.delivery, NULL, site.order, N, &site.arena); /* nobody asks a database */
    expect_verdicts(__LINE__, &site, STATUS_QUEUED);
    EXPECT_INT(__LINE__, records(&site), 3 * N);
    delivery_restore(&site.delivery);
    EXPECT(__LINE__, !delivery_is_down(&site.delivery));
    site_close(&site);
}

Test(delivery, what_neither_takes_is_refused)
{
    struct site site;
    char away[sizeof site.directory + 8];

    site_open(&site, true);
    snprintf(away, sizeof away, "%s.away", site.directory);
    cr_assert_eq(rename(site.directory, away), 0);
    delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
    expect_verdicts(__LINE__, &site, STATUS_NOT_SET_UP);
    cr_expect_eq(status_info(site.events[0].verdict)->http, 503);
    cr_assert_eq(rename(away, site.directory), 0);
    delivery_write(&site.delivery, site.db, site.order, N, &site.arena);
    expect_verdicts(__LINE__, &site, STATUS_QUEUED);
    site_close(&site);
}

/* ---- replay, as far as it goes without a database ---- */

Test(replay, of_an_empty_queue_asks_nobody)
{
    struct site site;
    struct replay_progress progress = { 0 };

    site_open(&site, true);
    cr_assert_eq(queue_lead(site.delivery.queue), STATUS_OK);
    EXPECT_STATUS(__LINE__, replay_portion(site.delivery.queue, NULL, &site.arena, &progress), STATUS_END);
    site_close(&site);
}

Test(replay, without_a_database_removes_nothing)
{
    struct site site;
    struct replay_progress progress = { 0 };

    site_open(&site, true);
    delivery_queue(&site.delivery, site.order, N);
    cr_assert_eq(queue_lead(site.delivery.queue), STATUS_OK);
    EXPECT_STATUS(__LINE__, replay_portion(site.delivery.queue, site.db, &site.arena, &progress), STATUS_UNAVAILABLE);
    EXPECT_STATUS(__LINE__, progress.database, STATUS_UNAVAILABLE);
    EXPECT_INT(__LINE__, progress.stored + progress.quarantined, 0);
    EXPECT_INT(__LINE__, records(&site), N);
    site_close(&site);
}

Test(replay, queue_that_cannot_be_read_says_nothing_of_the_database)
{
    struct site site;
    struct replay_progress progress = { .database = STATUS_UNAVAILABLE };

    site_open(&site, true);
    delivery_queue(&site.delivery, site.order, N);
    cr_assert_eq(queue_lead(site.delivery.queue), STATUS_OK);
    struct arena none = arena_new(0);
    EXPECT_STATUS(__LINE__, replay_portion(site.delivery.queue, site.db, &none, &progress), STATUS_NO_MEMORY);
    EXPECT_STATUS(__LINE__, progress.database, STATUS_OK);
    EXPECT_INT(__LINE__, records(&site), N);
    arena_free(&none);
    site_close(&site);
}
