/* What is said about a value that does not fit: where, by which keyword, what was expected. */
#include <stdio.h>

#include "model/schema.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct schema_scratch *scratch;

static void setup(void)
{
    arena = arena_new(16 * 1024 * 1024);
    scratch = schema_scratch_new();
}

static void teardown(void)
{
    schema_scratch_free(scratch);
    arena_free(&arena);
}

TestSuite(schema_judge, .init = setup, .fini = teardown);

static enum status judge(int line, struct bytes schema, struct bytes text, struct schema_report *report)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = { 0 };
    struct tree tree = { 0 };
    char *copy = exact_copy(text);

    cr_assert_eq(schema_set_add(set, BYTES("urn:schema"), schema, &fault), STATUS_OK, "line %d: %s", line, fault.reason);
    cr_assert_eq(schema_set_compile(set, &fault), STATUS_OK, "line %d: %s: %s", line, fault.pointer, fault.reason);
    cr_assert_eq(tree_read(&tree, (struct bytes){ copy, text.len }, &arena), STATUS_OK, "line %d", line);
    enum status st = schema_judge(schema_set_find(set, BYTES("urn:schema")), tree.values, scratch, &arena, report);
    free(copy);
    schema_set_free(set);
    return st;
}

/* The violations as lines "pointer keyword: expected". What they say is in the arena: it outlives text and schema. */
static void put(struct buf *to, const struct schema_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct schema_violation *violation = &report->violations[i];
        buf_add_format(to, "%s%.*s %s: %.*s", i ? "\n" : "", (int)violation->pointer.len, violation->pointer.p, violation->keyword,
                       (int)violation->expected.len, violation->expected.p);
    }
}

struct verdict {
    int line;
    struct bytes schema;
    struct bytes value;
    const char *violations; /* "": it fits */
};

static void expect_verdicts(const struct verdict *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct schema_report report;
        struct buf lines = buf_new(64 * 1024);
        enum status st = judge(cases[i].line, cases[i].schema, cases[i].value, &report);
        EXPECT_STATUS(cases[i].line, st, cases[i].violations[0] ? STATUS_SCHEMA_VIOLATED : STATUS_OK);
        put(&lines, &report);
        EXPECT_TEXT(cases[i].line, lines.p ? lines.p : "", cases[i].violations);
        EXPECT(cases[i].line, report.steps > 0);
        buf_free(&lines);
    }
}

