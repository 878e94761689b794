#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/doctor.h"
#include "store/queue.h"

enum { PATH_MAX_BYTES = 512, BUSY_TIMEOUT_MS = 5000, OLD_S = 300, VERY_OLD_S = 3600, US_PER_S = 1000000 };

static void judge(struct doctor *doctor, const struct queue_state *state)
{
    int64_t age_s = state->records ? (clock_now_us() - state->oldest_received_at_us) / US_PER_S : 0;
    enum doctor_level level = age_s > VERY_OLD_S ? DOCTOR_FAULT : age_s > OLD_S ? DOCTOR_WARNING : DOCTOR_OK;
    unsigned long long percent = state->max_bytes ? 100 * state->bytes / state->max_bytes : 0;

    doctor_found(doctor, level, "queue.events",
                 "look why they are not stored: the database below, whether a responder runs, and its log",
                 "%llu wait, the oldest for %lld s", (unsigned long long)state->records, (long long)age_s);
    doctor_found(doctor,
                 percent >= 95   ? DOCTOR_FAULT
                 : percent >= 50 ? DOCTOR_WARNING
                                 : DOCTOR_OK,
                 "queue.size", "bring the database back, or raise queue_max_bytes", "%llu %% of queue_max_bytes are in use",
                 percent);
    doctor_found(doctor, state->quarantined ? DOCTOR_WARNING : DOCTOR_OK, "queue.quarantine",
                 "look at them with \"synchrony queue export --quarantine\", mend the cause, then \"synchrony queue requeue\"",
                 "%llu events can never be stored", (unsigned long long)state->quarantined);
}

static void look_into(struct doctor *doctor)
{
    const struct queue_options options = {
        .directory = doctor->config->queue_directory,
        .max_bytes = doctor->config->queue_max_bytes,
        .busy_timeout_ms = BUSY_TIMEOUT_MS,
    };
    struct queue *queue = NULL;
    struct queue_state state;
    enum status st = queue_open(&queue, &options);

    if (st == STATUS_OK)
        st = queue_state(queue, &state);
    if (st == STATUS_OK)
        judge(doctor, &state);
    else
        doctor_found(doctor, DOCTOR_FAULT, "queue", "run \"synchrony queue status\", which says more", "cannot be read: %s",
                     status_info(st)->code);
    queue_close(queue);
}

void doctor_check_queue(struct doctor *doctor)
{
    char path[PATH_MAX_BYTES];
    struct stat file;

    if (!*doctor->config->queue_directory) {
        doctor_found(doctor, DOCTOR_WARNING, "queue", "set queue_directory, to a directory on a local disk",
                     "there is none: while the database is away, events are refused");
        return;
    }
    /* Whoever opens a queue makes what is missing of it, and as the wrong user nobody could use it then. */
    snprintf(path, sizeof path, "%s/queue.db", doctor->config->queue_directory);
    if (stat(path, &file) != 0)
        doctor_found(doctor, DOCTOR_SKIPPED, "queue", NULL, "%s is not there yet: nothing was ever queued", path);
    else if (file.st_uid != geteuid())
        doctor_found(doctor, DOCTOR_SKIPPED, "queue", NULL,
                     "is looked into only by its owner (uid %u): run this command as that user", (unsigned)file.st_uid);
    else
        look_into(doctor);
}
