/* What the actions of `synchrony quarantine` share. */
#ifndef SYNCHRONY_CTL_QUARANTINE_H
#define SYNCHRONY_CTL_QUARANTINE_H

#include "ctl/command.h"
#include "store/rejected_event.h"

struct quarantine_args {
    struct rejected_event_filter filter;
    size_t limit;
    bool dry_run;
};

enum status quarantine_replay(struct command_call *call) MUST_USE;

#endif