Test(schema_judge, says_what_was_expected)
{
    static const struct verdict cases[] = {
        { __LINE__, TEXT("false"), TEXT("1"), " false: no value at all" },
        { __LINE__, TEXT("{\"type\":\"string\"}"), TEXT("1"), " type: a string, is a number" },
        { __LINE__, TEXT("{\"type\":[\"null\",\"integer\",\"object\"]}"), TEXT("1.5"),
          " type: an integer or an object or null, is a number" },
        { __LINE__, TEXT("{\"type\":\"number\"}"), TEXT("true"), " type: a number, is a boolean" },
        { __LINE__, TEXT("{\"type\":\"boolean\"}"), TEXT("null"), " type: a boolean, is null" },
        { __LINE__, TEXT("{\"type\":\"null\"}"), TEXT("[]"), " type: null, is an array" },
        { __LINE__, TEXT("{\"type\":\"array\"}"), TEXT("{}"), " type: an array, is an object" },
        { __LINE__, TEXT("{\"enum\":[\"a\",2,null]}"), TEXT("\"b\""), " enum: one of \"a\", 2, null" },
        { __LINE__, TEXT("{\"enum\":[\"a\",{\"b\":1},3]}"), TEXT("4"), " enum: one of \"a\", or 2 more" },
        { __LINE__, TEXT("{\"enum\":[[1],3]}"), TEXT("[2]"), " enum: one of the 2 values that the schema lists" },
        { __LINE__, TEXT("{\"enum\":[]}"), TEXT("1"), " enum: one of the 0 values that the schema lists" },
        { __LINE__, TEXT("{\"const\":\"page_view\"}"), TEXT("\"click\""), " const: \"page_view\"" },
        { __LINE__, TEXT("{\"const\":{\"a\":1}}"), TEXT("{\"a\":2}"), " const: the value that the schema gives" },
        { __LINE__, TEXT("{\"minimum\":0.5}"), TEXT("0.49"), " minimum: at least 0.5" },
        { __LINE__, TEXT("{\"maximum\":1e2}"), TEXT("101"), " maximum: at most 1e2" },
        { __LINE__, TEXT("{\"exclusiveMinimum\":0}"), TEXT("-0"), " exclusiveMinimum: more than 0" },
        { __LINE__, TEXT("{\"exclusiveMaximum\":1}"), TEXT("1.0"), " exclusiveMaximum: less than 1" },
        { __LINE__, TEXT("{\"multipleOf\":0.01}"), TEXT("0.015"), " multipleOf: a multiple of 0.01" },
        { __LINE__, TEXT("{\"minLength\":1}"), TEXT("\"\""), " minLength: at least 1 character, has 0" },
        { __LINE__, TEXT("{\"maxLength\":2}"), TEXT("\"\xc3\xa4\xf0\x9f\x98\x80\\u00e4\""),
          " maxLength: at most 2 characters, has 3" },
        { __LINE__, TEXT("{\"pattern\":\"^a+$\"}"), TEXT("\"b\""), " pattern: a match of the pattern ^a+$" },
        { __LINE__, TEXT("{\"format\":\"uuid\"}"), TEXT("\"b\""), " format: the format uuid" },
        { __LINE__, TEXT("{\"minItems\":2}"), TEXT("[1]"), " minItems: at least 2 elements, has 1" },
        { __LINE__, TEXT("{\"maxItems\":1}"), TEXT("[1,2]"), " maxItems: at most 1 element, has 2" },
        { __LINE__, TEXT("{\"uniqueItems\":true}"), TEXT("[1,2,{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1}]"),
          " uniqueItems: elements that differ; 2 and 3 are equal" },
        { __LINE__, TEXT("{\"uniqueItems\":true}"), TEXT("[0,1,2,3,4,5,6,7,\"8\",[9],10.0,11,1e1]"),
          " uniqueItems: elements that differ; 10 and 12 are equal" },
        { __LINE__, TEXT("{\"contains\":{\"const\":1}}"), TEXT("[2]"), " contains: an element that fits the schema of contains" },
        { __LINE__, TEXT("{\"items\":{\"type\":\"string\"}}"), TEXT("[\"a\",1,\"b\",2]"),
          "/1 type: a string, is a number\n/3 type: a string, is a number" },
        { __LINE__, TEXT("{\"items\":[{\"type\":\"string\"}],\"additionalItems\":false}"), TEXT("[1,2]"),
          "/0 type: a string, is a number\n/1 additionalItems: no such element" },
        { __LINE__, TEXT("{\"items\":false}"), TEXT("[1]"), "/0 items: no such element" },
        { __LINE__, TEXT("{\"required\":[\"a\",\"b\",\"c\"]}"), TEXT("{\"b\":1}"),
          " required: a member \"a\"\n required: a member \"c\"" },
        { __LINE__, TEXT("{\"minProperties\":1}"), TEXT("{}"), " minProperties: at least 1 member, has 0" },
        { __LINE__, TEXT("{\"maxProperties\":0}"), TEXT("{\"a\":1}"), " maxProperties: at most 0 members, has 1" },
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}}"), TEXT("{\"a\":{\"b\":1}}"),
          "/a/b type: null, is a number" },
        { __LINE__, TEXT("{\"properties\":{\"a\":false}}"), TEXT("{\"a\":1}"), "/a properties: no such member" },
        { __LINE__, TEXT("{\"properties\":{\"a\":true},\"additionalProperties\":false}"), TEXT("{\"a\":1,\"b/~\":2}"),
          "/b~1~0 additionalProperties: no such member" },
        { __LINE__, TEXT("{\"patternProperties\":{\"^x-\":{\"type\":\"string\"}}}"), TEXT("{\"x-a\":1}"),
          "/x-a type: a string, is a number" },
        { __LINE__, TEXT("{\"propertyNames\":{\"maxLength\":2}}"), TEXT("{\"abc\":1}"),
          "/abc propertyNames: a name: at most 2 characters, has 3" },
        { __LINE__, TEXT("{\"propertyNames\":{\"enum\":[\"a\",\"b\"]},\"additionalProperties\":{\"type\":\"null\"}}"),
          TEXT("{\"c\":1}"), "/c type: null, is a number\n/c propertyNames: a name: one of \"a\", \"b\"" },
        { __LINE__, TEXT("{\"propertyNames\":false}"), TEXT("{\"c\":1}"), "/c propertyNames: a name: no value at all" },
        { __LINE__, TEXT("{\"dependencies\":{\"a\":[\"b\"]}}"), TEXT("{\"a\":1}"), " dependencies: a member \"b\" beside \"a\"" },
        { __LINE__, TEXT("{\"dependencies\":{\"a\":{\"required\":[\"b\"]}}}"), TEXT("{\"a\":1}"), " required: a member \"b\"" },
        { __LINE__, TEXT("{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2}]}"), TEXT("1"),
          " anyOf: to fit one of 2 schemas or more\n minimum: at least 2" },
        { __LINE__, TEXT("{\"anyOf\":[{\"maximum\":0},{\"minimum\":2}]}"), TEXT("1"), " anyOf: to fit one of 2 schemas or more" },
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"oneOf\":[{\"type\":\"null\"},{\"type\":\"object\",\"required\":[\"b\"]}]}}}"),
          TEXT("{\"a\":{}}"), "/a oneOf: to fit exactly one of 2 schemas, fits none\n/a required: a member \"b\"" },
        { __LINE__, TEXT("{\"oneOf\":[{\"type\":\"null\"},{\"minimum\":2}]}"), TEXT("1"),
          " oneOf: to fit exactly one of 2 schemas, fits none\n minimum: at least 2" },
        { __LINE__, TEXT("{\"oneOf\":[true,{\"minimum\":1}]}"), TEXT("1"),
          " oneOf: to fit exactly one of 2 schemas, fits more than one" },
        { __LINE__, TEXT("{\"not\":{\"type\":\"number\"}}"), TEXT("1"), " not: not to fit the schema of not" },
        { __LINE__, TEXT("{\"allOf\":[{\"minimum\":2},{\"multipleOf\":2}]}"), TEXT("1"),
          " minimum: at least 2\n multipleOf: a multiple of 2" },
        { __LINE__, TEXT("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},\"else\":{\"required\":[\"c\"]}}"),
          TEXT("{\"a\":1}"), " required: a member \"b\"" },
        { __LINE__, TEXT("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},\"else\":{\"required\":[\"c\"]}}"),
          TEXT("{}"), " required: a member \"c\"" },
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"items\":{\"$ref\":\"#\"}}},\"required\":[\"a\"]}"),
          TEXT("{\"a\":[{\"a\":[]},{\"a\":[{}]}]}"), "/a/1/a/0 required: a member \"a\"" },
    };

    expect_verdicts(cases, COUNT_OF(cases));
}

