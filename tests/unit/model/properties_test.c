#include "model/properties.h"

#include "tests/unit/unit.h"

/* As "name=value|" for each member. */
static void flatten(struct bytes text, struct buf *flat)
{
    struct property property;

    while (properties_next(&text, &property)) {
        buf_add(flat, property.name);
        buf_add_text(flat, "=");
        buf_add(flat, property.value);
        buf_add_text(flat, "|");
    }
}

Test(properties, members_in_turn)
{
    static const struct {
        int line;
        struct bytes text;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("{}"), "" },
        { __LINE__, TEXT("{\"a\": 1}"), "a=1|" },
        { __LINE__, TEXT("{\"a\": 1.10, \"b\": \"x\"}"), "a=1.10|b=\"x\"|" },
        { __LINE__, TEXT("{\"\": null, \"b\": true}"), "=null|b=true|" },
        { __LINE__, TEXT("{\"a\": {\"b\": [1, {\"c\": \"}\"}]}, \"d\": []}"), "a={\"b\": [1, {\"c\": \"}\"}]}|d=[]|" },
        { __LINE__, TEXT("{\"a\": \"x, \\\"y\\\": }\", \"b\": 2}"), "a=\"x, \\\"y\\\": }\"|b=2|" },
        { __LINE__, TEXT("{\"a\\\"b\": \"\\\\\", \"c\": 1}"), "a\\\"b=\"\\\\\"|c=1|" },
        { __LINE__, TEXT("{\"a\": [\"]\", \"{\"]}"), "a=[\"]\", \"{\"]|" },
        /* no such text comes from a database; it is to end all the same */
        { __LINE__, TEXT(""), "" },
        { __LINE__, TEXT("[1]"), "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf flat = buf_new(256);
        char *copy = exact_copy(cases[i].text);
        flatten((struct bytes){ copy, cases[i].text.len }, &flat);
        EXPECT_TEXT(cases[i].line, flat.p ? flat.p : "", cases[i].want);
        free(copy);
        buf_free(&flat);
    }
}

Test(properties, whole_is_name_and_value)
{
    struct bytes rest = BYTES("{\"a\": 1, \"b\": {\"c\": 2}}");
    struct property property;

    cr_assert(properties_next(&rest, &property));
    EXPECT_BYTES(__LINE__, property.whole, BYTES("\"a\": 1"));
    cr_assert(properties_next(&rest, &property));
    EXPECT_BYTES(__LINE__, property.whole, BYTES("\"b\": {\"c\": 2}"));
    cr_expect(!properties_next(&rest, &property));
}

Test(properties, strings_are_decoded)
{
    static const struct {
        int line;
        struct bytes string;
        struct bytes want;
    } cases[] = {
        { __LINE__, TEXT("\"\""), TEXT("") },
        { __LINE__, TEXT("\"abc\""), TEXT("abc") },
        { __LINE__, TEXT("\"\\\"\\\\\\b\\f\\n\\r\\t\""), TEXT("\"\\\b\f\n\r\t") },
        { __LINE__, TEXT("\"\\u0001\\u001f\xc3\xa4\""), TEXT("\x01\x1f\xc3\xa4") },
        { __LINE__, TEXT("\"a\\nb\""), TEXT("a\nb") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf buf = buf_new(64);
        char *copy = exact_copy(cases[i].string);
        properties_add_string(&buf, (struct bytes){ copy, cases[i].string.len });
        EXPECT_BYTES(cases[i].line, buf_bytes(&buf), cases[i].want);
        free(copy);
        buf_free(&buf);
    }
}
