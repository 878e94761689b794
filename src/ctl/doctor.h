/* What the checks of `synchrony doctor` share: each looks at one thing, says what it found, and goes on. */
#ifndef SYNCHRONY_CTL_DOCTOR_H
#define SYNCHRONY_CTL_DOCTOR_H

#include "app/config.h"
#include "base/status.h"
#include "store/db.h"

enum doctor_level {
    DOCTOR_OK,
    DOCTOR_SKIPPED, /* could not be looked at from here, or is not used */
    DOCTOR_WARNING, /* it works, and will not for ever, or not as well as it could */
    DOCTOR_FAULT,   /* events are refused or may be lost, or somebody may do what he should not */
    DOCTOR_LEVEL_COUNT
};

/* The report, as far as it goes. */
struct doctor {
    const struct config *config;
    const char *config_path; /* NULL: there is no file */
    bool json;
    size_t n;
    enum doctor_level worst;
};

/* Says what was found. check names the thing ("database.fsync"); advice is a sentence on what to do, NULL where there is nothing. */
void doctor_found(struct doctor *doctor, enum doctor_level level, const char *check, const char *advice, const char *format, ...)
    PRINTF_LIKE(5, 6);

void doctor_check_files(struct doctor *doctor);
void doctor_check_queue(struct doctor *doctor);
void doctor_check_database(struct doctor *doctor);

/* By the writer's connection, as the responder reads it. */
void doctor_check_catalogue(struct doctor *doctor, struct db *db);

/* Asks a real web server: url is that of the resource. */
void doctor_check_url(struct doctor *doctor, const char *url);

#endif
