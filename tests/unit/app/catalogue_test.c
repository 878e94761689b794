#include "app/catalogue.h"

#include <stdio.h>

#include "tests/unit/unit.h"

#define SCHEMA(type_, mode_, text_)                                                                \
    {                                                                                              \
        .event_type = TEXT(type_), .version = 7, .mode = EVENT_SCHEMA_##mode_, .text = TEXT(text_) \
    }

/* Does the catalogue's schema of the type take this event? */
static bool takes(struct catalogue *catalogue, const char *type, const char *text)
{
    struct arena arena = arena_new(1024 * 1024);
    struct schema_scratch *scratch = schema_scratch_new();
    struct catalogue_entry *entry = catalogue_find(catalogue, bytes_of(type));
    struct tree tree = { 0 };
    struct schema_report report;

    cr_assert(entry && scratch);
    cr_assert_eq(tree_read(&tree, bytes_of(text), &arena), STATUS_OK);
    enum status st = schema_judge(entry->schema, tree.values, scratch, &arena, &report);
    schema_scratch_free(scratch);
    arena_free(&arena);
    return st == STATUS_OK;
}

static struct catalogue *compiled(const char *text)
{
    const struct event_schema schema = { .event_type = TEXT("t"), .version = 1, .text = bytes_of(text) };
    struct schema_fault fault;
    struct catalogue *catalogue;

    cr_assert_eq(catalogue_compile(&schema, 1, &catalogue, &fault, NULL), STATUS_OK);
    return catalogue;
}

/* ---- compiling ---- */

Test(catalogue, uri_is_the_type_percent_encoded)
{
    static const struct {
        int line;
        struct bytes type;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("page_view"), "synchrony:/schemas/page_view.json" },
        { __LINE__, TEXT("a.b-c~9Z"), "synchrony:/schemas/a.b-c~9Z.json" },
        { __LINE__, TEXT("a/b?c#d e%"), "synchrony:/schemas/a%2Fb%3Fc%23d%20e%25.json" },
        { __LINE__, TEXT("\xc3\xa9"), "synchrony:/schemas/%C3%A9.json" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(64 * 1024);
        EXPECT_BYTES(cases[i].line, catalogue_uri(cases[i].type, &arena), bytes_of(cases[i].want));
        arena_free(&arena);
    }
}

Test(catalogue, schemas_refer_to_each_other_by_file_names)
{
    static const struct event_schema schemas[] = {
        SCHEMA("page_view", ENFORCE, "{\"properties\":{\"host\":{\"$ref\":\"site.json#/definitions/host\"}}}"),
        SCHEMA("quiet", OFF, "{\"$ref\":\"page_view.json\"}"),
        SCHEMA("site", SHARED, "{\"definitions\":{\"host\":{\"enum\":[\"bank.example\"]}}}"),
    };
    struct schema_fault fault;
    struct catalogue *catalogue;

    cr_assert_eq(catalogue_compile(schemas, COUNT_OF(schemas), &catalogue, &fault, NULL), STATUS_OK);
    cr_expect(takes(catalogue, "page_view", "{\"host\":\"bank.example\"}"));
    cr_expect_not(takes(catalogue, "page_view", "{\"host\":\"evil.example\"}"));
    cr_expect_not(takes(catalogue, "quiet", "{\"host\":\"evil.example\"}"));
    cr_expect_eq(catalogue_find(catalogue, BYTES("page_view"))->version, 7);
    cr_expect_eq(catalogue_find(catalogue, BYTES("quiet"))->mode, EVENT_SCHEMA_OFF);
    cr_expect_null(catalogue_find(catalogue, BYTES("site")), "what is shared is no event type");
    cr_expect_null(catalogue_find(catalogue, BYTES("page_vie")));
    cr_expect_null(catalogue_find(catalogue, BYTES("")));
    catalogue_free(catalogue);
}

Test(catalogue, finds_each_of_many)
{
    enum { MANY = 300 };
    static char names[MANY][16];
    static struct event_schema schemas[MANY];
    struct schema_fault fault;
    struct catalogue *catalogue;

    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "type.%zu", i);
        schemas[i] = (struct event_schema){ .event_type = bytes_of(names[i]), .version = i + 1, .text = TEXT("true") };
    }
    cr_assert_eq(catalogue_compile(schemas, MANY, &catalogue, &fault, NULL), STATUS_OK);
    for (size_t i = 0; i < MANY; i++) {
        struct catalogue_entry *entry = catalogue_find(catalogue, bytes_of(names[i]));
        cr_assert(entry && entry->version == i + 1, "%s", names[i]);
    }
    cr_expect_null(catalogue_find(catalogue, BYTES("type.300")));
    catalogue_free(catalogue);
}

