/* Which schemas are refused, where and why; and how schemas of a set find each other. */
#include <stdio.h>

#include "model/schema.h"
#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

#define URI "https://bank.example/schemas/page_view"

static enum status compile(struct bytes text, struct schema_fault *fault)
{
    struct schema_set *set = schema_set_new();
    char *copy = exact_copy(text);
    enum status st = schema_set_add(set, BYTES(URI), (struct bytes){ copy, text.len }, fault);

    free(copy);
    if (st == STATUS_OK)
        st = schema_set_compile(set, fault);
    schema_set_free(set);
    return st;
}

Test(schema_set, refuses_what_it_could_not_keep)
{
    static const struct {
        int line;
        struct bytes text;
        const char *pointer;
        const char *keyword;
        const char *reason; /* begins with */
    } cases[] = {
        /* no schema at all */
        { __LINE__, TEXT(""), "", "", "a value was expected at byte 0" },
        { __LINE__, TEXT("{\"type\":\"string\",}"), "", "", "a member name was expected at byte 17" },
        { __LINE__, TEXT("{\"type\":\"string\",\"type\":\"null\"}"), "", "",
          "a member name stands twice in one object at byte 17" },
        { __LINE__, TEXT("{\"maximum\":1e400}"), "", "", "a number may have an exponent within 308" },
        { __LINE__, TEXT("[]"), "", "", "a schema, that is an object or a boolean, was expected" },
        { __LINE__, TEXT("\"string\""), "", "", "a schema, that is an object or a boolean, was expected" },
        { __LINE__, TEXT("null"), "", "", "a schema, that is an object or a boolean, was expected" },
        /* drafts */
        { __LINE__, TEXT("{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}"), "/$schema", "$schema",
          "only draft-07 is known" },
        { __LINE__, TEXT("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}"), "/$schema", "$schema",
          "only draft-07" },
        { __LINE__, TEXT("{\"$schema\":7}"), "/$schema", "$schema", "a string was expected" },
        /* keywords of others */
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"unevaluatedProperties\":false}}}"), "/properties/a/unevaluatedProperties",
          "unevaluatedProperties", "is of draft 2019-09" },
        { __LINE__, TEXT("{\"$defs\":{}}"), "/$defs", "$defs", "is of draft 2019-09; write definitions" },
        { __LINE__, TEXT("{\"dependentRequired\":{}}"), "/dependentRequired", "dependentRequired", "is of draft 2019-09" },
        { __LINE__, TEXT("{\"contains\":true,\"minContains\":2}"), "/minContains", "minContains", "is of draft 2019-09" },
        { __LINE__, TEXT("{\"prefixItems\":[true]}"), "/prefixItems", "prefixItems", "is of draft 2020-12" },
        { __LINE__, TEXT("{\"id\":\"https://a.example/\"}"), "/id", "id", "is of draft-04; write $id" },
        { __LINE__, TEXT("{\"type\":\"string\",\"nullable\":true}"), "/nullable", "nullable", "is of OpenAPI" },
        { __LINE__, TEXT("{\"formatMinimum\":\"2026-01-01\"}"), "/formatMinimum", "formatMinimum", "is of ajv" },
        /* keywords that are nearly one */
        { __LINE__, TEXT("{\"requried\":[\"a\"]}"), "/requried", "requried", "is no keyword of draft-07: required is meant?" },
        { __LINE__, TEXT("{\"minlength\":1}"), "/minlength", "minlength", "is no keyword of draft-07: minLength is meant?" },
        { __LINE__, TEXT("{\"items\":{\"patern\":\"a\"}}"), "/items/patern", "patern",
          "is no keyword of draft-07: pattern is meant?" },
        { __LINE__, TEXT("{\"formats\":\"uuid\"}"), "/formats", "formats", "is no keyword of draft-07: format is meant?" },
        { __LINE__, TEXT("{\"propertees\":{}}"), "/propertees", "propertees", "is no keyword of draft-07: properties is meant?" },
        /* forms */
        { __LINE__, TEXT("{\"type\":\"text\"}"), "/type", "type", "one of array, boolean, integer" },
        { __LINE__, TEXT("{\"type\":[]}"), "/type", "type", "at least one type was expected" },
        { __LINE__, TEXT("{\"type\":[\"null\",\"text\"]}"), "/type/1", "type", "one of array, boolean, integer" },
        { __LINE__, TEXT("{\"type\":[\"null\",[\"null\"]]}"), "/type/1", "type", "one of array, boolean, integer" },
        { __LINE__, TEXT("{\"type\":[\"null\",\"null\"]}"), "/type/1", "type", "the name stands twice" },
        { __LINE__, TEXT("{\"required\":true}"), "/required", "required", "an array of strings was expected" },
        { __LINE__, TEXT("{\"required\":[\"a\",1]}"), "/required/1", "required", "a string was expected" },
        { __LINE__, TEXT("{\"required\":[\"a\",\"\\u0061\"]}"), "/required/1", "required", "the name stands twice" },
        { __LINE__, TEXT("{\"minLength\":-1}"), "/minLength", "minLength", "an integer of 0 or more was expected" },
        { __LINE__, TEXT("{\"maxItems\":1.5}"), "/maxItems", "maxItems", "an integer of 0 or more was expected" },
        { __LINE__, TEXT("{\"minProperties\":\"1\"}"), "/minProperties", "minProperties", "an integer of 0 or more was expected" },
        { __LINE__, TEXT("{\"multipleOf\":0}"), "/multipleOf", "multipleOf", "a number greater than 0 was expected" },
        { __LINE__, TEXT("{\"multipleOf\":-0.01}"), "/multipleOf", "multipleOf", "a number greater than 0 was expected" },
        { __LINE__, TEXT("{\"minimum\":0,\"exclusiveMinimum\":true}"), "/exclusiveMinimum", "exclusiveMinimum",
          "a number was expected" },
        { __LINE__, TEXT("{\"enum\":\"a\"}"), "/enum", "enum", "an array was expected" },
        { __LINE__, TEXT("{\"uniqueItems\":1}"), "/uniqueItems", "uniqueItems", "true or false was expected" },
        { __LINE__, TEXT("{\"allOf\":[]}"), "/allOf", "allOf", "an array of at least one schema was expected" },
        { __LINE__, TEXT("{\"anyOf\":{}}"), "/anyOf", "anyOf", "an array of at least one schema was expected" },
        { __LINE__, TEXT("{\"oneOf\":[true,1]}"), "/oneOf/1", "oneOf", "a schema, that is an object or a boolean" },
        { __LINE__, TEXT("{\"not\":null}"), "/not", "not", "a schema, that is an object or a boolean" },
        { __LINE__, TEXT("{\"items\":[]}"), "/items", "items", "an array of at least one schema was expected" },
        { __LINE__, TEXT("{\"items\":[true,\"a\"]}"), "/items/1", "items", "a schema, that is" },
        { __LINE__, TEXT("{\"properties\":[]}"), "/properties", "properties", "an object whose members are schemas" },
        { __LINE__, TEXT("{\"properties\":{\"a/b~\":0}}"), "/properties/a~1b~0", "properties", "a schema, that is" },
        { __LINE__, TEXT("{\"dependencies\":{\"a\":\"b\"}}"), "/dependencies/a", "dependencies",
          "an array of strings was expected" },
        { __LINE__, TEXT("{\"dependencies\":{\"a\":[\"b\",\"b\"]}}"), "/dependencies/a/1", "dependencies",
          "the name stands twice" },
        { __LINE__, TEXT("{\"x-sensitive\":\"yes\"}"), "/x-sensitive", "x-sensitive", "true or false was expected" },
        /* what strings say */
        { __LINE__, TEXT("{\"pattern\":\"(a\"}"), "/pattern", "pattern", "" },
        { __LINE__, TEXT("{\"pattern\":\"a\\\\Z\"}"), "/pattern", "pattern", "" },
        { __LINE__, TEXT("{\"patternProperties\":{\"[a\":true}}"), "/patternProperties/[a", "patternProperties", "" },
        { __LINE__, TEXT("{\"format\":\"iri\"}"), "/format", "format", "this format is not asserted" },
        { __LINE__, TEXT("{\"format\":\"credit-card\"}"), "/format", "format", "there is no such format in draft-07" },
        { __LINE__, TEXT("{\"definitions\":{\"unused\":{\"pattern\":\"*\"}}}"), "/definitions/unused/pattern", "pattern", "" },
        /* names and references */
        { __LINE__, TEXT("{\"$id\":\"a b\"}"), "/$id", "$id", "a URI reference was expected" },
        { __LINE__, TEXT("{\"$id\":\"#/definitions/a\"}"), "/$id", "$id", "a name gives no JSON Pointer" },
        { __LINE__, TEXT("{\"allOf\":[{\"$id\":\"#a\"},{\"$id\":\"#a\"}]}"), "/allOf/1", "$id", "another schema has this name" },
        { __LINE__, TEXT("{\"items\":{\"$id\":\"page_view\"}}"), "/items", "$id", "another schema has this name" },
        { __LINE__, TEXT("{\"$ref\":1}"), "/$ref", "$ref", "a string was expected" },
        { __LINE__, TEXT("{\"$ref\":\"#/definitions/a b\"}"), "/$ref", "$ref", "a URI reference was expected" },
        { __LINE__, TEXT("{\"$ref\":\"#/definitions/a\"}"), "/$ref", "$ref", "it leads to no schema" },
        { __LINE__, TEXT("{\"$ref\":\"#a\"}"), "/$ref", "$ref", "it leads to no schema" },
        { __LINE__, TEXT("{\"$ref\":\"#/enum/00\",\"enum\":[true]}"), "/$ref", "$ref", "it leads to no schema" },
        { __LINE__, TEXT("{\"items\":{\"$ref\":\"#/enum/1\"},\"enum\":[true]}"), "/items/$ref", "$ref", "it leads to no schema" },
        { __LINE__, TEXT("{\"items\":{\"$ref\":\"#/enum/0\"},\"enum\":[1]}"), "/items/$ref", "$ref", "it leads to no schema" },
        { __LINE__, TEXT("{\"items\":{\"$ref\":\"#/enum/0\"},\"enum\":[{\"type\":1}]}"), "/enum/0/type", "type", "one of array" },
        { __LINE__, TEXT("{\"$ref\":\"other\"}"), "/$ref", "$ref",
          "no schema of the set has the URI https://bank.example/schemas/other" },
        { __LINE__, TEXT("{\"$ref\":\"file:///etc/passwd\"}"), "/$ref", "$ref",
          "no schema of the set has the URI file:///etc/passwd" },
        { __LINE__, TEXT("{\"$ref\":\"#\"}"), "", "$ref", "the reference leads in a circle" },
        { __LINE__, TEXT("{\"definitions\":{\"a\":{\"$ref\":\"#/definitions/b\"},\"b\":{\"$ref\":\"#/definitions/a\"}}}"),
          "/definitions/a", "$ref", "the reference leads in a circle" },
        { __LINE__, TEXT("{\"allOf\":[{\"$ref\":\"#\"}]}"), "", "$ref", "the schema applies itself to the same value without end" },
        { __LINE__, TEXT("{\"items\":{\"if\":true,\"then\":{\"not\":{\"$ref\":\"#/items\"}}}}"), "/items", "$ref",
          "the schema applies itself" },
        { __LINE__, TEXT("{\"dependencies\":{\"a\":{\"oneOf\":[{\"anyOf\":[{\"$ref\":\"#\"}]}]}}}"), "", "$ref",
          "the schema applies itself" },
        { __LINE__, TEXT("{\"$ref\":\"#/definitions/a\",\"x-sensitive\":true,\"definitions\":{\"a\":{\"$ref\":\"#\"}}}"), "",
          "$ref", "the schema applies itself" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct schema_fault fault = { 0 };
        EXPECT_STATUS(cases[i].line, compile(cases[i].text, &fault), STATUS_INVALID_SCHEMA);
        EXPECT_TEXT(cases[i].line, fault.uri, URI);
        EXPECT_TEXT(cases[i].line, fault.pointer, cases[i].pointer);
        EXPECT_TEXT(cases[i].line, fault.keyword, cases[i].keyword);
        cr_expect(fault.reason[0] && !strncmp(fault.reason, cases[i].reason, strlen(cases[i].reason)), "line %d: %s", cases[i].line,
                  fault.reason);
    }
}

