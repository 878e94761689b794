/* JSON Schema's own test suite for draft-07, as Debian packages it (json-schema-test-suite): every file, every case.
 *
 * What is not asserted stands in the tables below with its reason, and is itself tested: a format that is not asserted must be refused when
 * a schema is compiled, so that nobody believes it is. */
#include <dirent.h>
#include <stdio.h>

#include "model/json_guard.h"
#include "model/schema.h"
#include "tests/unit/unit.h"

#define SUITE "/usr/share/json-schema-test-suite"

/* Files whose formats are no part of what we assert: each of their schemas is refused, by the keyword format. */
static const char *const refused[] = {
    "optional/format/idn-email.json", "optional/format/idn-hostname.json",          "optional/format/iri-reference.json",
    "optional/format/iri.json",       "optional/format/relative-json-pointer.json", "optional/format/uri-template.json",
};

/* Files whose keywords are annotations: each value fits. contentMediaType and contentEncoding are not asserted (the draft leaves it open). */
static const char *const annotations[] = { "optional/content.json" };

/* Schemas that are refused for a reason of ours. */
static const struct {
    const char *file;
    const char *schema;
    const char *reason;
} unrepresentable[] = {
    /* No such number can be stored, so that no value is ever compared with it. */
    { "optional/bignum.json", "{\"minimum\": -18446744073709551615}", "an integer must lie within -2^63 and 2^64-1" },
};

struct tally {
    size_t files;
    size_t cases;
    size_t skipped;
};

static struct bytes file_read(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    char *text = arena_alloc(arena, 128 * 1024);

    cr_assert(file && text, "%s", path);
    size_t len = fread(text, 1, 128 * 1024, file);
    cr_assert(len < 128 * 1024 && !ferror(file), "%s", path);
    fclose(file);
    return (struct bytes){ text, len };
}

/* What refRemote would fetch is put into the set by its URI. */
static void add_remotes(struct schema_set *set, struct arena *arena)
{
    static const char *const paths[] = { "folder/folderInteger.json", "integer.json", "name.json", "subSchemas.json" };
    struct schema_fault fault;

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        char path[256], uri[256];
        snprintf(path, sizeof path, SUITE "/remotes/%s", paths[i]);
        snprintf(uri, sizeof uri, "http://localhost:1234/%s", paths[i]);
        cr_assert_eq(schema_set_add(set, bytes_of(uri), file_read(path, arena), &fault), STATUS_OK, "%s: %s", uri, fault.reason);
    }
}

static const struct value *member(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, bytes_of(name), text_hash(bytes_of(name)));

    cr_assert(value, "no member %s", name);
    return value;
}

static bool is_in(const char *const *list, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(list[i], file))
            return true;
    }
    return false;
}

static const char *unrepresentable_reason(const char *file, const struct value *schema)
{
    for (size_t i = 0; i < COUNT_OF(unrepresentable); i++) {
        if (!strcmp(unrepresentable[i].file, file) && bytes_equal(value_text(schema), bytes_of(unrepresentable[i].schema)))
            return unrepresentable[i].reason;
    }
    return NULL;
}

static void judge_cases(const char *file, const struct value *group, const struct schema *schema, struct arena *arena)
{
    struct bytes title = value_text(member(group, "description"));
    const struct value *tests = member(group, "tests"), *test = tests + 1;
    struct schema_scratch *scratch = schema_scratch_new();
    struct schema_report report;

    for (uint32_t i = 0; i < tests->n; i++, test = value_next(test)) {
        struct bytes name = value_text(member(test, "description"));
        bool is_valid = member(test, "valid")->kind == VALUE_TRUE || is_in(annotations, COUNT_OF(annotations), file);
        enum status st = schema_judge(schema, member(test, "data"), scratch, arena, &report);
        cr_expect_eq(st, is_valid ? STATUS_OK : STATUS_SCHEMA_VIOLATED, "%s: %.*s: %.*s: %s (%s)", file, (int)title.len, title.p,
                     (int)name.len, name.p, status_info(st)->code, report.n ? report.violations[0].expected.p : "");
        cr_expect((st == STATUS_OK) == (report.n == 0), "%s: %.*s: %.*s: %zu violations", file, (int)title.len, title.p,
                  (int)name.len, name.p, report.n);
    }
    schema_scratch_free(scratch);
}

