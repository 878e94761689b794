#include "model/api_key.h"

#include <string.h>

#include "base/crypto.h"

enum { PREFIX_BYTES = sizeof API_KEY_PREFIX - 1, RANDOM_DIGITS = 43, CHECKSUM_DIGITS = 6, BASE = 62 };
_Static_assert(PREFIX_BYTES + RANDOM_DIGITS + CHECKSUM_DIGITS == API_KEY_BYTES, "the parts of a key");
_Static_assert(SHA256_BYTES == API_KEY_DIGEST_BYTES, "the length of a digest");

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char *const scope_names[] = {
    [API_SCOPE_INGEST] = "ingest", [API_SCOPE_READ] = "read", [API_SCOPE_REPORT] = "report", [API_SCOPE_METRICS] = "metrics"
};
_Static_assert(sizeof scope_names / sizeof scope_names[0] == API_SCOPE_COUNT, "a name for each scope");

/* CRC-32 of ISO 3309, as zlib's. */
static uint32_t crc32_of(const char *text, size_t len)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Divides a number of base 256, the greatest digit first, by 62. Returns the rest. */
static unsigned divide(unsigned char *number, size_t len)
{
    unsigned rest = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned part = rest << 8 | number[i];
        number[i] = (unsigned char)(part / BASE);
        rest = part % BASE;
    }
    return rest;
}

static void write_number(unsigned char *number, size_t len, char *text, size_t n_digits)
{
    while (n_digits--)
        text[n_digits] = digits[divide(number, len)];
}

/* The checksum of what stands before it. */
static void write_checksum(const char *text, char checksum[CHECKSUM_DIGITS])
{
    uint32_t crc = crc32_of(text, PREFIX_BYTES + RANDOM_DIGITS);
    unsigned char number[] = { (unsigned char)(crc >> 24), (unsigned char)(crc >> 16), (unsigned char)(crc >> 8),
                               (unsigned char)crc };

    write_number(number, sizeof number, checksum, CHECKSUM_DIGITS);
}

void api_key_make(const unsigned char random[API_KEY_RANDOM_BYTES], char text[API_KEY_BYTES + 1])
{
    unsigned char number[API_KEY_RANDOM_BYTES];

    memcpy(number, random, sizeof number);
    memcpy(text, API_KEY_PREFIX, PREFIX_BYTES);
    write_number(number, sizeof number, text + PREFIX_BYTES, RANDOM_DIGITS);
    write_checksum(text, text + PREFIX_BYTES + RANDOM_DIGITS);
    text[API_KEY_BYTES] = '\0';
    crypto_wipe(number, sizeof number);
}

bool api_key_is_likely(struct bytes text)
{
    return text.len == API_KEY_BYTES && memcmp(text.p, API_KEY_PREFIX, PREFIX_BYTES) == 0;
}

bool api_key_is_formed(struct bytes text)
{
    char checksum[CHECKSUM_DIGITS];

    if (!api_key_is_likely(text))
        return false;
    for (size_t i = PREFIX_BYTES; i < API_KEY_BYTES; i++) {
        if (!memchr(digits, text.p[i], BASE))
            return false;
    }
    write_checksum(text.p, checksum);
    return memcmp(checksum, text.p + API_KEY_BYTES - CHECKSUM_DIGITS, CHECKSUM_DIGITS) == 0;
}

struct api_key_digest api_key_digest_of(struct bytes text)
{
    struct api_key_digest digest;

    crypto_sha256(text, digest.octets);
    return digest;
}

bool api_key_digest_equal(const struct api_key_digest *a, const struct api_key_digest *b)
{
    return crypto_equal(a->octets, b->octets, sizeof a->octets);
}

const char *api_scope_name(enum api_scope scope)
{
    return scope_names[scope];
}

bool api_scopes_add(api_scopes *scopes, struct bytes name)
{
    for (unsigned i = 0; i < API_SCOPE_COUNT; i++) {
        if (bytes_equal(name, bytes_of(scope_names[i]))) {
            *scopes |= 1u << i;
            return true;
        }
    }
    return false;
}