Test(schema_set, accepts_what_the_draft_lets_stand)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, TEXT("true") },
        { __LINE__, TEXT("false") },
        { __LINE__, TEXT("{}") },
        { __LINE__, TEXT("{\"$schema\":\"http://json-schema.org/draft-07/schema\"}") },
        { __LINE__, TEXT("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}") },
        { __LINE__,
          TEXT("{\"title\":1,\"description\":[],\"default\":{\"type\":1},\"examples\":0,\"$comment\":1,\"readOnly\":1}") },
        { __LINE__, TEXT("{\"contentMediaType\":\"text/html\",\"contentEncoding\":\"base64\",\"example\":1,\"deprecated\":true}") },
        { __LINE__, TEXT("{\"x-owner\":\"web\",\"x-typ\":1,\"owner\":\"web\",\"idea\":1,\"typist\":2,\"iff\":3}") },
        { __LINE__, TEXT("{\"properties\":{\"id\":{},\"$defs\":{},\"$ref\":{},\"requried\":{},\"nullable\":true}}") },
        { __LINE__, TEXT("{\"const\":{\"$ref\":\"nowhere\",\"type\":1},\"enum\":[{\"requried\":1}]}") },
        { __LINE__, TEXT("{\"enum\":[]}") },
        { __LINE__, TEXT("{\"required\":[],\"minLength\":0,\"maxLength\":1e2,\"minItems\":2.0}") },
        { __LINE__, TEXT("{\"if\":{\"type\":\"string\"}}") },
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"$ref\":\"#/definitions/b\",\"maxItems\":-1,\"unevaluatedItems\":true}},"
                         "\"definitions\":{\"b\":true}}") },
        { __LINE__, TEXT("{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"items\":{\"$ref\":\"#\"}}") },
        { __LINE__, TEXT("{\"$id\":\"https://other.example/a\",\"items\":{\"$ref\":\"" URI "#/definitions/b\"},"
                         "\"definitions\":{\"b\":{\"$id\":\"b\"},\"c\":{\"$ref\":\"https://other.example/b\"}}}") },
        { __LINE__, TEXT("{\"$id\":\"urn:uuid:00000000-7b64-4e0f-9c1d-000000000000\",\"items\":{\"$ref\":\"#/definitions/a\"},"
                         "\"definitions\":{\"a\":{\"$id\":\"#named\"},\"b\":{\"$ref\":\"#named\"}}}") },
        { __LINE__, TEXT("{\"definitions\":{\"\":{\"a%b\":{\"c\":true}}},\"$ref\":\"#/definitions//a%25b/c\"}") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct schema_fault fault = { 0 };
        enum status st = compile(cases[i].text, &fault);
        cr_expect_eq(st, STATUS_OK, "line %d: %s: %s: %s", cases[i].line, fault.pointer, fault.keyword, fault.reason);
    }
}

