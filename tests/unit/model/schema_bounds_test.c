/* Hostile schemas and values: each comes to an end within the steps that are allowed. What is asserted is steps, never time. */
#include <stdio.h>

#include "model/json_guard.h"
#include "model/schema.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct buf schema_text;
static struct buf value_text_;
static struct schema_report report;
static struct schema_fault fault;

static void setup(void)
{
    arena = arena_new(64 * 1024 * 1024);
    schema_text = buf_new(SCHEMA_TEXT_MAX_BYTES);
    value_text_ = buf_new(1024 * 1024);
}

static void teardown(void)
{
    arena_free(&arena);
    buf_free(&schema_text);
    buf_free(&value_text_);
}

TestSuite(schema_bounds, .init = setup, .fini = teardown);

/* Compiles schema_text, and judges value_text_ where there is one. */
static enum status run(void)
{
    struct schema_set *set = schema_set_new();
    struct schema_scratch *scratch = schema_scratch_new();
    struct tree tree = { 0 };

    cr_assert_not(schema_text.failed || value_text_.failed);
    enum status st = schema_set_add(set, BYTES("urn:a"), buf_bytes(&schema_text), &fault);
    if (st == STATUS_OK)
        st = schema_set_compile(set, &fault);
    if (st == STATUS_OK && value_text_.len) {
        cr_assert_eq(tree_read(&tree, buf_bytes(&value_text_), &arena), STATUS_OK);
        st = schema_judge(schema_set_find(set, BYTES("urn:a")), tree.values, scratch, &arena, &report);
        cr_expect(report.steps <= SCHEMA_STEPS_MAX, "%zu steps", report.steps);
    }
    schema_scratch_free(scratch);
    schema_set_free(set);
    return st;
}

static void repeat(struct buf *to, const char *text, int n)
{
    while (n--)
        buf_add_text(to, text);
}

static void expect_too_costly(int line, const char *pointer, const char *keyword)
{
    EXPECT_STATUS(line, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_INT(line, report.n, 1);
    EXPECT_BYTES(line, report.violations[0].pointer, bytes_of(pointer));
    EXPECT_TEXT(line, report.violations[0].keyword, keyword);
}

/* 2^40 ways through forty definitions, each of which applies the next one twice. */
static void put_doubling(const char *root, const char *keyword)
{
    buf_add_format(&schema_text, "{%s,\"definitions\":{", root);
    for (int i = 0; i < 40; i++)
        buf_add_format(&schema_text, "\"d%d\":{\"%s\":[{\"$ref\":\"#/definitions/d%d\"},{\"$ref\":\"#/definitions/d%d\"}]},", i,
                       keyword, i + 1, i + 1);
    buf_add_text(&schema_text, "\"d40\":{\"type\":\"null\"}}}");
    buf_add_text(&value_text_, "1");
}

Test(schema_bounds, any_of_that_doubles)
{
    put_doubling("\"$ref\":\"#/definitions/d0\"", "anyOf");
    expect_too_costly(__LINE__, "", "");
}

/* Is given up by its first way, which fails, or tried by none. */
Test(schema_bounds, all_of_that_doubles)
{
    put_doubling("\"$ref\":\"#/definitions/d0\"", "allOf");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_VIOLATED);
}

Test(schema_bounds, one_of_that_doubles)
{
    put_doubling("\"$ref\":\"#/definitions/d0\"", "oneOf");
    expect_too_costly(__LINE__, "", "");
}

/* "not" must not turn what was given up into a verdict. */
Test(schema_bounds, what_is_given_up_below_not_is_no_verdict)
{
    put_doubling("\"not\":{\"$ref\":\"#/definitions/d0\"}", "anyOf");
    expect_too_costly(__LINE__, "", "");
}

Test(schema_bounds, what_is_given_up_in_a_condition_is_no_verdict)
{
    put_doubling("\"if\":{\"$ref\":\"#/definitions/d0\"},\"else\":true", "anyOf");
    expect_too_costly(__LINE__, "", "");
}

