#include "model/uuid.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct bytes text, struct uuid *uuid)
{
    struct uuid read;
    size_t octet = 0;

    if (text.len != UUID_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < UUID_TEXT_BYTES;) {
        if (is_hyphen_place(i)) {
            if (text.p[i++] != '-')
                return false;
            continue;
        }
        int high = hex_value(text.p[i]);
        int low = hex_value(text.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        read.octets[octet++] = (unsigned char)(high << 4 | low);
        i += 2;
    }
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

struct uuid uuid_v7(int64_t now_us, const unsigned char random[UUID_RANDOM_BYTES])
{
    struct uuid uuid;
    uint64_t ms = (uint64_t)(now_us / 1000);

    for (int i = 0; i < 6; i++)
        uuid.octets[i] = (unsigned char)(ms >> (40 - 8 * i));
    memcpy(uuid.octets + 6, random, UUID_RANDOM_BYTES);
    uuid.octets[6] = (unsigned char)(0x70 | (uuid.octets[6] & 0x0f));
    uuid.octets[8] = (unsigned char)(0x80 | (uuid.octets[8] & 0x3f));
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
