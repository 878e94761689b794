/* scrub_event, of model/scrub.h. */
#include "model/scrub.h"

#include "tests/unit/unit.h"

#define CARD "4111111111111111"
#define IBAN "DE89370400440532013000"

static const struct limits limits = LIMITS_DEFAULT;
static const struct scrub masking = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK };
static const struct scrub rejecting = { .cards = SCRUB_REJECT, .ibans = SCRUB_REJECT };

Test(scrub_event, event_is_scrubbed_alone_and_judged_again)
{
    static const struct bytes text =
        BYTES("[{\"event_type\":\"a\"}, {\"a\":\"" CARD "\",\"session_id\":\"s\"},{\"a\":\"" CARD "\",\"a\":1}]");
    struct arena arena = arena_new(1024 * 1024);
    struct scrubber masker = { .scrub = &masking }, rejecter = { .scrub = &rejecting };
    struct guard_result scan;
    struct problem problem = { 0 };

    cr_assert_eq(guard_scan(text, &limits, &arena, &scan), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        struct bytes own = text;
        const struct guard_element *element = &scan.elements[i];
        EXPECT_STATUS(__LINE__, scrub_event(&masker, &limits, &arena, &own, &element, NULL, &problem), STATUS_OK);
        if (i != 1) {
            cr_expect(own.p == text.p && element == &scan.elements[i]);
            continue;
        }
        EXPECT_BYTES(__LINE__, own, BYTES("{\"a\":\"*card*\",\"session_id\":\"s\"}"));
        cr_expect_eq(element->text.end, own.len);
        cr_expect_eq(element->values[GUARD_SESSION_ID], 27);
    }
    struct bytes own = text;
    const struct guard_element *element = &scan.elements[1];
    EXPECT_STATUS(__LINE__, scrub_event(&rejecter, &limits, &arena, &own, &element, NULL, &problem), STATUS_SENSITIVE);
    EXPECT_TEXT(__LINE__, problem.pointer, "/a");
    EXPECT_TEXT(__LINE__, problem.details, "forbidden by the rule \"card\"");
    arena_free(&arena);
}

/* Two sessions that were masked would be one, and the item of one the other's. */
Test(scrub_event, key_is_refused_where_it_would_be_masked)
{
    static const struct {
        int line;
        const char *text;
        const char *pointer; /* NULL: it is taken */
        const char *rule;
    } events[] = {
        { __LINE__, "{\"event_type\":\"a\",\"session_id\":\"s\",\"x\":\"" CARD "\"}", NULL, NULL },
        { __LINE__, "{\"event_type\":\"*card*\",\"session_id\":\"*iban*\",\"x\":\"" CARD "\"}", NULL, NULL },
        { __LINE__, "{\"event_type\":\"a\",\"session_id\":\"1795354496789001\"}", NULL, NULL },
        { __LINE__, "{\"event_type\":\"a\",\"session_id\":\"" CARD "\"}", "/session_id", "card" },
        { __LINE__, "{\"session_id\":\"x \\u0034111 1111 1111 1111\",\"event_type\":\"a\"}", "/session_id", "card" },
        { __LINE__, "{\"event_type\":\"" IBAN "\",\"session_id\":\"" CARD "\"}", "/event_type", "iban" },
        { __LINE__, "{\"\\u0065vent_type\":\"4111%201111%201111%201111\",\"session_id\":\"s\"}", "/event_type", "card" },
        { __LINE__, "{\"event_type\":\"a\",\"session_id\":\"KD-12345678\"}", "/session_id", "customer" },
        { __LINE__, "{\"event_type\":\"a\",\"session_id\":4111111111111111}", NULL, NULL }, /* will be refused as it is */
        { __LINE__, "{\"event_type\":\"a\",\"x\":{\"session_id\":\"" CARD "\"}}", NULL, NULL },
    };
    struct scrub_pattern pattern;
    const struct scrub scrub = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK, .patterns = &pattern, .n_patterns = 1 };
    struct scrubber scrubber = { .scrub = &scrub };
    struct arena arena = arena_new(1024 * 1024);
    struct problem problem = { 0 };

    cr_assert_eq(scrub_pattern_read(BYTES("customer:mask:KD-[0-9]{8}"), &pattern, &problem), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        const struct bytes text = bytes_of(events[i].text);
        struct bytes own = text;
        struct guard_result scan;
        struct scrub_report report;
        cr_assert_eq(guard_scan(text, &limits, &arena, &scan), STATUS_OK);
        const struct guard_element *element = &scan.elements[0];
        enum status st = scrub_event(&scrubber, &limits, &arena, &own, &element, &report, &problem);
        EXPECT_STATUS(events[i].line, st, events[i].pointer ? STATUS_SENSITIVE : STATUS_OK);
        if (!events[i].pointer)
            continue;
        EXPECT(events[i].line, own.p == text.p && element == &scan.elements[0]);
        EXPECT_TEXT(events[i].line, problem.pointer, events[i].pointer);
        EXPECT_TEXT(events[i].line, scrub_rule_name(&scrub, report.refused_by), events[i].rule);
        EXPECT_INT(events[i].line, report.counts[report.refused_by], 0);
    }
    EXPECT_TEXT(__LINE__, problem.details,
                "forbidden by the rule \"customer\": a key is refused and not masked, as masked keys would all be the same");
    scrubber_free(&scrubber);
    scrub_pattern_free(&pattern);
    arena_free(&arena);
}

