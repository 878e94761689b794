#include "model/uuid.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum { NO_HEX = 0x10 };

/* The values of hexadecimal digits; NO_HEX is set in all else. */
static const unsigned char hex_values[256] = {
    /* clang-format off */
    [0 ... '0' - 1] = NO_HEX, ['9' + 1 ... 'A' - 1] = NO_HEX, ['F' + 1 ... 'a' - 1] = NO_HEX, ['f' + 1 ... 255] = NO_HEX,
    ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7, ['8'] = 8, ['9'] = 9,
    ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15,
    ['a'] = 10, ['b'] = 11, ['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15,
    /* clang-format on */
};

/* Where in the text each octet's two digits stand. */
static const unsigned char octet_places[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };

static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct bytes text, struct uuid *uuid)
{
    struct uuid read;
    unsigned seen = 0;

    if (text.len != UUID_TEXT_BYTES || text.p[8] != '-' || text.p[13] != '-' || text.p[18] != '-' || text.p[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof read.octets; i++) {
        const char *digits = text.p + octet_places[i];
        unsigned high = hex_values[(unsigned char)digits[0]], low = hex_values[(unsigned char)digits[1]];
        seen |= high | low;
        read.octets[i] = (unsigned char)(high << 4 | low);
    }
    if (seen & NO_HEX)
        return false;
    *uuid = read;
    return true;
}

void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    char *to = text;

    for (size_t i = 0; i < sizeof uuid->octets; i++) {
        if (is_hyphen_place((size_t)(to - text)))
            *to++ = '-';
        *to++ = digits[uuid->octets[i] >> 4];
        *to++ = digits[uuid->octets[i] & 0x0f];
    }
    *to = '\0';
}

/* In two words, since what is written byte by byte is slow to read as a whole. */
struct uuid uuid_v7(int64_t now_us, const unsigned char random[UUID_RANDOM_BYTES])
{
    struct uuid uuid;
    uint64_t first, second;
    uint16_t random_12;

    memcpy(&random_12, random, sizeof random_12);
    memcpy(&second, random + sizeof random_12, sizeof second);
    first = htobe64((uint64_t)(now_us / 1000) << 16 | 7 << 12 | (be16toh(random_12) & 0xfff));
    second = htobe64(UINT64_C(2) << 62 | (be64toh(second) & (UINT64_MAX >> 2)));
    memcpy(uuid.octets, &first, sizeof first);
    memcpy(uuid.octets + sizeof first, &second, sizeof second);
    return uuid;
}

bool uuid_v7_time(const struct uuid *uuid, int64_t *time_us)
{
    int64_t ms = 0;

    if (uuid->octets[6] >> 4 != 7 || uuid->octets[8] >> 6 != 2)
        return false;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid->octets[i];
    *time_us = ms * 1000;
    return true;
}

bool uuid_is_around(struct bytes text, size_t begin, size_t end)
{
    size_t first = end > UUID_TEXT_BYTES ? end - UUID_TEXT_BYTES : 0;
    struct uuid uuid;

    for (size_t at = first; at <= begin && text.len - at >= UUID_TEXT_BYTES; at++) {
        if (text.p[at + 8] == '-' && uuid_parse((struct bytes){ text.p + at, UUID_TEXT_BYTES }, &uuid))
            return true;
    }
    return false;
}
