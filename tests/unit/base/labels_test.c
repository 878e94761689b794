#include "base/labels.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/unit/unit.h"

enum { PLACES = 65, THREADS = 8 };

static _Atomic uint64_t places[PLACES];
static struct label_texts texts;
static const struct label_set set = { .places = places, .n = PLACES, .texts = &texts };

Test(labels, a_name_keeps_its_number)
{
    unsigned page_view = labels_add(&set, BYTES("page_view"));
    unsigned click = labels_add(&set, BYTES("click"));

    EXPECT(__LINE__, page_view != LABEL_OTHER && click != LABEL_OTHER && page_view != click);
    EXPECT_INT(__LINE__, labels_add(&set, BYTES("page_view")), page_view);
    EXPECT_INT(__LINE__, labels_find(&set, BYTES("click")), click);
    EXPECT_INT(__LINE__, labels_find(&set, BYTES("clic")), LABEL_OTHER);
    EXPECT_BYTES(__LINE__, labels_name(&set, page_view), BYTES("page_view"));
    EXPECT_BYTES(__LINE__, labels_name(&set, LABEL_OTHER), ((struct bytes){ 0 }));
    EXPECT_BYTES(__LINE__, labels_name(&set, PLACES), ((struct bytes){ 0 }));
}

Test(labels, what_is_no_name_is_other)
{
    char *long_name = repeated('x', LABEL_MAX_BYTES + 1);

    EXPECT_INT(__LINE__, labels_add(&set, BYTES("")), LABEL_OTHER);
    EXPECT_INT(__LINE__, labels_add(&set, (struct bytes){ 0 }), LABEL_OTHER);
    EXPECT_INT(__LINE__, labels_add(&set, bytes_of(long_name)), LABEL_OTHER);
    EXPECT(__LINE__, labels_add(&set, (struct bytes){ long_name, LABEL_MAX_BYTES }) != LABEL_OTHER);
    free(long_name);
}

Test(labels, past_the_places_all_is_other)
{
    char name[16];

    for (int i = 0; i < PLACES - 1; i++) {
        snprintf(name, sizeof name, "type %d", i);
        EXPECT(__LINE__, labels_add(&set, bytes_of(name)) != LABEL_OTHER);
    }
    EXPECT_INT(__LINE__, labels_add(&set, BYTES("one more")), LABEL_OTHER);
    EXPECT(__LINE__, labels_add(&set, BYTES("type 0")) != LABEL_OTHER);
}

Test(labels, past_the_text_all_is_other)
{
    atomic_store(&texts.used_bytes, LABEL_TEXT_BYTES - 5);
    EXPECT(__LINE__, labels_add(&set, BYTES("12345")) != LABEL_OTHER);
    EXPECT_INT(__LINE__, labels_add(&set, BYTES("1")), LABEL_OTHER);
}

/* Each thread adds the same names in an order of its own. */
static void *add_all(void *context)
{
    static _Atomic unsigned numbers[THREADS][PLACES];
    size_t self = (size_t)context;
    char name[16];

    for (unsigned i = 0; i < PLACES - 1; i++) {
        unsigned n = (i * 7 + (unsigned)self * 13) % (PLACES - 1);
        snprintf(name, sizeof name, "type %u", n);
        numbers[self][n] = labels_add(&set, bytes_of(name));
    }
    return numbers[self];
}

Test(labels, threads_agree)
{
    pthread_t threads[THREADS];
    _Atomic unsigned *numbers[THREADS];
    bool taken[PLACES] = { false };

    for (size_t i = 0; i < THREADS; i++)
        cr_assert(pthread_create(&threads[i], NULL, add_all, (void *)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], (void **)&numbers[i]);
    for (size_t n = 0; n < PLACES - 1; n++) {
        for (size_t i = 1; i < THREADS; i++)
            EXPECT_INT(__LINE__, numbers[i][n], numbers[0][n]);
        EXPECT(__LINE__, numbers[0][n] != LABEL_OTHER && !taken[numbers[0][n]]);
        taken[numbers[0][n]] = true;
    }
}