Test(schema_set, tells_which_schema_of_the_set_is_at_fault)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault;

    cr_assert_eq(schema_set_add(set, BYTES("https://a.example/one"), BYTES("{\"$ref\":\"two#/definitions/x\"}"), &fault),
                 STATUS_OK);
    cr_assert_eq(
        schema_set_add(set, BYTES("https://a.example/two"), BYTES("{\"definitions\":{\"x\":{\"pattern\":\"(\"}}}"), &fault),
        STATUS_OK);
    EXPECT_STATUS(__LINE__, schema_set_compile(set, &fault), STATUS_INVALID_SCHEMA);
    EXPECT_TEXT(__LINE__, fault.uri, "https://a.example/two");
    EXPECT_TEXT(__LINE__, fault.pointer, "/definitions/x/pattern");
    schema_set_free(set);
}

Test(schema_set, takes_only_a_new_absolute_uri)
{
    static const struct {
        int line;
        struct bytes uri;
        enum status want;
    } cases[] = {
        { __LINE__, TEXT("page_view"), STATUS_INVALID_SCHEMA },
        { __LINE__, TEXT(""), STATUS_INVALID_SCHEMA },
        { __LINE__, TEXT("https://a.example/#a"), STATUS_INVALID_SCHEMA },
        { __LINE__, TEXT("https://a.example/a b"), STATUS_INVALID_SCHEMA },
        { __LINE__, TEXT("https://a.example/a"), STATUS_OK },
        { __LINE__, TEXT("https://a.example/a"), STATUS_INVALID_SCHEMA },
        { __LINE__, TEXT("https://a.example/b"), STATUS_OK },
        { __LINE__, TEXT("urn:b"), STATUS_OK },
    };
    struct schema_set *set = schema_set_new();
    struct schema_fault fault;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_STATUS(cases[i].line, schema_set_add(set, cases[i].uri, BYTES("{}"), &fault), cases[i].want);
    EXPECT_STATUS(__LINE__, schema_set_compile(set, &fault), STATUS_OK);
    cr_expect_not_null(schema_set_find(set, BYTES("urn:b")));
    cr_expect_null(schema_set_find(set, BYTES("urn:c")));
    cr_expect(schema_set_find(set, BYTES("https://a.example/a")) != schema_set_find(set, BYTES("https://a.example/b")));
    schema_set_free(set);
}

