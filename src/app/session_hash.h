/* How the log names a session: by a hash that only who has the key can compute, so that a line can be found for a session
 * (`synchrony log-id`), and no session for a line. */
#ifndef SYNCHRONY_APP_SESSION_HASH_H
#define SYNCHRONY_APP_SESSION_HASH_H

#include "base/siphash.h"
#include "base/status.h"

enum { SESSION_HASH_BYTES = 16 };

/* Reads a key from a file of 32 hexadecimal digits and a line end, as "openssl rand -hex 16" gives. Returns STATUS_CONFIG, and says why in
 * *fault: words without the key. */
enum status session_hash_key_read(const char *path, struct siphash_key *key, const char **fault) MUST_USE;

/* Writes the hash as hexadecimal digits, and a NUL. */
void session_hash(const struct siphash_key *key, struct bytes session_id, char text[SESSION_HASH_BYTES + 1]);

#endif
