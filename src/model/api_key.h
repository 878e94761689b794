/* Keys of X-Api-Key: how they are made, what they look like, and the digest that stands for one.
 *
 *   syk_ 43 characters of [0-9A-Za-z], 256 random bits; 6 characters, a CRC-32 of all before them
 *
 * so that scanners for leaked secrets find them, and tell them from what only looks alike, without asking anybody. The first
 * API_KEY_ID_BYTES name a key to people and in logs; the 208 bits behind them stay secret. Left to others: which keys there are. */
#ifndef SYNCHRONY_MODEL_API_KEY_H
#define SYNCHRONY_MODEL_API_KEY_H

#include <stdint.h>

#include "base/bytes.h"

enum { API_KEY_BYTES = 53, API_KEY_ID_BYTES = 12, API_KEY_RANDOM_BYTES = 32, API_KEY_DIGEST_BYTES = 32 };

#define API_KEY_PREFIX "syk_"

struct api_key_digest {
    unsigned char octets[API_KEY_DIGEST_BYTES];
};

/* What a key may be good for. */
enum api_scope { API_SCOPE_INGEST, API_SCOPE_READ, API_SCOPE_REPORT, API_SCOPE_METRICS, API_SCOPE_COUNT };

/* A set of scopes: bit i is enum api_scope i. */
typedef unsigned api_scopes;

/* Makes a key of random bytes; text gets it with a NUL behind it. */
void api_key_make(const unsigned char random[API_KEY_RANDOM_BYTES], char text[API_KEY_BYTES + 1]);

/* Has text the form of a key, its checksum included? */
bool api_key_is_formed(struct bytes text);

/* Might it be a key, at a glance? What is not need not be hashed. */
bool api_key_is_likely(struct bytes text);

/* SHA-256 (FIPS 180-4). */
struct api_key_digest api_key_digest_of(struct bytes text);

/* Takes as long for any two. */
bool api_key_digest_equal(const struct api_key_digest *a, const struct api_key_digest *b);

/* "ingest", "read", "report", "metrics". */
const char *api_scope_name(enum api_scope scope);

/* Adds the scope of that name. Returns false where there is none. */
bool api_scopes_add(api_scopes *scopes, struct bytes name);

#endif