/* A schema with its cases. */
static void judge_group(const char *file, const struct value *group, struct arena *arena, struct tally *tally)
{
    const struct value *schema = member(group, "schema");
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = { 0 };
    const char *reason = unrepresentable_reason(file, schema);
    struct bytes title = value_text(member(group, "description"));
    uint32_t n = member(group, "tests")->n;

    add_remotes(set, arena);
    enum status st = schema_set_add(set, BYTES("test:schema"), value_text(schema), &fault);
    if (st == STATUS_OK)
        st = schema_set_compile(set, &fault);
    if (reason) {
        cr_expect(st == STATUS_INVALID_SCHEMA && strstr(fault.reason, reason), "%s: %s", file, fault.reason);
        tally->skipped += n;
    } else if (is_in(refused, COUNT_OF(refused), file)) {
        cr_expect(st == STATUS_INVALID_SCHEMA && !strcmp(fault.keyword, "format"), "%s: %s", file, fault.reason);
        tally->skipped += n;
    } else if (st == STATUS_OK) {
        judge_cases(file, group, schema_set_find(set, BYTES("test:schema")), arena);
        tally->cases += n;
    } else {
        cr_expect(false, "%s: %.*s: %s: %s: %s", file, (int)title.len, title.p, fault.pointer, fault.keyword, fault.reason);
    }
    schema_set_free(set);
}

static void judge_file(const char *file, struct tally *tally)
{
    struct arena arena = arena_new(64 * 1024 * 1024);
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    struct tree tree = { 0 };
    char path[1024];

    snprintf(path, sizeof path, SUITE "/tests/draft7/%s", file);
    struct bytes text = file_read(path, &arena);
    cr_assert_eq(guard_scan(text, &limits, &arena, &scan), STATUS_OK, "%s: %s", file, scan.fault.reason);
    cr_assert_eq(tree_read(&tree, text, &arena), STATUS_OK, "%s", file);
    const struct value *group = tree.values + 1;
    for (uint32_t i = 0; i < tree.values->n; i++, group = value_next(group))
        judge_group(file, group, &arena, tally);
    tally->files++;
    arena_free(&arena);
}

static void judge_folder(const char *folder, struct tally *tally)
{
    char path[256], file[512];
    const struct dirent *entry;

    snprintf(path, sizeof path, SUITE "/tests/draft7/%s", folder);
    DIR *open = opendir(path);
    if (!open)
        cr_skip_test("the package json-schema-test-suite is not installed");
    while ((entry = readdir(open))) {
        size_t len = strlen(entry->d_name);
        snprintf(file, sizeof file, "%s%s", folder, entry->d_name);
        if (len > 5 && !strcmp(entry->d_name + len - 5, ".json"))
            judge_file(file, tally);
    }
    closedir(open);
}

/* The numbers are those of the package; a later one may have more. */
Test(schema_suite, required)
{
    struct tally tally = { 0 };

    judge_folder("", &tally);
    cr_expect(tally.files >= 35, "%zu files", tally.files);
    cr_expect(tally.cases >= 423, "%zu cases", tally.cases);
    cr_expect_eq(tally.skipped, 0);
}

Test(schema_suite, optional)
{
    struct tally tally = { 0 };

    judge_folder("optional/", &tally);
    cr_expect(tally.files >= 4, "%zu files", tally.files);
    cr_expect(tally.cases >= 20, "%zu cases", tally.cases);
}

Test(schema_suite, formats)
{
    struct tally tally = { 0 };

    judge_folder("optional/format/", &tally);
    cr_expect(tally.files >= 17, "%zu files", tally.files);
    cr_expect(tally.cases >= 91, "%zu cases", tally.cases);
}
