#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

_Static_assert(SHA256_DIGEST_LENGTH == SHA256_BYTES, "the length of a digest");

void crypto_sha256(struct bytes text, unsigned char digest[SHA256_BYTES])
{
    SHA256((const unsigned char *)text.p, text.len, digest);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
