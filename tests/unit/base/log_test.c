#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "model/json_document.h"
#include "model/json_guard.h"
#include "tests/unit/unit.h"

/* ---- what has been logged ---- */

/* Standard error goes to a file from capture_begin until capture_end, which gives its content, with a NUL behind, to be freed. */
struct capture {
    FILE *file;
    int stderr_before;
};

static struct capture capture_begin(void)
{
    struct capture capture = { .file = tmpfile(), .stderr_before = dup(STDERR_FILENO) };

    cr_assert(capture.file && capture.stderr_before >= 0);
    cr_assert_geq(dup2(fileno(capture.file), STDERR_FILENO), 0);
    return capture;
}

static struct bytes capture_end(struct capture *capture)
{
    char *text = malloc(64 * 1024);
    size_t len;

    cr_assert_geq(dup2(capture->stderr_before, STDERR_FILENO), 0);
    close(capture->stderr_before);
    rewind(capture->file);
    len = fread(text, 1, 64 * 1024 - 1, capture->file);
    text[len] = '\0';
    fclose(capture->file);
    return (struct bytes){ text, len };
}

static struct bytes logged(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    struct capture capture = capture_begin();

    log_line(level, message, fields, n);
    return capture_end(&capture);
}

static bool has(struct bytes line, const char *part)
{
    return strstr(line.p, part) != NULL;
}

/* One line feed, at the end, and one JSON object before it, that can be looked into. */
static bool is_one_object(struct bytes line)
{
    const struct limits limits = LIMITS_DEFAULT;
    struct arena arena = arena_new(1024 * 1024);
    struct guard_result result;
    bool is_one = line.len > 1 && strchr(line.p, '\n') == line.p + line.len - 1 && line.p[0] == '{' &&
                  line.p[line.len - 2] == '}' && guard_scan(line, &limits, &arena, &result) == STATUS_OK && !result.is_array;

    arena_free(&arena);
    return is_one;
}

Test(log, line_is_one_json_object_with_the_fixed_members)
{
    struct log_field fields[] = { log_text("url.path", BYTES("/x")), log_number("http.response.status_code", -201) };
    struct bytes line = logged(LOG_LEVEL_WARN, "it is so", fields, 2);

    cr_expect(is_one_object(line), "%s", line.p);
    cr_expect(bytes_begins_with(line, BYTES("{\"@timestamp\":\"20")), "%s", line.p);
    cr_expect(has(line, "Z\",\"log.level\":\"warn\",\"message\":\"it is so\",\"service.name\":\"synchrony\",\"process.pid\":"),
              "%s", line.p);
    cr_expect(has(line, ",\"url.path\":\"/x\",\"http.response.status_code\":-201}\n"), "%s", line.p);
    free((char *)line.p);
}

Test(log, line_without_fields_is_an_object)
{
    struct bytes line = logged(LOG_LEVEL_ERROR, "", NULL, 0);

    cr_expect(is_one_object(line), "%s", line.p);
    free((char *)line.p);
}

Test(log, macro_passes_all_fields)
{
    struct capture capture = capture_begin();

    LOG(INFO, "m", log_text("a", BYTES("1")), log_number("b", 2), log_text("c", BYTES("3")));
    struct bytes line = capture_end(&capture);
    cr_expect(has(line, ",\"a\":\"1\",\"b\":2,\"c\":\"3\"}\n"), "%s", line.p);
    free((char *)line.p);
}

Test(log, no_value_forges_a_line_or_a_member)
{
    static const struct {
        int line;
        struct bytes value;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("a\nb"), "\"v\":\"a\\nb\"}" },
        { __LINE__, TEXT("a\r\n{\"log.level\":\"error\"}"), "\"v\":\"a\\r\\n{\\\"log.level\\\":\\\"error\\\"}\"}" },
        { __LINE__, TEXT("\",\"x\":\""), "\"v\":\"\\\",\\\"x\\\":\\\"\"}" },
        { __LINE__, TEXT("a\0b"), "\"v\":\"a\\u0000b\"}" },
        { __LINE__, TEXT("\x1b[31m"), "\"v\":\"\\u001b[31m\"}" },
        { __LINE__, TEXT("\\"), "\"v\":\"\\\\\"}" },
        { __LINE__, TEXT(""), "\"v\":\"\"}" },
        { __LINE__, ABSENT, "\"v\":\"\"}" }, /* absent text is no number */
        { __LINE__, TEXT("\xc3\xa4"), "\"v\":\"\xc3\xa4\"}" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct log_field field = log_text("v", cases[i].value);
        struct bytes line = logged(LOG_LEVEL_ERROR, "m", &field, 1);
        EXPECT(cases[i].line, is_one_object(line));
        cr_expect(has(line, cases[i].want), "line %d: %s", cases[i].line, line.p);
        free((char *)line.p);
    }
}

Test(log, control_characters_in_the_message_are_escaped)
{
    struct bytes line = logged(LOG_LEVEL_ERROR, "a\nb", NULL, 0);

    cr_expect(is_one_object(line), "%s", line.p);
    cr_expect(has(line, "\"message\":\"a\\nb\""), "%s", line.p);
    free((char *)line.p);
}

/* At every length around the bound, with a character of two bytes across it. */
Test(log, long_value_is_cut_between_two_characters)
{
    for (size_t len = 1018; len <= 1026; len++) {
        char *value = repeated('a', len + 2);
        memcpy(value + len, "\xc3\xa4", 2);
        struct log_field field = log_text("v", (struct bytes){ value, len + 2 });
        struct bytes line = logged(LOG_LEVEL_ERROR, "m", &field, 1);
        cr_expect(is_one_object(line), "length %zu: %s", len, line.p);
        cr_expect(field.text.len <= 1024, "length %zu: %zu bytes are logged", len, field.text.len);
        cr_expect_eq(utf8_error_offset(field.text), field.text.len, "length %zu", len);
        free((char *)line.p);
        free(value);
    }
}

Test(log, line_past_its_bound_is_lost_whole)
{
    char *value = repeated('\x01', 1024); /* six bytes each in JSON */
    struct log_field field = log_text("v", bytes_of(value));
    struct bytes line = logged(LOG_LEVEL_ERROR, "m", &field, 1);

    EXPECT_INT(__LINE__, line.len, 0);
    free((char *)line.p);
    free(value);
}

Test(log, numbers_to_their_extremes)
{
    struct log_field fields[] = { log_number("least", INT64_MIN), log_number("greatest", INT64_MAX), log_number("none", 0) };
    struct bytes line = logged(LOG_LEVEL_ERROR, "m", fields, 3);

    cr_expect(has(line, "\"least\":-9223372036854775808,\"greatest\":9223372036854775807,\"none\":0}"), "%s", line.p);
    free((char *)line.p);
}

Test(log, lines_below_the_level_are_dropped)
{
    for (int threshold = 0; threshold < LOG_LEVEL_COUNT; threshold++) {
        log_set_level((enum log_level)threshold);
        for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
            struct bytes line = logged((enum log_level)level, "m", NULL, 0);
            cr_expect_eq(line.len > 0, level >= threshold, "level %d, threshold %d", level, threshold);
            free((char *)line.p);
        }
    }
}

Test(log, info_is_the_default_level)
{
    struct bytes debug = logged(LOG_LEVEL_DEBUG, "m", NULL, 0);
    struct bytes info = logged(LOG_LEVEL_INFO, "m", NULL, 0);

    EXPECT_INT(__LINE__, debug.len, 0);
    cr_expect(is_one_object(info));
    free((char *)debug.p);
    free((char *)info.p);
}