/* A schema that is refused leaves the set as it was. */
Test(schema_set, goes_on_after_a_schema_that_is_no_json)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault;

    EXPECT_STATUS(__LINE__, schema_set_add(set, BYTES("urn:a"), BYTES("{"), &fault), STATUS_INVALID_SCHEMA);
    EXPECT_STATUS(__LINE__, schema_set_add(set, BYTES("urn:a"), BYTES("{}"), &fault), STATUS_OK);
    EXPECT_STATUS(__LINE__, schema_set_compile(set, &fault), STATUS_OK);
    schema_set_free(set);
}

Test(schema_set, an_empty_set_is_compiled_too)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault;

    EXPECT_STATUS(__LINE__, schema_set_compile(set, &fault), STATUS_OK);
    schema_set_free(set);
    schema_set_free(NULL);
}

/* Whatever the order in which they came, and in a circle. */
Test(schema_set, schemas_refer_to_each_other)
{
    static const struct bytes texts[] = { TEXT("{\"properties\":{\"next\":{\"$ref\":\"two\"}},\"required\":[\"one\"]}"),
                                          TEXT("{\"properties\":{\"next\":{\"$ref\":\"one\"}},\"required\":[\"two\"]}") };
    static const char *const uris[] = { "synchrony:/schemas/one", "synchrony:/schemas/two" };
    struct bytes fits = BYTES("{\"one\":1,\"next\":{\"two\":2,\"next\":{\"one\":1}}}");
    struct bytes fails = BYTES("{\"one\":1,\"next\":{\"two\":2,\"next\":{\"two\":2}}}");

    for (size_t first = 0; first < 2; first++) {
        struct schema_set *set = schema_set_new();
        struct schema_scratch *scratch = schema_scratch_new();
        struct arena arena = arena_new(1024 * 1024);
        struct tree tree = { 0 };
        struct schema_report report;
        struct schema_fault fault;
        cr_assert_eq(schema_set_add(set, bytes_of(uris[first]), texts[first], &fault), STATUS_OK);
        cr_assert_eq(schema_set_add(set, bytes_of(uris[!first]), texts[!first], &fault), STATUS_OK);
        cr_assert_eq(schema_set_compile(set, &fault), STATUS_OK, "%s", fault.reason);
        const struct schema *schema = schema_set_find(set, bytes_of(uris[0]));
        cr_assert_eq(tree_read(&tree, fits, &arena), STATUS_OK);
        EXPECT_STATUS(__LINE__, schema_judge(schema, tree.values, scratch, &arena, &report), STATUS_OK);
        cr_assert_eq(tree_read(&tree, fails, &arena), STATUS_OK);
        EXPECT_STATUS(__LINE__, schema_judge(schema, tree.values, scratch, &arena, &report), STATUS_SCHEMA_VIOLATED);
        EXPECT_BYTES(__LINE__, report.violations[0].pointer, BYTES("/next/next"));
        schema_scratch_free(scratch);
        arena_free(&arena);
        schema_set_free(set);
    }
}