/* Twice at each level of a value of thirty levels: 2^30. */
Test(schema_bounds, recursion_that_doubles_with_the_depth_of_a_value)
{
    buf_add_text(&schema_text, "{\"properties\":{\"a\":{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}}}");
    repeat(&value_text_, "{\"a\":", 30);
    buf_add_text(&value_text_, "1");
    repeat(&value_text_, "}", 30);
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
}

Test(schema_bounds, a_value_deeper_than_the_judge_goes)
{
    buf_add_text(&schema_text, "{\"items\":{\"$ref\":\"#\"}}");
    repeat(&value_text_, "[", LIMIT_NESTING);
    repeat(&value_text_, "]", LIMIT_NESTING);
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_INT(__LINE__, report.steps, SCHEMA_DEPTH_MAX);
}

Test(schema_bounds, values_compared_deeper_than_the_judge_goes)
{
    buf_add_text(&schema_text, "{\"uniqueItems\":true}");
    buf_add_text(&value_text_, "[");
    for (int i = 0; i < 2; i++) {
        buf_add_text(&value_text_, i ? "," : "");
        repeat(&value_text_, "[", LIMIT_NESTING - 1);
        repeat(&value_text_, "]", LIMIT_NESTING - 1);
    }
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
}

/* One match may take its own limit, all together not much more. */
Test(schema_bounds, catastrophic_pattern_on_many_strings)
{
    buf_add_text(&schema_text, "{\"items\":{\"pattern\":\"^(([a-z])+.)+[A-Z]([a-z])+$\"}}");
    for (int i = 0; i < 1000; i++) {
        buf_add_text(&value_text_, i ? ",\"" : "[\"");
        repeat(&value_text_, "a", 40);
        buf_add_text(&value_text_, "\"");
    }
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_TEXT(__LINE__, report.violations[report.n - 1].keyword, "pattern");
}

/* Each match alone stays within its limit. */
Test(schema_bounds, costly_pattern_on_many_strings)
{
    buf_add_text(&schema_text, "{\"items\":{\"not\":{\"pattern\":\"^(a|a|b)*c$\"}}}");
    for (int i = 0; i < 4000; i++) {
        buf_add_text(&value_text_, i ? ",\"" : "[\"");
        repeat(&value_text_, "a", 12);
        buf_add_text(&value_text_, "cb\"");
    }
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT(__LINE__, report.steps < SCHEMA_STEPS_MAX / 2);
}

/* 5,000 patterns for each of 256 names. */
Test(schema_bounds, many_patterns_for_many_names)
{
    buf_add_text(&schema_text, "{\"patternProperties\":{");
    for (int i = 0; i < LIMIT_MEMBERS; i++)
        buf_add_format(&schema_text, "%s\"^%x$\":true", i ? "," : "", i);
    buf_add_text(&schema_text, "}}");
    for (int i = 0; i < 256; i++)
        buf_add_format(&value_text_, "%s\"n%d\":1", i ? "," : "{", i);
    buf_add_text(&value_text_, "}");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_TEXT(__LINE__, report.violations[0].keyword, "patternProperties");
}

/* Each of 200 names asks for all of them, in each of 100 objects. */
Test(schema_bounds, many_dependencies_of_many_names)
{
    buf_add_text(&schema_text, "{\"items\":{\"dependencies\":{");
    for (int i = 0; i < 200; i++) {
        buf_add_format(&schema_text, "%s\"n%d\":[", i ? "," : "", i);
        for (int k = 0; k < 200; k++)
            buf_add_format(&schema_text, "%s\"n%d\"", k ? "," : "", k);
        buf_add_text(&schema_text, "]");
    }
    buf_add_text(&schema_text, "}}}");
    for (int i = 0; i < 100; i++) {
        buf_add_text(&value_text_, i ? ",{" : "[{");
        for (int k = 0; k < 200; k++)
            buf_add_format(&value_text_, "%s\"n%d\":1", k ? "," : "", k);
        buf_add_text(&value_text_, "}");
    }
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_BYTES(__LINE__, report.violations[0].pointer, BYTES("/0"));
    EXPECT_TEXT(__LINE__, report.violations[0].keyword, "dependencies");
}

