#include "base/labels.h"

#include <string.h>

#include "base/text_hash.h"

/* A place is one word: 0, or all that says which name has it. The upper half is the name's hash, so that a name is seldom compared in
 * vain. */
enum { LEN_BITS = 8, OFFSET_BITS = 16 };
_Static_assert(LABEL_MAX_BYTES < 1 << LEN_BITS && LABEL_TEXT_BYTES <= 1 << OFFSET_BITS, "a name's place fits half a word");

static uint64_t word_of(uint32_t hash, uint32_t offset, size_t len)
{
    return (uint64_t)hash << 32 | offset << LEN_BITS | (uint32_t)len;
}

static struct bytes name_of(const struct label_set *set, uint64_t word)
{
    return (struct bytes){ set->texts->bytes + ((uint32_t)word >> LEN_BITS), word & ((1u << LEN_BITS) - 1) };
}

static bool is_of(const struct label_set *set, uint64_t word, uint32_t hash, struct bytes name)
{
    struct bytes other = name_of(set, word);

    return word >> 32 == hash && other.len == name.len && text_same(other.p, name.p, name.len);
}

/* Looks for name from its hash's place on. Returns its number, and otherwise LABEL_OTHER with the first free number in *is_free. */
static unsigned look_up(const struct label_set *set, uint32_t hash, struct bytes name, unsigned *is_free)
{
    size_t n = set->n - 1;

    *is_free = LABEL_OTHER;
    for (size_t i = 0, at = hash % n; i < n; i++, at = at + 1 < n ? at + 1 : 0) {
        uint64_t word = atomic_load_explicit(&set->places[at + 1], memory_order_acquire);
        if (!word) {
            *is_free = (unsigned)at + 1;
            break;
        }
        if (is_of(set, word, hash, name))
            return (unsigned)at + 1;
    }
    return LABEL_OTHER;
}

static bool is_label(struct bytes name)
{
    return name.len > 0 && name.len <= LABEL_MAX_BYTES;
}

unsigned labels_find(const struct label_set *set, struct bytes name)
{
    unsigned is_free;

    return is_label(name) ? look_up(set, text_hash(name), name, &is_free) : LABEL_OTHER;
}

/* Writes the text where nobody looks yet. Returns the word that makes it a name; 0 where there is no room. */
static uint64_t write_text(const struct label_set *set, uint32_t hash, struct bytes name)
{
    struct label_texts *texts = set->texts;
    uint32_t used = atomic_load_explicit(&texts->used_bytes, memory_order_relaxed);

    do {
        if (used + name.len > LABEL_TEXT_BYTES)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&texts->used_bytes, &used, used + (uint32_t)name.len, memory_order_relaxed,
                                                    memory_order_relaxed));
    memcpy(texts->bytes + used, name.p, name.len);
    return word_of(hash, used, name.len);
}

unsigned labels_add(const struct label_set *set, struct bytes name)
{
    uint32_t hash = text_hash(name);
    uint64_t word = 0;
    unsigned number, is_free;

    if (!is_label(name))
        return LABEL_OTHER;
    while ((number = look_up(set, hash, name, &is_free)) == LABEL_OTHER && is_free != LABEL_OTHER) {
        uint64_t nothing = 0;
        if (!word)
            word = write_text(set, hash, name);
        if (!word)
            break;
        /* Where another was faster the place is taken: perhaps by this very name, so look again. */
        if (atomic_compare_exchange_strong_explicit(&set->places[is_free], &nothing, word, memory_order_release,
                                                    memory_order_relaxed))
            return is_free;
    }
    return number;
}

struct bytes labels_name(const struct label_set *set, unsigned number)
{
    uint64_t word = number > 0 && number < set->n ? atomic_load_explicit(&set->places[number], memory_order_acquire) : 0;

    return word ? name_of(set, word) : (struct bytes){ 0 };
}