/* Whatever double would make of them. */
Test(schema_judge, compares_numbers_exactly)
{
    static const struct verdict cases[] = {
        { __LINE__, TEXT("{\"maximum\":18446744073709551615}"), TEXT("18446744073709551615"), "" },
        { __LINE__, TEXT("{\"exclusiveMinimum\":18446744073709551614}"), TEXT("18446744073709551615"), "" },
        { __LINE__, TEXT("{\"exclusiveMaximum\":18446744073709551615}"), TEXT("18446744073709551615"),
          " exclusiveMaximum: less than 18446744073709551615" },
        { __LINE__, TEXT("{\"const\":18446744073709551615}"), TEXT("18446744073709551614"), " const: 18446744073709551615" },
        { __LINE__, TEXT("{\"maximum\":9007199254740992}"), TEXT("9007199254740993"), " maximum: at most 9007199254740992" },
        { __LINE__, TEXT("{\"minimum\":-999999999999999999}"), TEXT("-999999999999999999"), "" },
        { __LINE__, TEXT("{\"minimum\":-99999999999999999}"), TEXT("-100000000000000000"),
          " minimum: at least -99999999999999999" },
        { __LINE__, TEXT("{\"const\":1}"), TEXT("1.0"), "" },
        { __LINE__, TEXT("{\"const\":1}"), TEXT("1e0"), "" },
        { __LINE__, TEXT("{\"const\":10}"), TEXT("1E+1"), "" },
        { __LINE__, TEXT("{\"const\":0}"), TEXT("-0.0"), "" },
        { __LINE__, TEXT("{\"const\":[0.1]}"), TEXT("[0.10]"), "" },
        { __LINE__, TEXT("{\"const\":0.1}"), TEXT("0.1000000000000000055511151231257827"), " const: 0.1" },
        { __LINE__, TEXT("{\"enum\":[true,0]}"), TEXT("false"), " enum: one of true, 0" },
        { __LINE__, TEXT("{\"type\":\"integer\"}"), TEXT("1e3"), "" },
        { __LINE__, TEXT("{\"type\":\"integer\"}"), TEXT("1.50e1"), "" },
        { __LINE__, TEXT("{\"type\":\"integer\"}"), TEXT("15e-1"), " type: an integer, is a number" },
        { __LINE__, TEXT("{\"multipleOf\":0.1}"), TEXT("0.3"), "" },
        { __LINE__, TEXT("{\"multipleOf\":0.0001}"), TEXT("1e308"), "" },
        { __LINE__, TEXT("{\"multipleOf\":7}"), TEXT("-21"), "" },
        { __LINE__, TEXT("{\"multipleOf\":7}"), TEXT("18446744073709551615"), " multipleOf: a multiple of 7" },
        { __LINE__, TEXT("{\"minLength\":1e0,\"maxLength\":1.0}"), TEXT("\"\xc3\xa4\""), "" },
        { __LINE__, TEXT("{\"maxLength\":99999999999999999999e99}"), TEXT("\"a\""), "" },
    };

    expect_verdicts(cases, COUNT_OF(cases));
}

