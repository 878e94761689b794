#include "model/key_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

enum { RING_VERSION = 1 };

/* A grant in the ring; its lists lie behind all grants, at offsets from the beginning of the ring. */
struct entry {
    unsigned char digest[API_KEY_DIGEST_BYTES];
    char id[API_KEY_ID_BYTES + 4];
    uint64_t interval_ns;
    uint64_t burst;
    uint64_t daily_quota;
    int64_t expires_us;
    uint32_t scopes;
    uint32_t lists_at;
    uint32_t origins_len; /* the event types stand behind the origins */
    uint32_t event_types_len;
};

struct key_ring {
    uint64_t checksum; /* of all behind it */
    char magic[8];
    uint32_t version;
    uint32_t n;
    uint64_t size_bytes;
    int64_t read_at_us;
    struct entry entries[];
};

static const char magic[8] = { 's', 'y', 'k', 'r', 'i', 'n', 'g', '\n' };

static uint64_t checksum_of(const struct key_ring *ring)
{
    static const struct siphash_key no_secret = { { 1, 2 } };

    return siphash(&no_secret,
                   (struct bytes){ (const char *)ring + sizeof ring->checksum, ring->size_bytes - sizeof ring->checksum });
}

static size_t size_of(const struct key_grant *grants, size_t n)
{
    size_t size = sizeof(struct key_ring) + n * sizeof(struct entry);

    for (size_t i = 0; i < n; i++)
        size += grants[i].origins.len + grants[i].event_types.len;
    return size;
}

static size_t put(struct key_ring *ring, size_t at, struct bytes text)
{
    if (text.len)
        memcpy((char *)ring + at, text.p, text.len);
    return at + text.len;
}

/* An entry begins with its digest, which is looked for alone. */
static int compare_entries(const void *left, const void *right)
{
    return memcmp(left, right, API_KEY_DIGEST_BYTES);
}

enum status key_ring_new(const struct key_grant *grants, size_t n, int64_t read_at_us, struct key_ring **ring)
{
    size_t size = n <= KEY_RING_MAX_KEYS ? size_of(grants, n) : SIZE_MAX;
    size_t at = sizeof(struct key_ring) + n * sizeof(struct entry);
    struct key_ring *made = size <= KEY_RING_MAX_BYTES ? calloc(1, size) : NULL;

    *ring = made;
    if (!made)
        return STATUS_NO_MEMORY;
    memcpy(made->magic, magic, sizeof magic);
    made->version = RING_VERSION;
    made->n = (uint32_t)n;
    made->size_bytes = size;
    made->read_at_us = read_at_us;
    for (size_t i = 0; i < n; i++) {
        struct entry *entry = &made->entries[i];
        *entry = (struct entry){
            .interval_ns = grants[i].rate.interval_ns,
            .burst = grants[i].rate.burst,
            .daily_quota = grants[i].daily_quota,
            .expires_us = grants[i].expires_us,
            .scopes = grants[i].scopes,
            .lists_at = (uint32_t)at,
            .origins_len = (uint32_t)grants[i].origins.len,
            .event_types_len = (uint32_t)grants[i].event_types.len,
        };
        memcpy(entry->digest, grants[i].digest.octets, sizeof entry->digest);
        memcpy(entry->id, grants[i].id, sizeof grants[i].id);
        at = put(made, put(made, at, grants[i].origins), grants[i].event_types);
    }
    qsort(made->entries, n, sizeof *made->entries, compare_entries);
    made->checksum = checksum_of(made);
    return STATUS_OK;
}

void key_ring_free(struct key_ring *ring)
{
    free(ring);
}

struct bytes key_ring_bytes(const struct key_ring *ring)
{
    return (struct bytes){ (const char *)ring, ring->size_bytes };
}

static bool is_whole(const struct key_ring *ring, size_t len)
{
    if (memcmp(ring->magic, magic, sizeof magic) != 0 || ring->version != RING_VERSION || ring->size_bytes != len ||
        ring->n > KEY_RING_MAX_KEYS || len < sizeof *ring + ring->n * sizeof ring->entries[0] ||
        ring->checksum != checksum_of(ring))
        return false;
    for (size_t i = 0; i < ring->n; i++) {
        const struct entry *entry = &ring->entries[i];
        if ((size_t)entry->lists_at + entry->origins_len + entry->event_types_len > len || entry->id[API_KEY_ID_BYTES])
            return false;
    }
    return true;
}

enum status key_ring_parse(struct bytes bytes, struct key_ring **ring)
{
    *ring = NULL;
    if (bytes.len < sizeof **ring || bytes.len > KEY_RING_MAX_BYTES)
        return STATUS_CONFLICT;
    struct key_ring *copy = malloc(bytes.len);
    if (!copy)
        return STATUS_NO_MEMORY;
    memcpy(copy, bytes.p, bytes.len);
    if (!is_whole(copy, bytes.len)) {
        free(copy);
        return STATUS_CONFLICT;
    }
    *ring = copy;
    return STATUS_OK;
}

int64_t key_ring_read_at_us(const struct key_ring *ring)
{
    return ring->read_at_us;
}

size_t key_ring_length(const struct key_ring *ring)
{
    return ring->n;
}

void key_ring_at(const struct key_ring *ring, size_t index, struct key_grant *grant)
{
    const struct entry *entry = &ring->entries[index];
    const char *lists = (const char *)ring + entry->lists_at;

    *grant = (struct key_grant){
        .scopes = entry->scopes,
        .rate = { .interval_ns = entry->interval_ns, .burst = entry->burst },
        .daily_quota = entry->daily_quota,
        .expires_us = entry->expires_us,
        .origins = { lists, entry->origins_len },
        .event_types = { lists + entry->origins_len, entry->event_types_len },
    };
    memcpy(grant->digest.octets, entry->digest, sizeof grant->digest.octets);
    memcpy(grant->id, entry->id, sizeof grant->id);
}

/* How far digests agree tells a client nothing: it cannot choose one. */
bool key_ring_find(const struct key_ring *ring, const struct api_key_digest *digest, struct key_grant *grant)
{
    const struct entry *found = bsearch(digest->octets, ring->entries, ring->n, sizeof ring->entries[0], compare_entries);

    if (!found)
        return false;
    key_ring_at(ring, (size_t)(found - ring->entries), grant);
    return api_key_digest_equal(&grant->digest, digest);
}

bool key_list_has(struct bytes list, struct bytes text)
{
    struct bytes line;

    while (list.len && bytes_cut(&list, '\n', &line)) {
        if (bytes_equal(line, text))
            return true;
    }
    return false;
}
