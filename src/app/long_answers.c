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

static void remember(struct long_answers *answers, uint64_t hash, int64_t until_ms)
{
    pthread_mutex_lock(&answers->lock);
    size_t i = find(answers, hash);
    if (i == LONG_ANSWERS_REMEMBERED) {
        i = answers->next;
        answers->next = (i + 1) % LONG_ANSWERS_REMEMBERED;
    }
    answers->remembered[i].hash = hash;
    answers->remembered[i].until_ms = until_ms;
    pthread_mutex_unlock(&answers->lock);
}

bool long_answers_begin(struct long_answers *answers, const struct long_question *question, int64_t now_ms)
{
    remember(answers, hash_of(answers, question), now_ms + LONG_ANSWERS_REMEMBERED_MS);
    if (atomic_fetch_add(&answers->n_taken, 1) < answers->n_places)
        return true;
    long_answers_end(answers);
    return false;
}

void long_answers_end(struct long_answers *answers)
{
    atomic_fetch_sub(&answers->n_taken, 1);
}

bool long_answers_are_full_for(struct long_answers *answers, const struct long_question *question, int64_t now_ms)
{
    if (atomic_load(&answers->n_taken) < answers->n_places)
        return false;
    uint64_t hash = hash_of(answers, question);
    pthread_mutex_lock(&answers->lock);
    size_t i = find(answers, hash);
    bool is_long = i < LONG_ANSWERS_REMEMBERED && now_ms < answers->remembered[i].until_ms;
    pthread_mutex_unlock(&answers->lock);
    return is_long;
}