/* A long string, looked at a thousand times. */
Test(schema_bounds, length_of_a_long_string_for_many_schemas)
{
    buf_add_text(&schema_text, "{\"anyOf\":[false");
    repeat(&schema_text, ",{\"maxLength\":9}", 5000);
    buf_add_text(&schema_text, "]}");
    buf_add_text(&value_text_, "\"");
    repeat(&value_text_, "\xc3\xa4", 30000);
    buf_add_text(&value_text_, "\"");
    expect_too_costly(__LINE__, "", "maxLength");
}

Test(schema_bounds, regular_expressions_as_values)
{
    buf_add_text(&schema_text, "{\"items\":{\"format\":\"regex\"}}");
    for (int i = 0; i < 1000; i++) {
        buf_add_text(&value_text_, i ? ",\"" : "[\"");
        repeat(&value_text_, "(a{1,9})", 60);
        buf_add_text(&value_text_, "\"");
    }
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
    EXPECT_TEXT(__LINE__, report.violations[0].keyword, "format");
}

/* Strings are found by their hashes, however many a schema lists. */
Test(schema_bounds, enum_of_ten_thousand_strings)
{
    buf_add_text(&schema_text, "{\"items\":{\"enum\":[");
    for (int i = 0; i < 10000; i++)
        buf_add_format(&schema_text, "%s\"value-%d\"", i ? "," : "", i);
    buf_add_text(&schema_text, "]}}");
    for (int i = 0; i < 10000; i++)
        buf_add_format(&value_text_, "%s\"value-%d\"", i ? "," : "[", 9999 - i);
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_OK);
    EXPECT(__LINE__, report.steps < 20000);
}

Test(schema_bounds, enum_of_ten_thousand_objects)
{
    buf_add_text(&schema_text, "{\"items\":{\"enum\":[");
    for (int i = 0; i < 10000; i++)
        buf_add_format(&schema_text, "%s{\"a\":%d}", i ? "," : "", i);
    buf_add_text(&schema_text, "]}}");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&value_text_, "%s{\"a\":\"b\"}", i ? "," : "[");
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_SCHEMA_TOO_COSTLY);
}

Test(schema_bounds, unique_items_of_thirty_thousand)
{
    buf_add_text(&schema_text, "{\"uniqueItems\":true}");
    for (int i = 0; i < 30000; i++)
        buf_add_format(&value_text_, "%s%d", i ? "," : "[", i);
    buf_add_text(&value_text_, "]");
    EXPECT_STATUS(__LINE__, run(), STATUS_OK);
    EXPECT(__LINE__, report.steps < 100000);
}

/* Objects whose hashes are the same, since it does not matter which name has which value: each is compared with each. */
Test(schema_bounds, unique_items_that_collide)
{
    buf_add_text(&schema_text, "{\"uniqueItems\":true}");
    buf_add_text(&value_text_, "[0");
    for (int i = 0; i < 3000; i++)
        buf_add_format(&value_text_, ",{\"a%d\":%d,\"a%d\":%d}", i % 60, i / 60, i / 60, i % 60);
    buf_add_text(&value_text_, "]");
    enum status st = run();
    EXPECT(__LINE__, st == STATUS_SCHEMA_TOO_COSTLY || st == STATUS_SCHEMA_VIOLATED);
}

Test(schema_bounds, chain_of_a_thousand_references)
{
    buf_add_text(&schema_text, "{\"$ref\":\"#/definitions/d0\",\"definitions\":{");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&schema_text, "\"d%d\":{\"$ref\":\"#/definitions/d%d\"},", i, i + 1);
    buf_add_text(&schema_text, "\"d1000\":true}}");
    EXPECT_STATUS(__LINE__, run(), STATUS_INVALID_SCHEMA);
    cr_expect(strstr(fault.reason, "through more than 64 others"), "%s", fault.reason);
}

