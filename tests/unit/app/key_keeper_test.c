#include "app/key_keeper.h"

#include <sys/file.h>

#include "tests/unit/app/keys_site.h"

static struct config config = { .writer_database = (char[]){ KEYS_DATABASE },
                                .database_identity = keys_database,
                                .run_directory = keys_directory,
                                .queue_directory = (char[]){ "" },
                                .connect_timeout_s = 2,
                                .keys_max_age_s = 100,
                                .rate_limit_slots = 1024 };

struct keeping {
    struct rate_limit *limit;
    struct key_keeper *keeper;
    struct arena arena;
};

static struct keeping begin(void)
{
    struct keeping keeping = { .arena = arena_new(1024 * 1024) };

    cr_assert_eq(rate_limit_open(&keeping.limit, "", 1024), STATUS_OK);
    cr_assert_eq(key_keeper_open(&keeping.keeper, &config, keeping.limit), STATUS_OK);
    key_keeper_begin(keeping.keeper);
    return keeping;
}

static void end(struct keeping *keeping)
{
    key_keeper_close(keeping->keeper);
    rate_limit_close(keeping->limit);
    arena_free(&keeping->arena);
}

static enum status find(struct keeping *keeping, const char *key)
{
    struct key_grant grant;

    return key_keeper_find(keeping->keeper, bytes_of(key), clock_now_us(), &keeping->arena, &grant);
}

Test(key_keeper, takes_the_keys_that_another_process_has_read, .init = keys_begin, .fini = keys_end)
{
    struct key_grant grants[] = { keys_grant(1, 1), keys_grant(2, 2), keys_grant(3, 4), keys_grant(4, 8) };
    struct key_grant found;
    grants[1].expires_us = 1;
    grants[2].expires_us = clock_now_us() + 1000000000;
    grants[3].origins = BYTES("https://a.example\nhttps://b.example");
    grants[3].event_types = BYTES("click");
    keys_write(grants, COUNT_OF(grants), clock_now_us());
    struct keeping keeping = begin();

    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_OK);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(2)), STATUS_UNAUTHORIZED); /* expired */
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(3)), STATUS_OK);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(9)), STATUS_UNAUTHORIZED);
    EXPECT_STATUS(__LINE__, find(&keeping, ""), STATUS_UNAUTHORIZED);
    EXPECT_STATUS(__LINE__, find(&keeping, "syk_"), STATUS_UNAUTHORIZED);
    EXPECT_STATUS(__LINE__, key_keeper_find(keeping.keeper, bytes_of(keys_text(4)), clock_now_us(), &keeping.arena, &found),
                  STATUS_OK);
    EXPECT_BYTES(__LINE__, found.origins, grants[3].origins);
    EXPECT_BYTES(__LINE__, found.event_types, grants[3].event_types);
    EXPECT(__LINE__, found.scopes == 8);
    end(&keeping);
}

Test(key_keeper, knows_no_key_without_file_and_database, .init = keys_begin, .fini = keys_end)
{
    struct keeping keeping = begin();

    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_UNAVAILABLE);
    EXPECT_STATUS(__LINE__, find(&keeping, "x"), STATUS_UNAUTHORIZED);
    end(&keeping);
}

Test(key_keeper, goes_by_old_keys_for_as_long_as_it_may, .init = keys_begin, .fini = keys_end)
{
    static const struct {
        int line;
        int64_t age_s;
        enum status want;
    } cases[] = {
        { __LINE__, 0, STATUS_OK }, { __LINE__, 90, STATUS_OK }, { __LINE__, 110, STATUS_UNAVAILABLE }, { __LINE__, -50, STATUS_OK }
    };
    const struct key_grant grant = keys_grant(1, 1);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        keys_write(&grant, 1, clock_now_us() - cases[i].age_s * 1000000);
        struct keeping keeping = begin();
        EXPECT_STATUS(cases[i].line, find(&keeping, keys_text(1)), cases[i].want);
        EXPECT_STATUS(cases[i].line, find(&keeping, keys_text(1)), cases[i].want);
        end(&keeping);
    }
}

Test(key_keeper, uses_no_file_that_others_can_read_or_that_is_damaged, .init = keys_begin, .fini = keys_end)
{
    const struct key_grant grant = keys_grant(1, 1);
    char other[sizeof keys_directory + 80];

    for (int kind = 0; kind < 3; kind++) {
        keys_write(&grant, 1, clock_now_us());
        if (kind == 0) {
            cr_assert(chmod(keys_path(""), 0640) == 0);
        } else if (kind == 1) {
            cr_assert(truncate(keys_path(""), 100) == 0);
        } else {
            snprintf(other, sizeof other, "%s/other", keys_directory);
            cr_assert(rename(keys_path(""), other) == 0 && symlink(other, keys_path("")) == 0);
        }
        struct keeping keeping = begin();
        cr_expect_eq(find(&keeping, keys_text(1)), STATUS_UNAVAILABLE, "kind %d", kind);
        end(&keeping);
        unlink(keys_path(""));
    }
}

/* While another process leads, its file is looked at. */
Test(key_keeper, takes_what_the_leader_writes, .init = keys_begin, .fini = keys_end)
{
    const struct key_grant grants[] = { keys_grant(1, 1), keys_grant(2, 1) };
    int lock = open(keys_path(".lock"), O_RDWR | O_CREAT, 0600);

    cr_assert(lock >= 0 && flock(lock, LOCK_EX) == 0);
    keys_write(&grants[0], 1, clock_now_us());
    struct keeping keeping = begin();
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_OK);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(2)), STATUS_UNAUTHORIZED);

    keys_write(&grants[1], 1, clock_now_us());
    EXPECT(__LINE__, key_keeper_look(keeping.keeper) > 0);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_UNAUTHORIZED);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(2)), STATUS_OK);
    key_keeper_glance(keeping.keeper);
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(2)), STATUS_OK);
    end(&keeping);
    close(lock);
}

/* Processes of one host with the same connection string may mean different databases: by PGDATABASE, say. */
Test(key_keeper, shares_no_file_with_another_database, .init = keys_begin, .fini = keys_end)
{
    const struct key_grant grant = keys_grant(1, 1);

    keys_write(&grant, 1, clock_now_us());
    config.database_identity = (char[]){ KEYS_DATABASE "\nPGDATABASE=another" };
    struct keeping keeping = begin();
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_UNAVAILABLE);
    end(&keeping);
    config.database_identity = keys_database;
    keeping = begin();
    EXPECT_STATUS(__LINE__, find(&keeping, keys_text(1)), STATUS_OK);
    end(&keeping);
}
