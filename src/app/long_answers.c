#include "app/long_answers.h"

#include "base/entropy.h"

enum status long_answers_open(struct long_answers *answers, size_t n_places)
{
    struct entropy entropy = { 0 };

    *answers = (struct long_answers){ .n_places = n_places, .lock = PTHREAD_MUTEX_INITIALIZER };
    return entropy_take(&entropy, &answers->key, sizeof answers->key);
}

static uint64_t hash_of(const struct long_answers *answers, const struct long_question *question)
{
    return siphash(&answers->key, question->query) ^ question->variant;
}

/* The caller has the lock. Returns LONG_ANSWERS_REMEMBERED where it is not there. */
static size_t find(const struct long_answers *answers, uint64_t hash)
{
    size_t i = 0;

    while (i < LONG_ANSWERS_REMEMBERED && (answers->remembered[i].hash != hash || !answers->remembered[i].until_ms))
        i++;
    return i;
}

void long_answers_remember(struct long_answers *answers, const struct long_question *question, int64_t now_ms)
{
    uint64_t hash = hash_of(answers, question);

    pthread_mutex_lock(&answers->lock);
    size_t i = find(answers, hash);
    if (i == LONG_ANSWERS_REMEMBERED) {
        i = answers->next;
        answers->next = (i + 1) % LONG_ANSWERS_REMEMBERED;
    }
    answers->remembered[i].hash = hash;
    answers->remembered[i].until_ms = now_ms + LONG_ANSWERS_REMEMBERED_MS;
    pthread_mutex_unlock(&answers->lock);
}

bool long_answers_know(struct long_answers *answers, const struct long_question *question, int64_t now_ms)
{
    uint64_t hash = hash_of(answers, question);

    pthread_mutex_lock(&answers->lock);
    size_t i = find(answers, hash);
    bool is_long = i < LONG_ANSWERS_REMEMBERED && now_ms < answers->remembered[i].until_ms;
    pthread_mutex_unlock(&answers->lock);
    return is_long;
}

bool long_answers_begin(struct long_answers *answers)
{
    size_t n = atomic_load(&answers->n_taken);

    while (n < answers->n_places && !atomic_compare_exchange_weak(&answers->n_taken, &n, n + 1)) {
        /* another was quicker */
    }
    return n < answers->n_places;
}

void long_answers_end(struct long_answers *answers)
{
    atomic_fetch_sub(&answers->n_taken, 1);
}