/* Enough for several blocks of memory, and patterns that have their own. */
static enum status compile_much(const struct buf *text)
{
    struct schema_fault fault = { 0 };
    struct schema_set *set = schema_set_new();
    enum status st = set ? schema_set_add(set, BYTES("urn:a"), buf_bytes(text), &fault) : STATUS_NO_MEMORY;

    if (st == STATUS_OK)
        st = schema_set_add(set, BYTES("urn:b"), BYTES("{\"$ref\":\"urn:a#/definitions/d7\",\"pattern\":\"a+\"}"), &fault);
    if (st == STATUS_OK)
        st = schema_set_compile(set, &fault);
    schema_set_free(set);
    return st;
}

Test(schema_set, without_memory_says_so_at_every_allocation)
{
    struct buf text = buf_new(64 * 1024);
    bool failed;
    int nth = 1;

    buf_add_text(&text, "{\"$ref\":\"http://json-schema.org/draft-07/schema\",\"definitions\":{");
    for (int i = 0; i < 100; i++)
        buf_add_format(&text, "%s\"d%d\":{\"pattern\":\"^a{%d}$\",\"enum\":[\"a\",1,{}],\"minimum\":%d}", i ? "," : "", i, i % 8,
                       i);
    buf_add_text(&text, "}}");
    cr_assert_not(text.failed);
    do {
        failing_begin(nth++);
        enum status st = compile_much(&text);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
    } while (failed);
    cr_expect_gt(nth, 50);
    buf_free(&text);
}