Test(catalogue, refusal_names_the_schema_at_fault)
{
    static const struct {
        int line;
        struct bytes bad;
    } cases[] = {
        { __LINE__, TEXT("{\"type\":") },
        { __LINE__, TEXT("{\"type\":5}") },
        { __LINE__, TEXT("{\"$ref\":\"nowhere.json\"}") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct event_schema schemas[] = { SCHEMA("a", ENFORCE, "true"),
                                                { .event_type = TEXT("b"), .version = 1, .text = cases[i].bad },
                                                SCHEMA("c", ENFORCE, "true") };
        struct schema_fault fault;
        struct catalogue *catalogue;
        size_t fault_at = 99;
        EXPECT_STATUS(cases[i].line, catalogue_compile(schemas, 3, &catalogue, &fault, &fault_at), STATUS_INVALID_SCHEMA);
        EXPECT_INT(cases[i].line, fault_at, 1);
        EXPECT(cases[i].line, catalogue == NULL);
    }
}

Test(catalogue, of_nothing_is_none)
{
    struct schema_fault fault;
    struct catalogue *catalogue;

    cr_expect_eq(catalogue_compile(NULL, 0, &catalogue, &fault, NULL), STATUS_OK);
    cr_expect_null(catalogue);
}

/* ---- the place ---- */

Test(catalogue, who_holds_one_keeps_it_until_it_asks_again)
{
    struct catalogue_place place;
    struct catalogue *first = NULL, *second = NULL;

    cr_assert_eq(catalogue_place_open(&place, false), STATUS_OK);
    cr_expect_null(catalogue_present(&place, &first));
    cr_assert_eq(catalogue_place_take(&place, compiled("{\"type\":\"object\"}")), STATUS_OK);
    cr_expect_not(takes(catalogue_present(&place, &first), "t", "[]"));
    cr_expect_not(takes(catalogue_present(&place, &second), "t", "[]"));
    cr_assert_eq(catalogue_place_take(&place, compiled("{\"type\":\"array\"}")), STATUS_OK);
    cr_expect_not(takes(first, "t", "[]"), "what is held does not change");
    cr_expect(takes(catalogue_present(&place, &second), "t", "[]"));
    cr_assert_eq(catalogue_place_take(&place, NULL), STATUS_OK);
    cr_expect_null(catalogue_present(&place, &first));
    cr_expect(takes(second, "t", "[]"));
    catalogue_let_go(&place, &first);
    catalogue_let_go(&place, &second);
    catalogue_place_close(&place);
}

Test(catalogue, closed_place_knows_nothing_until_it_has_read)
{
    struct catalogue_place place;
    struct catalogue *held = NULL;

    cr_assert_eq(catalogue_place_open(&place, true), STATUS_OK);
    cr_assert(catalogue_present(&place, &held));
    cr_expect(catalogue_is_unknown(held));
    cr_assert_eq(catalogue_place_take(&place, NULL), STATUS_OK);
    cr_assert(catalogue_present(&place, &held));
    cr_expect_not(catalogue_is_unknown(held), "an empty one is known to be empty");
    cr_expect_null(catalogue_find(held, BYTES("t")));
    catalogue_let_go(&place, &held);
    catalogue_place_close(&place);
}

struct judge {
    pthread_t thread;
    struct catalogue_place *place;
    _Atomic bool *stops;
    size_t n;
};

static void *judge_many(void *context)
{
    struct judge *judge = context;
    struct catalogue *held = NULL;

    for (; !atomic_load(judge->stops); judge->n++) {
        struct catalogue *catalogue = catalogue_present(judge->place, &held);
        cr_assert(!catalogue || takes(catalogue, "t", "{\"n\":1}"));
    }
    catalogue_let_go(judge->place, &held);
    return NULL;
}

Test(catalogue, is_exchanged_while_threads_judge)
{
    struct catalogue_place place;
    _Atomic bool stops = false;
    struct judge judges[2];

    cr_assert_eq(catalogue_place_open(&place, false), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(judges); i++) {
        judges[i] = (struct judge){ .place = &place, .stops = &stops };
        cr_assert_eq(pthread_create(&judges[i].thread, NULL, judge_many, &judges[i]), 0);
    }
    for (int i = 0; i < 200; i++)
        cr_assert_eq(catalogue_place_take(&place, i % 5 ? compiled("{\"required\":[\"n\"]}") : NULL), STATUS_OK);
    atomic_store(&stops, true);
    for (size_t i = 0; i < COUNT_OF(judges); i++)
        pthread_join(judges[i].thread, NULL);
    catalogue_place_close(&place);
}
