/* The keys that are valid, as a responder holds them: found by digest, never changed once made, and one run of bytes, so that processes
 * of a host can hand it to each other in a file.
 *
 * Left to others: where the keys come from (store/key_store), the file and how old it may be (app/keys). */
#ifndef SYNCHRONY_MODEL_KEY_RING_H
#define SYNCHRONY_MODEL_KEY_RING_H

#include <stdint.h>

#include "model/api_key.h"
#include "model/gcra.h"

enum { KEY_RING_MAX_KEYS = 100000, KEY_RING_MAX_BYTES = 256 * 1024 * 1024 };

/* A key and what it may. */
struct key_grant {
    struct api_key_digest digest;
    char id[API_KEY_ID_BYTES + 1];
    api_scopes scopes;
    struct gcra rate;
    uint64_t daily_quota;     /* 0: none */
    int64_t expires_us;       /* 0: never */
    struct bytes origins;     /* patterns, each on a line; empty: everywhere */
    struct bytes event_types; /* likewise */
};

struct key_ring;

/* Makes a ring of n grants, n ≤ KEY_RING_MAX_KEYS; they are copied, and come out ordered by digest. read_at_us: when they were true.
 * Returns STATUS_NO_MEMORY. */
enum status key_ring_new(const struct key_grant *grants, size_t n, int64_t read_at_us, struct key_ring **ring) MUST_USE;
void key_ring_free(struct key_ring *ring);

/* The ring as bytes, borrowed from it; and from such bytes, which are copied. They are judged by a checksum, which tells damage, not
 * forgery: who could write the file could as well be us. Returns STATUS_CONFLICT for what is none, or another
 * version's; STATUS_NO_MEMORY. */
struct bytes key_ring_bytes(const struct key_ring *ring);
enum status key_ring_parse(struct bytes bytes, struct key_ring **ring) MUST_USE;

int64_t key_ring_read_at_us(const struct key_ring *ring);
size_t key_ring_length(const struct key_ring *ring);

/* The grant at index < key_ring_length; its lists are borrowed from the ring. */
void key_ring_at(const struct key_ring *ring, size_t index, struct key_grant *grant);

/* Finds a key. Returns false where there is none of that digest. */
bool key_ring_find(const struct key_ring *ring, const struct api_key_digest *digest, struct key_grant *grant);

/* Is text one of the lines of list? */
bool key_list_has(struct bytes list, struct bytes text);

#endif
