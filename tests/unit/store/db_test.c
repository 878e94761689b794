#include "store/db.h"

#include "tests/unit/unit.h"

/* There is no server here: what the queries do is tested with one, in tests/db and tests/http. */
static const struct db_options unreachable = { .conninfo = "host=/nonexistent",
                                               .connect_timeout_s = 2,
                                               .statement_timeout_ms = 1000 };

Test(db, that_cannot_be_reached_is_unavailable_at_every_verb)
{
    struct db *db = db_new(&unreachable);
    struct db_result result = { .rows = &result };
    const struct db_step steps[] = { { .query = QUERY_BEGIN }, { .query = QUERY_COMMIT, .result = &result } };

    EXPECT_TEXT(__LINE__, db_message(db), "");
    EXPECT_STATUS(__LINE__, db_run(db, steps, 2), STATUS_UNAVAILABLE);
    cr_expect_null(result.rows);
    cr_expect(strlen(db_message(db)) > 0 && !strchr(db_message(db), '\n'), "%s", db_message(db));
    EXPECT(__LINE__, !db_went_stale(db));
    EXPECT_STATUS(__LINE__, db_script(db, "-- nothing"), STATUS_UNAVAILABLE);
    EXPECT_STATUS(__LINE__, db_stream_begin(db, QUERY_EVENT_READ_BY_TYPE, DB_PLAN_ONCE, NULL, 0), STATUS_UNAVAILABLE);
    db_stream_end(db);
    db_rollback(db);
    db_free(db);
}

Test(db, refuses_a_flight_that_is_too_long)
{
    struct db *db = db_new(&unreachable);
    struct db_result results[9];
    struct db_step steps[9];

    for (int i = 0; i < 9; i++) {
        results[i].rows = &results[i];
        steps[i] = (struct db_step){ .query = QUERY_BEGIN, .result = &results[i] };
    }
    EXPECT_STATUS(__LINE__, db_run(db, steps, 9), STATUS_INTERNAL);
    for (int i = 0; i < 9; i++)
        cr_expect_null(results[i].rows);
    db_free(db);
}

Test(db, connection_string_that_is_none_is_told_in_one_line)
{
    static const struct {
        int line;
        const char *conninfo;
        bool want; /* is there a fault? */
    } cases[] = {
        { __LINE__, "", false },
        { __LINE__, "host=/run dbname='a b' user=x", false },
        { __LINE__, "service=synchrony", false },
        { __LINE__, "postgresql://user:secret@host:5432/name?sslmode=require", false },
        { __LINE__, "nonsense", true },
        { __LINE__, "hots=x", true },
        { __LINE__, "dbname='open", true },
        { __LINE__, "postgresql://[::1/name", true },
        { __LINE__, "postgresql://host/name?nonsense=1", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[64] = "untouched";
        EXPECT_INT(cases[i].line, db_conninfo_error(cases[i].conninfo, text, sizeof text), cases[i].want);
        if (cases[i].want)
            EXPECT(cases[i].line, strlen(text) > 0 && !strchr(text, '\n') && strcmp(text, "untouched") != 0);
    }
}

Test(db, connection_string_that_is_none_is_unavailable)
{
    const struct db_options options = { .conninfo = "nonsense" };
    struct db *db = db_new(&options);
    const struct db_step step = { .query = QUERY_BEGIN };

    EXPECT_STATUS(__LINE__, db_run(db, &step, 1), STATUS_UNAVAILABLE);
    cr_expect(strlen(db_message(db)) > 0);
    db_free(db);
}

Test(db, free_takes_null)
{
    db_free(NULL);
}
