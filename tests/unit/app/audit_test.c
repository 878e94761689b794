#include "app/audit.h"

#include <pthread.h>

#include "base/log.h"
#include "tests/unit/unit.h"

/* There is no database here: what is written is tested with one, in tests/http. */
static struct config config = { .writer_database = (char[]){ "host=/nonexistent" }, .connect_timeout_s = 2 };

static const struct audit_read visit = {
    .happened_at_us = 1, .actor = BYTES("key:k"), .subject = BYTES("{}"), .address = BYTES("::1")
};

static void quiet(void)
{
    log_set_level(LOG_LEVEL_COUNT);
}

Test(audit, that_cannot_be_written_stops_a_read_only_where_it_has_to_be, .init = quiet)
{
    static const struct {
        int line;
        enum config_truth is_required;
        enum status want;
    } cases[] = { { __LINE__, CONFIG_FALSE, STATUS_OK }, { __LINE__, CONFIG_TRUE, STATUS_UNAVAILABLE } };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct audit *audit;
        config.audit_required = cases[i].is_required;
        cr_assert_eq(audit_open(&audit, &config), STATUS_OK);
        EXPECT_STATUS(cases[i].line, audit_note(audit, &visit), cases[i].want);
        audit_close(audit);
    }
}

struct run {
    struct audit *audit;
    struct bell bell;
};

static void *run_main(void *context)
{
    struct run *run = context;

    audit_run(run->audit, &run->bell);
    return NULL;
}

/* More than there is room for, while nobody takes them: none waits, none is kept for ever. */
Test(audit, never_makes_a_read_wait_for_a_database_that_is_away, .init = quiet)
{
    struct run run = { .bell = BELL_INITIALIZER };
    pthread_t thread;

    config.audit_required = CONFIG_FALSE;
    cr_assert_eq(audit_open(&run.audit, &config), STATUS_OK);
    cr_assert(pthread_create(&thread, NULL, run_main, &run) == 0);
    for (int i = 0; i < 12000; i++)
        cr_assert_eq(audit_note(run.audit, &visit), STATUS_OK);
    bell_end(&run.bell);
    pthread_join(thread, NULL);
    audit_close(run.audit);
}
