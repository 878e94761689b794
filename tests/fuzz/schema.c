/* schema, compiled: what is accepted also fits the draft's own metaschema, and what is refused says why. */
#include "model/schema.h"
#include "model/json_guard.h"
#include "tests/fuzz/fuzz.h"

#define METASCHEMA "http://json-schema.org/draft-07/schema"

static enum status fits_metaschema(struct bytes text)
{
    struct schema_set *set = schema_set_new();
    struct schema_scratch *scratch = schema_scratch_new();
    struct arena arena = arena_new(64 * 1024 * 1024);
    struct schema_fault fault;
    struct schema_report report;
    struct tree tree = { 0 };

    MUST(set && scratch);
    MUST(schema_set_add(set, BYTES("fuzz:meta"), BYTES("{\"$ref\":\"" METASCHEMA "#\"}"), &fault) == STATUS_OK);
    MUST(schema_set_compile(set, &fault) == STATUS_OK);
    MUST(tree_read(&tree, text, &arena) == STATUS_OK);
    enum status st = schema_judge(schema_set_find(set, BYTES("fuzz:meta")), tree.values, scratch, &arena, &report);
    schema_scratch_free(scratch);
    schema_set_free(set);
    arena_free(&arena);
    return st;
}

/* A reference hides what stands beside it from us, and not from the metaschema; and annotations we do not look at. */
static bool is_plain(struct bytes text)
{
    static const char *const names[] = { "$ref",     "title",    "description", "$comment", "default",
                                         "readOnly", "examples", "content",     "\\u" };
    char *copy = fuzz_copy(text);
    bool is_plain = strlen(copy) == text.len;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        is_plain = is_plain && !strstr(copy, names[i]);
    free(copy);
    return is_plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = fuzz_input(data, size);
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = { .uri = "" };

    MUST(set);
    enum status st = schema_set_add(set, BYTES("fuzz:schema"), text, &fault);
    if (st == STATUS_OK)
        st = schema_set_compile(set, &fault);
    MUST(st == STATUS_OK || (st == STATUS_INVALID_SCHEMA && fault.reason[0] && fault.uri[0]));
    MUST(st != STATUS_OK || schema_set_find(set, BYTES("fuzz:schema")));
    schema_set_free(set);
    if (st == STATUS_OK && is_plain(text)) {
        st = fits_metaschema(text);
        MUST(st == STATUS_OK || st == STATUS_SCHEMA_TOO_COSTLY);
    }
    return 0;
}
