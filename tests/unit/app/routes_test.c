#include "app/routes.h"

#include <stdio.h>

#include "tests/unit/app/site.h"

#define RESOURCE "/synchrony_data_analytics"
#define ALL "GET, HEAD, POST, OPTIONS"
#define READ_ONLY "GET, HEAD, OPTIONS"

Test(routes, every_path_and_method)
{
    static const struct {
        int line;
        const char *method, *path;
        int code;
        const char *allow; /* NULL: none */
    } cases[] = {
        { __LINE__, "OPTIONS", RESOURCE, 204, ALL },
        { __LINE__, "PUT", RESOURCE, 405, ALL },
        { __LINE__, "DELETE", RESOURCE, 405, ALL },
        { __LINE__, "PATCH", RESOURCE, 405, ALL },
        { __LINE__, "post", RESOURCE, 405, ALL },
        { __LINE__, NULL, RESOURCE, 405, ALL },
        { __LINE__, "GET", RESOURCE, 400, NULL }, /* has reached its handler: a parameter is missing */
        { __LINE__, "HEAD", RESOURCE, 400, NULL },
        { __LINE__, "POST", RESOURCE, 400, NULL }, /* and here the body */
        { __LINE__, "GET", RESOURCE "/healthz", 200, NULL },
        { __LINE__, "HEAD", RESOURCE "/healthz", 200, NULL },
        { __LINE__, "OPTIONS", RESOURCE "/healthz", 204, READ_ONLY },
        { __LINE__, "POST", RESOURCE "/healthz", 405, READ_ONLY },
        { __LINE__, "GET", RESOURCE "/readyz", 503, NULL }, /* there is no database */
        { __LINE__, "HEAD", RESOURCE "/readyz", 503, NULL },
        { __LINE__, "OPTIONS", RESOURCE "/readyz", 204, READ_ONLY },
        { __LINE__, "POST", RESOURCE "/readyz", 405, READ_ONLY },
        { __LINE__, "GET", RESOURCE "/openapi.json", 200, NULL },
        { __LINE__, "HEAD", RESOURCE "/openapi.json", 200, NULL },
        { __LINE__, "OPTIONS", RESOURCE "/openapi.json", 204, READ_ONLY },
        { __LINE__, "DELETE", RESOURCE "/openapi.json", 405, READ_ONLY },
        { __LINE__, "GET", "/cgi-bin" RESOURCE "/healthz", 200, NULL },
        { __LINE__, "GET", RESOURCE "/", 404, NULL },
        { __LINE__, "GET", RESOURCE "/healthz/", 404, NULL },
        { __LINE__, "GET", RESOURCE "/healthzz", 404, NULL },
        { __LINE__, "GET", RESOURCE "/health", 404, NULL },
        { __LINE__, "GET", RESOURCE "/Healthz", 404, NULL },
        { __LINE__, "PUT", RESOURCE "/nothing", 404, NULL },
        { __LINE__, "OPTIONS", RESOURCE "/nothing", 404, NULL },
        { __LINE__, "GET", "/", 404, NULL },
        { __LINE__, "GET", "/healthz", 404, NULL },
        { __LINE__, "GET", NULL, 404, NULL },
    };
    struct site site;

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct visit visit;
        visit_begin(&visit, &(struct request){ .method = cases[i].method, .path = cases[i].path });
        EXPECT_INT(cases[i].line, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        EXPECT_INT(cases[i].line, visit_code(&visit), cases[i].code);
        EXPECT_BYTES(cases[i].line, visit_header(&visit, "Allow"), bytes_of(cases[i].allow));
        visit_end(&visit);
    }
    site_close(&site);
}

Test(routes, preflight_answers_without_a_body_and_may_be_cached)
{
    struct site site;
    struct visit visit;

    site_open(&site);
    visit_begin(&visit, &(struct request){ .method = "OPTIONS", .path = RESOURCE, .origin = "https://a.example" });
    EXPECT_INT(__LINE__, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    EXPECT(__LINE__, visit_has(&visit, "Access-Control-Max-Age: 86400"));
    EXPECT(__LINE__, visit_has(&visit, "Access-Control-Allow-Origin: *"));
    EXPECT_BYTES(__LINE__, visit_header(&visit, "Content-Length"), bytes_of(NULL));
    EXPECT_BYTES(__LINE__, visit_body(&visit), BYTES(""));
    visit_end(&visit);
    site_close(&site);
}

/* What asks the database must not be called where others would have to wait too. */
Test(routes, only_what_asks_the_database_or_is_long_blocks)
{
    static const struct {
        int line;
        const char *method, *path;
        enum call_stage want;
    } cases[] = {
        { __LINE__, "GET", RESOURCE, CALL_BLOCKS },
        { __LINE__, "HEAD", RESOURCE, CALL_BLOCKS },
        { __LINE__, "GET", RESOURCE "/readyz", CALL_BLOCKS },
        { __LINE__, "GET", RESOURCE "/openapi.json", CALL_BLOCKS },
        { __LINE__, "GET", RESOURCE "/healthz", CALL_ANSWERED },
        { __LINE__, "OPTIONS", RESOURCE, CALL_ANSWERED },
        { __LINE__, "PUT", RESOURCE, CALL_ANSWERED },
        { __LINE__, "GET", "/", CALL_ANSWERED },
    };
    struct site site;

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct visit visit;
        visit_begin(&visit, &(struct request){ .method = cases[i].method, .path = cases[i].path });
        enum call_stage stage = worker_begin(site.worker, site.call, &visit.exchange);
        EXPECT_INT(cases[i].line, stage, cases[i].want);
        if (stage == CALL_BLOCKS)
            EXPECT_INT(cases[i].line, worker_run(site.worker, site.call), CALL_ANSWERED);
        visit_end(&visit);
    }
    site_close(&site);
}
