/* synchrony doctor: looks at all that the responder stands on, and says what to mend. Changes nothing. */
#include "ctl/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "ctl/command.h"

enum { TEXT_MAX_BYTES = 512, JSON_MAX_BYTES = 16 * 1024 };

static const char *const level_names[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_SKIPPED] = "skipped", [DOCTOR_WARNING] = "warning", [DOCTOR_FAULT] = "fault"
};
_Static_assert(sizeof level_names / sizeof level_names[0] == DOCTOR_LEVEL_COUNT, "a name for each level");

static void print_json(const struct doctor *doctor, enum doctor_level level, const char *check, const char *text,
                       const char *advice)
{
    struct buf json = buf_new(JSON_MAX_BYTES);

    buf_add_format(&json, "%s{\"check\":\"%s\",\"level\":\"%s\",\"message\":", doctor->n ? "," : "", check, level_names[level]);
    buf_add_json(&json, bytes_of(text));
    if (advice) {
        buf_add_text(&json, ",\"advice\":");
        buf_add_json(&json, bytes_of(advice));
    }
    buf_add_text(&json, "}");
    fputs(json.failed ? "" : json.p, stdout);
    buf_free(&json);
}

void doctor_found(struct doctor *doctor, enum doctor_level level, const char *check, const char *advice, const char *format, ...)
{
    char text[TEXT_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (level < DOCTOR_WARNING)
        advice = NULL;
    if (doctor->json)
        print_json(doctor, level, check, text, advice);
    else
        printf("%-8s %-24s %s\n", level_names[level], check, text);
    if (!doctor->json && advice)
        printf("%-33s → %s\n", "", advice);
    doctor->n++;
    if (level > doctor->worst)
        doctor->worst = level;
}

/* The exit code is that of the worst finding: 0, 1 for a warning, 69 for a fault. */
static enum status verdict(const struct doctor *doctor)
{
    static const enum status statuses[] = {
        [DOCTOR_OK] = STATUS_OK,
        [DOCTOR_SKIPPED] = STATUS_OK,
        [DOCTOR_WARNING] = STATUS_CONFLICT,
        [DOCTOR_FAULT] = STATUS_UNAVAILABLE,
    };

    return statuses[doctor->worst];
}

static enum status examine(struct command_call *call)
{
    const char *const *url = call->args;
    struct doctor doctor = { .config = &call->config, .config_path = command_config_path(call->config_file), .json = call->json };

    if (doctor.json)
        printf("{\"findings\":[");
    doctor_check_files(&doctor);
    doctor_check_queue(&doctor);
    doctor_check_database(&doctor);
    if (*url)
        doctor_check_url(&doctor, *url);
    else
        doctor_found(&doctor, DOCTOR_SKIPPED, "web", NULL, "no --url was given: the web server is not looked at");
    if (doctor.json)
        printf("],\"worst\":\"%s\"}\n", level_names[doctor.worst == DOCTOR_SKIPPED ? DOCTOR_OK : doctor.worst]);
    return verdict(&doctor);
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    const char **url = call->args;

    (void)option;
    *url = value;
    return STATUS_OK;
}

static const struct option long_options[] = {
    { "json", no_argument, NULL, 'j' },
    { "url", required_argument, NULL, 'u' },
    { 0 },
};
static const struct command_action action = { .options = "ju", .run = examine };

const struct command command_doctor = {
    .name = "doctor",
    .usage = "doctor [--url URL] [--json]",
    .summary = "look at all that the responder stands on, and say what to mend",
    .details = "URL is that of the resource, as clients reach it: http://host/synchrony_data_analytics\n"
               "Exit status: 0 where all is well, 1 with a warning, 2 where the configuration is wrong, 69 with a fault.\n",
    .needs = COMMAND_NEEDS_CONFIG,
    .actions = &action,
    .options = long_options,
    .args = &(const char *){ NULL },
    .take_option = take_option,
};
