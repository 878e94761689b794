/* UUIDs (RFC 9562): read, write, and make version 7. Left to others: the random bytes and the time they are made of. */
#ifndef SYNCHRONY_MODEL_UUID_H
#define SYNCHRONY_MODEL_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { UUID_TEXT_BYTES = 36, UUID_RANDOM_BYTES = 10 };

struct uuid {
    unsigned char octets[16]; /* network byte order */
};

/* Reads the form 8-4-4-4-12 of hexadecimal digits in either case, any version and variant. */
bool uuid_parse(struct bytes text, struct uuid *uuid);

/* Writes the same form in lower case, with a NUL. */
void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_BYTES + 1]);

/* A version 7 UUID of the time now_us (microseconds since 1970, 0 ≤ now_us < 2^48 ms) and random bytes. */
struct uuid uuid_v7(int64_t now_us, const unsigned char random[UUID_RANDOM_BYTES]);

/* The time that a version 7 UUID carries, in microseconds since 1970 (whole milliseconds). Returns false for other versions. */
bool uuid_v7_time(const struct uuid *uuid, int64_t *time_us);

/* Does what stands in text from begin to end lie within a UUID? */
bool uuid_is_around(struct bytes text, size_t begin, size_t end);

#endif
