/* What the actions of `synchrony queue` share. */
#ifndef SYNCHRONY_CTL_QUEUE_H
#define SYNCHRONY_CTL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/command.h"
#include "store/queue.h"

struct queue_args {
    struct queue *queue;
    const char *file; /* NULL: standard input or output */
    bool quarantine;
    bool remove;
};

enum { QUEUE_PORTION_RECORDS = 1000, QUEUE_PORTION_BYTES = 2 * 1024 * 1024, QUEUE_PORTION_ARENA_BYTES = 256 * 1024 * 1024 };

enum status queue_status(struct command_call *call) MUST_USE;
enum status queue_drain(struct command_call *call) MUST_USE;
enum status queue_export(struct command_call *call) MUST_USE;
enum status queue_import(struct command_call *call) MUST_USE;
enum status queue_requeue_all(struct command_call *call) MUST_USE;

/* Makes this process the user that the queue's directory belongs to: a file that another user makes there could not be used by the
 * responder. Only root can become another; who is neither is told so. Nothing in the directory has been touched then. */
enum status queue_become_owner(const char *directory) MUST_USE;

/* Says what a call of store/queue came to, for what was being done. Returns st. */
enum status queue_failed(const char *what, enum status st);

/* What makes a noun one of n: "s" but for 1. */
const char *queue_plural(uint64_t n);

#endif
