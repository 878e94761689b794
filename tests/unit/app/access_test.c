#include "app/access.h"

#include "tests/unit/app/keys_site.h"
#include "tests/unit/app/site.h"

enum {
    INGEST = 1 << API_SCOPE_INGEST,
    READ = 1 << API_SCOPE_READ,
    REPORT = 1 << API_SCOPE_REPORT,
    NOBODY = 0,
    INGESTER = 1,
    READER = 2,
    REPORTER = 3,
    BOUND = 4,
    TYPED = 5,
    STRANGER = 9
};

static void guard_open(struct site *site, enum config_access access)
{
    struct key_grant grants[] = { keys_grant(INGESTER, INGEST), keys_grant(READER, READ), keys_grant(REPORTER, REPORT),
                                  keys_grant(BOUND, INGEST), keys_grant(TYPED, INGEST | READ) };
    static struct bytes origins[] = { BYTES("https://www.bank.example"), BYTES("https://*.shop.example") };

    grants[3].origins = BYTES("https://a.example\nhttps://*.b.example");
    grants[4].event_types = BYTES("click\nview");
    keys_write(grants, COUNT_OF(grants), clock_now_us());
    site_open(site);
    site->config.run_directory = keys_directory;
    site->config.database_identity = keys_database;
    site->config.access = access;
    site->config.trust_remote_user = CONFIG_TRUE;
    site->config.keys_max_age_s = 1000;
    site->config.rate_limit_slots = 1024;
    site->config.allowed_origins = origins;
    site->config.n_allowed_origins = COUNT_OF(origins);
    cr_assert_eq(access_open(&site->service.access, &site->config), STATUS_OK);
    access_begin(site->service.access);
}

static void guard_close(struct site *site)
{
    access_close(site->service.access);
    site->service.access = NULL;
    site_close(site);
}

/* What becomes of a request before anything is asked of the database: 0 where it goes on. */
static int judged(struct site *site, const struct request *request)
{
    struct visit visit;

    visit_begin(&visit, request);
    enum call_stage stage = worker_begin(site->worker, site->call, &visit.exchange);
    int code = visit_code(&visit);
    if (stage == CALL_COMMITS || stage == CALL_BLOCKS)
        EXPECT_INT(__LINE__, worker_abandon(site->call), CALL_BROKEN);
    visit_end(&visit);
    return code;
}

Test(access, is_by_key_login_and_origin, .init = keys_begin, .fini = keys_end)
{
    static const struct {
        int line;
        int key;
        const char *user;
        const char *origin;
        int post[3]; /* with access open, ingest, keys; 0: goes on */
        int get[3];
    } cases[] = {
        { __LINE__, NOBODY, NULL, NULL, { 0, 401, 401 }, { 0, 401, 401 } },
        { __LINE__, NOBODY, NULL, "https://www.bank.example", { 0, 0, 401 }, { 0, 401, 401 } },
        { __LINE__, NOBODY, NULL, "https://x.shop.example", { 0, 0, 401 }, { 0, 401, 401 } },
        { __LINE__, NOBODY, NULL, "https://evil.example", { 0, 401, 401 }, { 0, 401, 401 } },
        { __LINE__, NOBODY, NULL, "null", { 0, 401, 401 }, { 0, 401, 401 } },
        { __LINE__, NOBODY, "alice", NULL, { 0, 403, 403 }, { 0, 0, 0 } },
        { __LINE__, INGESTER, NULL, NULL, { 0, 0, 0 }, { 0, 403, 403 } },
        { __LINE__, INGESTER, "alice", NULL, { 0, 0, 0 }, { 0, 0, 0 } },
        { __LINE__, READER, NULL, NULL, { 0, 403, 403 }, { 0, 0, 0 } },
        { __LINE__, READER, NULL, "https://www.bank.example", { 0, 0, 403 }, { 0, 0, 0 } },
        { __LINE__, REPORTER, NULL, NULL, { 0, 403, 403 }, { 0, 403, 403 } },
        { __LINE__, BOUND, NULL, NULL, { 0, 403, 403 }, { 0, 403, 403 } },
        { __LINE__, BOUND, NULL, "https://a.example", { 0, 0, 0 }, { 0, 403, 403 } },
        { __LINE__, BOUND, NULL, "https://x.b.example", { 0, 0, 0 }, { 0, 403, 403 } },
        { __LINE__, BOUND, NULL, "https://b.example", { 0, 403, 403 }, { 0, 403, 403 } },
        { __LINE__, STRANGER, NULL, NULL, { 0, 401, 401 }, { 0, 401, 401 } },
        { __LINE__, STRANGER, "alice", "https://www.bank.example", { 0, 401, 401 }, { 0, 401, 401 } },
    };

    for (unsigned access = CONFIG_ACCESS_OPEN; access <= CONFIG_ACCESS_KEYS; access++) {
        struct site site;
        guard_open(&site, (enum config_access)access);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            struct request request = { .method = "POST",
                                       .path = "/synchrony_data_analytics",
                                       .api_key = cases[i].key ? keys_text((unsigned char)cases[i].key) : NULL,
                                       .remote_user = cases[i].user,
                                       .origin = cases[i].origin,
                                       .body = BYTES("{\"event_type\":\"t\",\"session_id\":\"s\"}") };
            EXPECT_INT(cases[i].line, judged(&site, &request), cases[i].post[access]);
            request.method = "GET";
            EXPECT_INT(cases[i].line, judged(&site, &request), cases[i].get[access]);
            request.method = "OPTIONS";
            EXPECT_INT(cases[i].line, judged(&site, &request), 204);
            request.method = "DELETE";
            EXPECT_INT(cases[i].line, judged(&site, &request), 405);
        }
        guard_close(&site);
    }
}

