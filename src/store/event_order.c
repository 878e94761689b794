#include "store/event_order.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_hash.h"

/* Of two events of one type. */
static int compare_within_type(const struct event *a, const struct event *b)
{
    int order = bytes_compare(a->session_id, b->session_id);

    if (!order)
        order = (a->occurred_at_us > b->occurred_at_us) - (a->occurred_at_us < b->occurred_at_us);
    if (!order)
        order = memcmp(a->event_id.octets, b->event_id.octets, sizeof a->event_id.octets);
    return order;
}

static int compare_events(const void *left, const void *right)
{
    const struct event *a = *(const struct event *const *)left;
    const struct event *b = *(const struct event *const *)right;
    int order = bytes_compare(a->event_type, b->event_type);

    return order ? order : compare_within_type(a, b);
}

/* ---- by what tells most events apart ---- */

/* Events, their types and session_ids lie scattered, and each comparison of them would wait for memory. What decides nearly always is
 * brought together first: the type's rank among those of the group and, of the session_id, what stands behind that with which all of them
 * begin, as far as it fits. Where two of these are the same, the events are compared. */
struct place {
    uint64_t key;
    struct event *event;
};

enum { TYPES_MAX = 256, RANK_SHIFT = 56 /* seven bytes of the session_id */ };
_Static_assert(TYPES_MAX <= 1 << (64 - RANK_SHIFT), "a rank has its place");

struct types {
    struct bytes names[TYPES_MAX];
    uint32_t hashes[TYPES_MAX];
    size_t n;
};

/* A type's number among those seen; TYPES_MAX: they are too many. */
static size_t type_number(struct types *types, struct bytes name)
{
    uint32_t hash = text_hash(name);

    for (size_t i = 0; i < types->n; i++) {
        if (types->hashes[i] == hash && types->names[i].len == name.len && text_same(types->names[i].p, name.p, name.len))
            return i;
    }
    if (types->n == TYPES_MAX)
        return TYPES_MAX;
    types->names[types->n] = name;
    types->hashes[types->n] = hash;
    return types->n++;
}

static int compare_names(const void *left, const void *right)
{
    return bytes_compare(**(const struct bytes *const *)left, **(const struct bytes *const *)right);
}

static void rank(const struct types *types, uint64_t ranks[TYPES_MAX])
{
    const struct bytes *in_order[TYPES_MAX];

    for (size_t i = 0; i < types->n; i++)
        in_order[i] = &types->names[i];
    qsort(in_order, types->n, sizeof(struct bytes *), compare_names);
    for (size_t i = 0; i < types->n; i++)
        ranks[in_order[i] - types->names] = i;
}

/* How many bytes all session_ids begin with alike. */
static size_t common_prefix(struct event *const *events, size_t n)
{
    struct bytes first = events[0]->session_id;
    size_t len = first.len;

    for (size_t i = 1; i < n && len; i++) {
        struct bytes other = events[i]->session_id;
        size_t alike = 0;
        while (alike < len && alike < other.len && first.p[alike] == other.p[alike])
            alike++;
        len = alike;
    }
    return len;
}

/* The next bytes as a number that is ordered as they are. One that ends early has zeros there. */
static uint64_t word_at(struct bytes text, size_t at)
{
    uint64_t word = 0;
    size_t left = text.len - at;

    if (left >= sizeof word)
        memcpy(&word, text.p + at, sizeof word);
    else
        memcpy(&word, text.p + at, left);
    return be64toh(word);
}

/* Returns false where there are too many types. */
static bool find_places(struct event *const *events, size_t n, struct place *places)
{
    struct types types;
    uint64_t ranks[TYPES_MAX];
    size_t prefix = common_prefix(events, n);

    types.n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t number = type_number(&types, events[i]->event_type);
        if (number == TYPES_MAX)
            return false;
        places[i] = (struct place){ number, events[i] };
    }
    rank(&types, ranks);
    for (size_t i = 0; i < n; i++)
        places[i].key = ranks[places[i].key] << RANK_SHIFT | word_at(events[i]->session_id, prefix) >> (64 - RANK_SHIFT);
    return true;
}

static inline bool is_before(const struct place *a, const struct place *b)
{
    return a->key != b->key ? a->key < b->key : compare_within_type(a->event, b->event) < 0;
}

enum { RUN = 8 };

static void sort_run(struct place *places, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct place place = places[i];
        size_t at = i;
        for (; at && is_before(&place, &places[at - 1]); at--)
            places[at] = places[at - 1];
        places[at] = place;
    }
}

/* Two runs side by side, the first of n_first of n, become one elsewhere. */
static void merge(const struct place *from, size_t n_first, size_t n, struct place *to)
{
    const struct place *a = from, *a_end = from + n_first, *b = a_end, *b_end = from + n;

    while (a < a_end && b < b_end)
        *to++ = is_before(b, a) ? *b++ : *a++;
    memcpy(to, a < a_end ? a : b, (size_t)((a_end - a) + (b_end - b)) * sizeof *to);
}

/* A merge sort, from place to place and back: its comparison is in line, which is most of what qsort would cost. Returns which of the two
 * holds the result. */
static struct place *sort(struct place *places, struct place *room, size_t n)
{
    for (size_t i = 0; i < n; i += RUN)
        sort_run(places + i, n - i < RUN ? n - i : RUN);
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run)
            merge(places + i, n - i < run ? n - i : run, n - i < 2 * run ? n - i : 2 * run, room + i);
        struct place *swap = places;
        places = room;
        room = swap;
    }
    return places;
}

void event_order_sort(struct event **events, size_t n, struct arena *arena)
{
    if (n < 2)
        return;
    struct place *places = n <= SIZE_MAX / (2 * sizeof *places) ? arena_alloc(arena, 2 * n * sizeof *places) : NULL;
    if (!places || !find_places(events, n, places)) {
        qsort(events, n, sizeof(struct event *), compare_events);
        return;
    }
    places = sort(places, places + n, n);
    for (size_t i = 0; i < n; i++)
        events[i] = places[i].event;
}
