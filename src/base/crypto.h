/* What has to do with secrets and hashes that nobody can aim. The only door to OpenSSL. */
#ifndef SYNCHRONY_BASE_CRYPTO_H
#define SYNCHRONY_BASE_CRYPTO_H

#include "base/bytes.h"

#define SHA256_BYTES 32

/* SHA-256 (FIPS 180-4). */
void crypto_sha256(struct bytes text, unsigned char digest[SHA256_BYTES]);

/* Are n bytes the same? Takes as long for any. */
bool crypto_equal(const void *a, const void *b, size_t n);

/* Overwrites n bytes, also where a compiler knows that nobody reads them again. */
void crypto_wipe(void *p, size_t n);

#endif
