#include "model/accept.h"

#include "tests/unit/unit.h"

Test(accept, chooses_as_rfc_9110_says)
{
    enum { NONE = REPRESENTATION_COUNT, JSON = REPRESENTATION_JSON, NDJSON = REPRESENTATION_NDJSON, CSV = REPRESENTATION_CSV };
    static const struct {
        int line;
        const char *accept;
        unsigned want;
    } cases[] = {
        { __LINE__, NULL, JSON },
        { __LINE__, "", JSON },
        { __LINE__, " , ,", JSON },
        { __LINE__, "*/*", JSON },
        { __LINE__, "application/json", JSON },
        { __LINE__, "APPLICATION/Json", JSON },
        { __LINE__, "application/json; charset=utf-8", JSON },
        { __LINE__, "application/x-ndjson", NDJSON },
        { __LINE__, "text/csv", CSV },
        { __LINE__, "text/csv;header=present", CSV },
        { __LINE__, "text/*", CSV },
        { __LINE__, "application/*", JSON },
        { __LINE__, "text/csv, application/json", JSON }, /* as good: ours decides */
        { __LINE__, "text/csv, application/json;q=0.9", CSV },
        { __LINE__, "text/csv;q=0.8,application/json;q=0.801", JSON },
        { __LINE__, "application/json;q=0", NONE },
        { __LINE__, "application/json;q=0.000", NONE },
        { __LINE__, "application/json;q=0, */*", NDJSON },
        { __LINE__, "*/*, application/json;q=0", NDJSON }, /* the closer one counts, wherever it stands */
        { __LINE__, "application/*;q=0, */*;q=0.1", CSV },
        { __LINE__, "application/*;q=0.2, application/x-ndjson;q=0.1, */*;q=0.3", CSV },
        { __LINE__, "application/x-ndjson;q=0.5, application/x-ndjson;q=0.9, application/json;q=0.6", NDJSON },
        { __LINE__, "*/*;q=0", NONE },
        { __LINE__, "text/html", NONE },
        { __LINE__, "text/html, application/xhtml+xml", NONE },
        { __LINE__, "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", JSON },
        { __LINE__, "text/html, text/csv;q=0.1", CSV },
        { __LINE__, "image/*", NONE },
        { __LINE__, "application/jsonx", NONE },
        { __LINE__, "text/csv\t;\tq=1.000 ", CSV },
        { __LINE__, "text/csv;Q=0.5, application/json;q=0.4", CSV },
        /* a quoted string hides separators */
        { __LINE__, "application/json;a=\"x,text/csv;q=1\";q=0.1, text/csv;q=0.2", CSV },
        { __LINE__, "application/json;a=\"\\\",text/csv\"", JSON },
        /* what is no range is not looked at */
        { __LINE__, "text/csv, json", CSV },
        { __LINE__, "json", JSON },
        { __LINE__, "*", JSON },
        { __LINE__, "/json, text/csv", CSV },
        { __LINE__, "*/json, text/csv", CSV },
        { __LINE__, "application/json;q=2, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=1.001, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=0.1234, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=-1, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=.5, text/csv;q=0.1", CSV },
        { __LINE__, "application/json;q=0., text/csv;q=0.1", CSV },
        { __LINE__, "application/json;\"", JSON },
        { __LINE__, "application/json;a=\"\\", JSON },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = cases[i].accept ? exact_copy(bytes_of(cases[i].accept)) : NULL;
        enum representation chosen = REPRESENTATION_COUNT;
        bool any = accept_choose((struct bytes){ copy, bytes_of(cases[i].accept).len }, &chosen);
        EXPECT_INT(cases[i].line, any ? chosen : NONE, cases[i].want);
        free(copy);
    }
}

Test(accept, every_representation_has_a_type_that_it_is_chosen_by)
{
    for (unsigned i = 0; i < REPRESENTATION_COUNT; i++) {
        enum representation chosen;
        cr_expect(accept_choose(bytes_of(representation_type((enum representation)i)), &chosen));
        EXPECT_INT((int)i, chosen, i);
    }
}
