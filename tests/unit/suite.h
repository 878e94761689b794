/* The cases of Debian's json-schema-test-suite: each a schema, a value and whether the one accepts the other. Read at test time, where it
 * is installed; else the test that asks is skipped. */
#ifndef SYNCHRONY_TESTS_SUITE_H
#define SYNCHRONY_TESTS_SUITE_H

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#define SUITE_DRAFT7 "/usr/share/json-schema-test-suite/tests/draft7"

struct suite_case {
    const char *file; /* below SUITE_DRAFT7 */
    const char *group, *description;
    struct json_object *schema, *data; /* borrowed */
    bool valid;
};

static inline void suite_skip_unless_installed(void)
{
    if (access(SUITE_DRAFT7, R_OK) != 0)
        cr_skip_test("%s is not there (apt-get install json-schema-test-suite)", SUITE_DRAFT7);
}

/* Calls each for every case of a file. Returns how many there were; a file that is not there fails the test. */
static inline size_t suite_each(const char *file, void (*each)(const struct suite_case *))
{
    char path[256];
    size_t n = 0;

    snprintf(path, sizeof path, "%s/%s", SUITE_DRAFT7, file);
    struct json_object *groups = json_object_from_file(path);
    cr_assert(groups, "%s", path);
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        struct json_object *group = json_object_array_get_idx(groups, i);
        struct json_object *tests = json_object_object_get(group, "tests");
        for (size_t k = 0; k < json_object_array_length(tests); k++, n++) {
            struct json_object *test = json_object_array_get_idx(tests, k);
            each(&(struct suite_case){ .file = file,
                                       .group = json_object_get_string(json_object_object_get(group, "description")),
                                       .description = json_object_get_string(json_object_object_get(test, "description")),
                                       .schema = json_object_object_get(group, "schema"),
                                       .data = json_object_object_get(test, "data"),
                                       .valid = json_object_get_boolean(json_object_object_get(test, "valid")) });
        }
    }
    json_object_put(groups);
    return n;
}

/* The text of a JSON string. */
static inline struct bytes suite_text(struct json_object *value)
{
    return (struct bytes){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
}

#endif