/* Neither a value nor, where a schema is marked, what would tell of it. */
Test(schema_judge, never_shows_a_value)
{
    static const struct verdict cases[] = {
        { __LINE__, TEXT("{\"type\":\"null\",\"x-sensitive\":true}"), TEXT("\"4111 1111 1111 1111\""), " type: null" },
        { __LINE__, TEXT("{\"maxLength\":2,\"x-sensitive\":true}"), TEXT("\"4111\""), " maxLength: at most 2 characters" },
        { __LINE__, TEXT("{\"enum\":[\"1234\",\"4321\"],\"x-sensitive\":true}"), TEXT("\"4111\""),
          " enum: one of the 2 values that the schema lists" },
        { __LINE__, TEXT("{\"const\":\"1234\",\"x-sensitive\":true}"), TEXT("\"4111\""),
          " const: the value that the schema gives" },
        { __LINE__, TEXT("{\"x-sensitive\":true,\"properties\":{\"a\":{\"maxLength\":1}}}"), TEXT("{\"a\":\"4111\"}"),
          "/a maxLength: at most 1 character" },
        { __LINE__, TEXT("{\"allOf\":[{\"type\":\"null\",\"x-sensitive\":true},{\"type\":\"null\"}]}"), TEXT("4111"),
          " type: null\n type: null, is a number" },
        { __LINE__, TEXT("{\"definitions\":{\"a\":{\"maxLength\":1}},\"$ref\":\"#/definitions/a\",\"x-sensitive\":true}"),
          TEXT("\"4111\""), " maxLength: at most 1 character" },
        { __LINE__, TEXT("{\"x-sensitive\":false,\"type\":\"null\"}"), TEXT("4111"), " type: null, is a number" },
        { __LINE__, TEXT("{\"minimum\":9999,\"multipleOf\":2,\"maximum\":1,\"exclusiveMaximum\":2,\"exclusiveMinimum\":9998}"),
          TEXT("4111"),
          " minimum: at least 9999\n exclusiveMinimum: more than 9998\n maximum: at most 1\n exclusiveMaximum: less than 2\n"
          " multipleOf: a multiple of 2" },
        { __LINE__,
          TEXT("{\"minLength\":9,\"pattern\":\"^a\",\"format\":\"ipv4\",\"not\":{},\"oneOf\":[true,true],\"anyOf\":[false]}"),
          TEXT("\"4111\""),
          " minLength: at least 9 characters, has 4\n pattern: a match of the pattern ^a\n format: the format ipv4\n"
          " anyOf: to fit one of 1 schemas or more\n oneOf: to fit exactly one of 2 schemas, fits more "
          "than one\n"
          " not: not to fit the schema of not" },
    };

    expect_verdicts(cases, COUNT_OF(cases));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cr_expect_null(strstr(cases[i].violations, "4111"));
}