Test(access, of_a_key_is_to_its_event_types, .init = keys_begin, .fini = keys_end)
{
    struct site site;
    struct request request = { .method = "POST", .path = "/synchrony_data_analytics", .api_key = keys_text(TYPED) };

    guard_open(&site, CONFIG_ACCESS_KEYS);
    request.body = BYTES("{\"event_type\":\"click\",\"session_id\":\"s\"}");
    EXPECT_INT(__LINE__, judged(&site, &request), 0);
    request.body = BYTES("{\"event_type\":\"payment\",\"session_id\":\"s\"}");
    EXPECT_INT(__LINE__, judged(&site, &request), 403);
    request.body = BYTES("[{\"event_type\":\"view\",\"session_id\":\"s\"},{\"event_type\":\"payment\",\"session_id\":\"s\"}]");
    EXPECT_INT(__LINE__, judged(&site, &request), 0);
    guard_close(&site);
}

Test(access, past_the_rate_is_429_and_says_when, .init = keys_begin, .fini = keys_end)
{
    struct site site;
    struct visit visit;
    struct request request = { .method = "POST",
                               .path = "/synchrony_data_analytics",
                               .remote_addr = "192.0.2.1",
                               .body = BYTES(
                                   "[{\"event_type\":\"t\",\"session_id\":\"s\"},{\"event_type\":\"t\",\"session_id\":\"s\"}]") };

    site_open(&site);
    site.config.run_directory = (char[]){ "" };
    site.config.address_rate = 1;
    site.config.address_burst = 3;
    site.config.address_daily_quota = 1000;
    site.config.rate_limit_slots = 1024;
    cr_assert_eq(access_open(&site.service.access, &site.config), STATUS_OK);
    EXPECT_INT(__LINE__, judged(&site, &request), 0);
    visit_begin(&visit, &request);
    EXPECT_INT(__LINE__, worker_begin(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&visit), 429);
    EXPECT(__LINE__, visit_has(&visit, "Retry-After: 1"));
    EXPECT(__LINE__, visit_has(&visit, "RateLimit-Policy: \"default\";q=3;w=3, \"daily\";q=1000;w=86400"));
    EXPECT(__LINE__, visit_has(&visit, "RateLimit: \"default\";r=1;t=1"));
    visit_end(&visit);
    request.remote_addr = "192.0.2.2";
    request.body = BYTES("{");
    for (int i = 0; i < 3; i++)
        EXPECT_INT(__LINE__, judged(&site, &request), 400); /* what brings no events counts as one */
    EXPECT_INT(__LINE__, judged(&site, &request), 429);
    guard_close(&site);
}

Test(access, that_is_open_and_unlimited_is_nothing_at_all)
{
    const struct config config = { .access = CONFIG_ACCESS_OPEN };
    struct access *access;

    EXPECT_STATUS(__LINE__, access_open(&access, &config), STATUS_OK);
    cr_expect_null(access);
    access_close(access);
}
