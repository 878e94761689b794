/* The running service: configuration, connections and the acceptance clock, shared by all workers.
 *
 * Left to others: answering requests (app/worker). */
#ifndef SYNCHRONY_APP_SERVICE_H
#define SYNCHRONY_APP_SERVICE_H

#include <pthread.h>
#include <stdint.h>

#include "app/catalogue.h"
#include "app/config.h"
#include "app/delivery.h"
#include "app/long_answers.h"
#include "app/quarantine.h"
#include "app/session_hash.h"
#include "base/turns.h"
#include "store/db_pool.h"

struct access;

struct service {
    const struct config *config;
    struct access *access; /* of app/access, given by who serves and closed by him; NULL: everybody may everything */
    struct db_pool *writers;
    struct db_pool *readers;
    struct delivery delivery;
    struct catalogue_place catalogue; /* by which events are judged */
    struct quarantine *quarantine;    /* where those go that it refuses */
    struct queue *batches; /* handles of the queue: for batches on request, and for who replays; NULL: there is no queue */
    struct queue *replayed;
    pthread_mutex_t batches_lock;
    _Atomic int64_t last_received_at_us;
    struct siphash_key session_key; /* by which the log names sessions */
    bool has_session_key;
    struct turns *log_turns; /* of requests that succeeded: those that are logged */
    struct long_answers
        long_answers; /* all reading connections may be theirs but for one, which is left to short answers where there are
                                       * several */
};

/* Opens no connection and no queue yet. config is borrowed until service_close. Returns STATUS_NO_MEMORY. */
enum status service_open(struct service *service, const struct config *config) MUST_USE;
void service_close(struct service *service);

/* The acceptance times of n events: the one that is returned and the n-1 microseconds behind it. Later calls give later times, even
 * when the clock is set back. */
int64_t service_accept_times(struct service *service, size_t n, int64_t now_us);

#endif