Test(schema_judge, tells_the_first_sixteen)
{
    struct schema_report report;
    struct buf text = buf_new(4096);

    for (int i = 0; i < 40; i++)
        buf_add_format(&text, "%s%d", i ? "," : "[", i);
    buf_add_text(&text, "]");
    EXPECT_STATUS(__LINE__, judge(__LINE__, BYTES("{\"items\":{\"type\":\"null\"}}"), buf_bytes(&text), &report),
                  STATUS_SCHEMA_VIOLATED);
    EXPECT_INT(__LINE__, report.n, SCHEMA_VIOLATIONS_MAX);
    EXPECT_BYTES(__LINE__, report.violations[0].pointer, BYTES("/0"));
    EXPECT_BYTES(__LINE__, report.violations[15].pointer, BYTES("/15"));
    EXPECT(__LINE__, report.steps < 30); /* nothing is looked at behind the last that is told */
    buf_free(&text);
}

/* Long names are cut, between two characters, and so is a pointer, between two names. */
Test(schema_judge, pointers_are_bounded)
{
    struct schema_report report;
    struct buf text = buf_new(64 * 1024);

    for (int i = 0; i < 20; i++) {
        buf_add_text(&text, "{\"");
        for (int k = 0; k < 100; k++)
            buf_add_text(&text, "\xc3\xa4");
        buf_add_text(&text, "\":");
    }
    buf_add_text(&text, "1");
    for (int i = 0; i < 20; i++)
        buf_add_text(&text, "}");
    EXPECT_STATUS(
        __LINE__,
        judge(__LINE__, BYTES("{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#\"}}"), buf_bytes(&text), &report),
        STATUS_SCHEMA_VIOLATED);
    EXPECT_INT(__LINE__, report.violations[0].pointer.len % 65, 0);
    EXPECT(__LINE__, report.violations[0].pointer.len <= 512 && report.violations[0].pointer.len > 380);
    buf_free(&text);
}

/* The good path takes no memory, and where there is none for what is to be said, that is said. */
Test(schema_judge, asks_for_memory_only_on_a_violation)
{
    struct bytes schema =
        BYTES("{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"b\",\"oneOf\":[{\"enum\":[\"b\"]},{\"minLength\":9}]}},"
              "\"required\":[\"a\"],\"uniqueItems\":true}");
    struct schema_set *set = schema_set_new();
    struct schema_fault fault;
    struct schema_report report;
    struct tree tree = { 0 };
    struct arena none = arena_new(0);

    cr_assert_eq(schema_set_add(set, BYTES("urn:a"), schema, &fault), STATUS_OK);
    cr_assert_eq(schema_set_compile(set, &fault), STATUS_OK);
    cr_assert_eq(tree_read(&tree, BYTES("{\"a\":\"b\"}"), &arena), STATUS_OK);
    EXPECT_STATUS(__LINE__, schema_judge(schema_set_find(set, BYTES("urn:a")), tree.values, scratch, &none, &report), STATUS_OK);
    cr_assert_eq(tree_read(&tree, BYTES("{\"a\":\"c\"}"), &arena), STATUS_OK);
    EXPECT_STATUS(__LINE__, schema_judge(schema_set_find(set, BYTES("urn:a")), tree.values, scratch, &none, &report),
                  STATUS_NO_MEMORY);
    arena_free(&none);
    schema_set_free(set);
}
