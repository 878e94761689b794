/* Answers that are too long for memory: each holds a reading connection for as long as its client takes, so they have places, and one that
 * finds none is refused.
 *
 * That an answer is long shows only once its first MiB has been read. So what was asked for when one turned out to be long is remembered
 * for a while: the same takes its place before anything is read, or waits for one, or is refused. Otherwise a crowd that asks for a long
 * answer costs the database a MiB and a cancelled query for each that is refused. Left to others: waiting. */
#ifndef SYNCHRONY_APP_LONG_ANSWERS_H
#define SYNCHRONY_APP_LONG_ANSWERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/siphash.h"
#include "base/status.h"

enum { LONG_ANSWERS_REMEMBERED = 64, LONG_ANSWERS_REMEMBERED_MS = 60000 };

/* What was asked for. */
struct long_question {
    struct bytes query; /* as it came */
    unsigned variant;   /* what else makes another answer of it */
};

struct long_answers {
    size_t n_places;
    _Atomic size_t n_taken;
    struct siphash_key key; /* so that nobody has the question of another refused */
    pthread_mutex_t lock;   /* of what follows */
    struct {
        uint64_t hash;
        int64_t until_ms; /* clock_monotonic_ms; 0: none */
    } remembered[LONG_ANSWERS_REMEMBERED];
    size_t next; /* is overwritten next */
};

/* Returns STATUS_INTERNAL without randomness. There is nothing to close. */
enum status long_answers_open(struct long_answers *answers, size_t n_places) MUST_USE;

/* The answer has turned out to be long. */
void long_answers_remember(struct long_answers *answers, const struct long_question *question, int64_t now_ms);

/* Was the answer long when it was last asked for? */
bool long_answers_know(struct long_answers *answers, const struct long_question *question, int64_t now_ms);

/* Takes a place. Returns false where none is free. */
bool long_answers_begin(struct long_answers *answers);

/* Gives the place back. */
void long_answers_end(struct long_answers *answers);

#endif
