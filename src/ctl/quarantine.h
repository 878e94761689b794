/* What the actions of `synchrony quarantine` share. Each prints its results to standard output and its errors, one line each, to standard
 * error, and returns the status whose exit code is to be given. */
#ifndef SYNCHRONY_CTL_QUARANTINE_H
#define SYNCHRONY_CTL_QUARANTINE_H

#include "app/config.h"
#include "store/rejected_event.h"

/* An action that was asked for. */
struct quarantine_call {
    const struct config *config;
    struct db *db; /* the owner's connection, or an operator's */
    struct rejected_event_filter filter;
    struct uuid id;
    size_t limit; /* 0: not said */
    bool json;
    bool dry_run;
};

enum status quarantine_replay(struct quarantine_call *call) MUST_USE;

#endif
