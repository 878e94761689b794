#include "model/client_address.h"

#include <arpa/inet.h>
#include <string.h>

enum { KIND_NONE, KIND_IPV4, KIND_IPV6 };

static struct client_address address_of(int kind, const unsigned char *octets, size_t len)
{
    struct client_address address = { .octets = { (unsigned char)kind }, .len = 1 + len };

    if (len)
        memcpy(address.octets + 1, octets, len);
    return address;
}

struct client_address client_address_of(struct bytes text)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char terminated[INET6_ADDRSTRLEN];
    unsigned char octets[16];

    if (!text.len || text.len >= sizeof terminated)
        return address_of(KIND_NONE, NULL, 0);
    memcpy(terminated, text.p, text.len);
    terminated[text.len] = '\0';
    if (inet_pton(AF_INET, terminated, octets) == 1)
        return address_of(KIND_IPV4, octets, 4);
    if (inet_pton(AF_INET6, terminated, octets) != 1)
        return address_of(KIND_NONE, NULL, 0);
    if (memcmp(octets, mapped, sizeof mapped) == 0)
        return address_of(KIND_IPV4, octets + sizeof mapped, 4);
    return address_of(KIND_IPV6, octets, 8);
}
