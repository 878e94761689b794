/* schema, judging: the input is a schema, a line feed and a value. A schema and its "not" never agree, and what applies it to the same value
 * agrees with it; what is said stays within its bounds. */
#include "base/utf8.h"
#include "model/json_guard.h"
#include "model/schema.h"
#include "tests/fuzz/fuzz.h"

static const struct {
    const char *uri;
    const char *text;
    bool is_opposite;
} wrapped[] = {
    { "fuzz:not", "{\"not\":{\"$ref\":\"fuzz:schema\"}}", true },
    { "fuzz:all", "{\"allOf\":[{\"$ref\":\"fuzz:schema\"}]}", false },
    { "fuzz:any", "{\"anyOf\":[false,{\"$ref\":\"fuzz:schema\"}]}", false },
    { "fuzz:one", "{\"oneOf\":[{\"$ref\":\"fuzz:schema\"},false]}", false },
    { "fuzz:if", "{\"if\":{\"$ref\":\"fuzz:schema\"},\"then\":true,\"else\":false}", false },
    { "fuzz:marked", "{\"$ref\":\"fuzz:schema\",\"x-sensitive\":true}", false },
};
enum { N_WRAPPED = sizeof wrapped / sizeof wrapped[0] };

static bool compile(struct schema_set *set, struct bytes text)
{
    struct schema_fault fault;

    if (schema_set_add(set, BYTES("fuzz:schema"), text, &fault) != STATUS_OK)
        return false;
    for (size_t i = 0; i < N_WRAPPED; i++)
        MUST(schema_set_add(set, bytes_of(wrapped[i].uri), bytes_of(wrapped[i].text), &fault) == STATUS_OK);
    return schema_set_compile(set, &fault) == STATUS_OK;
}

static bool read(struct bytes text, struct tree *tree, struct arena *arena)
{
    const struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;

    if (guard_scan(text, &limits, arena, &scan) != STATUS_OK)
        return false;
    for (size_t i = 0; i < scan.n_elements && i < limits.batch_max_events; i++) {
        if (scan.elements[i].fault.status != STATUS_OK)
            return false;
    }
    MUST(tree_read(tree, text, arena) == STATUS_OK);
    return true;
}

static enum status judge(const struct schema *schema, const struct value *value, struct schema_scratch *scratch,
                         struct arena *arena)
{
    struct schema_report report;
    enum status st = schema_judge(schema, value, scratch, arena, &report);

    MUST(schema && report.n <= SCHEMA_VIOLATIONS_MAX && report.steps <= SCHEMA_STEPS_MAX);
    MUST((st == STATUS_OK) == (report.n == 0) && st != STATUS_NO_MEMORY);
    for (size_t i = 0; i < report.n; i++) {
        const struct schema_violation *violation = &report.violations[i];
        MUST(violation->keyword && violation->pointer.p && violation->pointer.len < 512 && violation->expected.len <= 256);
        MUST(utf8_error_offset(violation->pointer) == violation->pointer.len);
        MUST(utf8_error_offset(violation->expected) == violation->expected.len);
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = fuzz_input(data, size), text;
    struct schema_set *set = schema_set_new();
    struct schema_scratch *scratch = schema_scratch_new();
    struct arena arena = arena_new(64 * 1024 * 1024);
    struct tree tree = { 0 };

    MUST(set && scratch);
    if (bytes_cut(&rest, '\n', &text) && rest.p && compile(set, text) && read(rest, &tree, &arena)) {
        enum status own = judge(schema_set_find(set, BYTES("fuzz:schema")), tree.values, scratch, &arena);
        for (size_t i = 0; i < N_WRAPPED; i++) {
            enum status st = judge(schema_set_find(set, bytes_of(wrapped[i].uri)), tree.values, scratch, &arena);
            bool is_decided = own != STATUS_SCHEMA_TOO_COSTLY && st != STATUS_SCHEMA_TOO_COSTLY;
            MUST(!is_decided || ((st == STATUS_OK) == (own == STATUS_OK)) == !wrapped[i].is_opposite);
        }
    }
    schema_scratch_free(scratch);
    schema_set_free(set);
    arena_free(&arena);
    return 0;
}