/* Of what was cut short nothing is scanned again: the places must be those that a scan finds. */
Test(scrub_event, page_url_of_an_event_is_reduced_in_its_place)
{
    static const struct bytes names[] = { BYTES("a"), BYTES("utm_*") };
    static const struct scrub listed = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK, .parameters = names, .n_parameters = 2 };
    static const struct {
        int line;
        const char *url; /* with its quotes; NULL: none */
        const char *want;
        unsigned n_cut;
    } urls[] = {
        { __LINE__, NULL, NULL, 0 },
        { __LINE__, "null", NULL, 0 },
        { __LINE__, "[\"p?x=1\"]", NULL, 0 },
        { __LINE__, "\"\"", NULL, 0 },
        { __LINE__, "\"https://x.example/p\"", NULL, 0 },
        { __LINE__, "\"p?a=1&utm_x=2#a\"", NULL, 0 },
        { __LINE__, "\"p?a=1&x=2&y=\\u00e4\\ud83d\\ude00&utm_=1#token=t\"", "\"p?a=1&utm_=1\"", 3 },
        { __LINE__, "\"p\\u003fx=1\"", "\"p\"", 1 },
        { __LINE__, "\"\\/p?x=1#4111111111111111\"", "\"\\/p#*card*\"", 1 },
    };
    static const struct {
        const char *begin;
        const char *end;
    } forms[] = { { "{\"session_id\":\"s\",", "\"event_type\":\"a\",\"timestamp\":1}" },
                  { "[1, {\"session_id\":\"s\", ", "\"event_type\" : \"a\", \"event_id\" : \"\"} ,2]" } };
    struct scrubber reducer = { .scrub = &listed };
    struct arena arena = arena_new(1024 * 1024);

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        for (size_t form = 0; form < COUNT_OF(forms); form++) {
            struct buf text = buf_new(1024);
            struct guard_result scan, again;
            struct problem problem = { 0 };
            struct scrub_report report;
            buf_add_text(&text, forms[form].begin);
            if (urls[i].url)
                buf_add_format(&text, "\"page_url\": %s ,", urls[i].url);
            buf_add_text(&text, forms[form].end);
            cr_assert_eq(guard_scan(buf_bytes(&text), &limits, &arena, &scan), STATUS_OK);
            struct bytes own = buf_bytes(&text);
            const struct guard_element *element = &scan.elements[form];
            EXPECT_STATUS(urls[i].line, scrub_event(&reducer, &limits, &arena, &own, &element, &report, &problem), STATUS_OK);
            EXPECT_INT(urls[i].line, report.counts[SCRUB_PARAMETERS], urls[i].n_cut);
            EXPECT(urls[i].line, (own.p == text.p) == !urls[i].n_cut);
            if (urls[i].n_cut) {
                EXPECT_INT(urls[i].line, own.p[own.len], 0);
                EXPECT(urls[i].line, strstr(own.p, urls[i].want) != NULL);
                cr_assert_eq(guard_scan(own, &limits, &arena, &again), STATUS_OK);
                EXPECT(urls[i].line, memcmp(&element->text, &again.elements[0].text, sizeof element->text) == 0);
                EXPECT(urls[i].line, memcmp(element->members, again.elements[0].members, sizeof element->members) == 0);
                for (size_t member = 0; member < GUARD_MEMBER_COUNT; member++) {
                    if (element->members[member].end)
                        EXPECT_INT(urls[i].line, element->values[member], again.elements[0].values[member]);
                }
            }
            buf_free(&text);
        }
    }
    arena_free(&arena);
}