Test(schema_bounds, chain_of_a_thousand_schemas_for_one_value)
{
    buf_add_text(&schema_text, "{\"definitions\":{");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&schema_text, "\"d%d\":{\"allOf\":[{\"$ref\":\"#/definitions/d%d\"}]},", i, i + 1);
    buf_add_text(&schema_text, "\"d1000\":true}}");
    EXPECT_STATUS(__LINE__, run(), STATUS_INVALID_SCHEMA);
    cr_expect(strstr(fault.reason, "more than 64 schemas judge one value inside each other"), "%s", fault.reason);
}

/* Filled in one after the other, so that no chain is deep for the compiler. */
Test(schema_bounds, chain_of_a_thousand_properties)
{
    buf_add_text(&schema_text, "{\"definitions\":{");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&schema_text, "\"d%d\":{\"properties\":{\"a\":{\"$ref\":\"#/definitions/d%d\"}}},", i, i + 1);
    buf_add_text(&schema_text, "\"d1000\":true}}");
    EXPECT_STATUS(__LINE__, run(), STATUS_OK);
}

Test(schema_bounds, schema_nested_deeper_than_allowed)
{
    repeat(&schema_text, "{\"not\":", SCHEMA_NESTING_MAX + 1);
    buf_add_text(&schema_text, "true");
    repeat(&schema_text, "}", SCHEMA_NESTING_MAX + 1);
    EXPECT_STATUS(__LINE__, run(), STATUS_INVALID_SCHEMA);
    cr_expect(strstr(fault.reason, "nested too deep"), "%s", fault.reason);
}

Test(schema_bounds, schema_of_more_than_its_bytes)
{
    struct buf large = buf_new(SCHEMA_TEXT_MAX_BYTES + 16);
    struct schema_set *set = schema_set_new();

    buf_add_text(&large, "{}");
    repeat(&large, " ", SCHEMA_TEXT_MAX_BYTES - 2);
    EXPECT_STATUS(__LINE__, schema_set_add(set, BYTES("urn:a"), buf_bytes(&large), &fault), STATUS_OK);
    buf_add_text(&large, " ");
    EXPECT_STATUS(__LINE__, schema_set_add(set, BYTES("urn:b"), buf_bytes(&large), &fault), STATUS_INVALID_SCHEMA);
    EXPECT_TEXT(__LINE__, fault.reason, "the schema is too large");
    schema_set_free(set);
    buf_free(&large);
}

/* As many names as a text can hold, all in the same place of the table or not. */
Test(schema_bounds, ten_thousand_names)
{
    buf_add_text(&schema_text, "{\"allOf\":[true");
    for (int i = 0; i < 8000; i++)
        buf_add_format(&schema_text, ",{\"$id\":\"#n%d\"}", i);
    buf_add_text(&schema_text, ",{\"$ref\":\"#n7999\"}]}");
    buf_add_text(&value_text_, "1");
    EXPECT_STATUS(__LINE__, run(), STATUS_OK);
}

Test(schema_bounds, required_of_more_names_than_an_object_has)
{
    buf_add_text(&schema_text, "{\"required\":[");
    for (int i = 0; i < 20000; i++)
        buf_add_format(&schema_text, "%s\"n%d\"", i ? "," : "", i);
    buf_add_text(&schema_text, "]}");
    EXPECT_STATUS(__LINE__, run(), STATUS_INVALID_SCHEMA);
    EXPECT_TEXT(__LINE__, fault.pointer, "/required");
}

/* A set that takes more memory than it may says so, and is freed. */
Test(schema_bounds, memory_of_a_set)
{
    struct schema_set *set = schema_set_new();
    enum status st = STATUS_OK;

    buf_add_text(&schema_text, "{\"enum\":[1");
    repeat(&schema_text, ",1", 90000);
    buf_add_text(&schema_text, "]}");
    for (int i = 0; i < 200 && st == STATUS_OK; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:%d", i);
        st = schema_set_add(set, bytes_of(uri), buf_bytes(&schema_text), &fault);
    }
    EXPECT_STATUS(__LINE__, st, STATUS_NO_MEMORY);
    schema_set_free(set);
}
