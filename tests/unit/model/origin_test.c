#include "model/origin.h"

#include "tests/unit/unit.h"

Test(origin, pattern_is_an_origin_or_all_below_a_name)
{
    static const struct {
        int line;
        const char *pattern;
        bool want;
    } cases[] = {
        { __LINE__, "https://www.bank.example", true },
        { __LINE__, "http://localhost:8080", true },
        { __LINE__, "http://127.0.0.1", true },
        { __LINE__, "http://[::1]:8080", true },
        { __LINE__, "http://[::1]", true },
        { __LINE__, "https://*.bank.example", true },
        { __LINE__, "https://*.bank.example:8443", true },
        { __LINE__, "chrome-extension://abcdef", true },
        { __LINE__, "", false },
        { __LINE__, "*", false },
        { __LINE__, "null", false },
        { __LINE__, "www.bank.example", false },
        { __LINE__, "://www.bank.example", false },
        { __LINE__, "https://", false },
        { __LINE__, "https://*", false },
        { __LINE__, "https://*.", false },
        { __LINE__, "https://*.example", false },
        { __LINE__, "https://*bank.example", false },
        { __LINE__, "https://www.*.example", false },
        { __LINE__, "https://*.*.example", false },
        { __LINE__, "https://*.[::1]", false },
        { __LINE__, "*://www.bank.example", false },
        { __LINE__, "https://.bank.example", false },
        { __LINE__, "https://bank.example.", false },
        { __LINE__, "https://bank..example", false },
        { __LINE__, "https://Bank.example", false },
        { __LINE__, "HTTPS://bank.example", false },
        { __LINE__, "https://bank.example/", false },
        { __LINE__, "https://bank.example?x", false },
        { __LINE__, "https://user@bank.example", false },
        { __LINE__, "https://bank.example:", false },
        { __LINE__, "https://bank.example:x", false },
        { __LINE__, "https://bank.example:65536", false },
        { __LINE__, "https://bank.example https://other.example", false },
        { __LINE__, "https://bank.example\n", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(bytes_of(cases[i].pattern));
        cr_expect(origin_pattern_is_valid((struct bytes){ copy, strlen(cases[i].pattern) }) == cases[i].want, "line %d: %s",
                  cases[i].line, cases[i].pattern);
        free(copy);
    }
}

Test(origin, matches_what_is_listed_and_nothing_else)
{
    static const struct {
        int line;
        const char *pattern;
        const char *origin; /* NULL: absent */
        bool want;
    } cases[] = {
        { __LINE__, "https://www.bank.example", "https://www.bank.example", true },
        { __LINE__, "https://www.bank.example", "https://www.bank.example:443", false },
        { __LINE__, "https://www.bank.example", "https://www.bank.example.evil.example", false },
        { __LINE__, "https://www.bank.example", "", false },
        { __LINE__, "https://www.bank.example", NULL, false },
        { __LINE__, "https://*.bank.example", "https://www.bank.example", true },
        { __LINE__, "https://*.bank.example", "https://a.b.bank.example", true },
        { __LINE__, "https://*.bank.example", "https://xn--bcher-kva.bank.example", true },
        { __LINE__, "https://*.bank.example", "https://bank.example", false },
        { __LINE__, "https://*.bank.example", "https://.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evilbank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example", false },
        { __LINE__, "https://*.bank.example", "https://bank.example.evil.example", false },
        { __LINE__, "https://*.bank.example", "https://www.bank.example.evil.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example/.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example#.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example@x.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example:80.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example\r\nX: 1.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://evil.example\n.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://a..bank.example", false },
        { __LINE__, "https://*.bank.example", "https://*.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://WWW.bank.example", false },
        { __LINE__, "https://*.bank.example", "http://www.bank.example", false },
        { __LINE__, "https://*.bank.example", "https://www.bank.example:8443", false },
        { __LINE__, "https://*.bank.example:8443", "https://www.bank.example:8443", true },
        { __LINE__, "https://*.bank.example:8443", "https://www.bank.example", false },
        { __LINE__, "https://*.bank.example", "null", false },
        { __LINE__, "https://*.bank.example", NULL, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of(cases[i].origin);
        char *copy = exact_copy(text);
        struct bytes origin = { text.p ? copy : NULL, text.len };
        cr_expect(origin_matches(bytes_of(cases[i].pattern), origin) == cases[i].want, "line %d: %s and %s", cases[i].line,
                  cases[i].pattern, cases[i].origin ? cases[i].origin : "none");
        free(copy);
    }
}
