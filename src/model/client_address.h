/* Who a client is where it has no key: its IPv4 address, or the /64 of its IPv6 address, of which a household or a machine has all. */
#ifndef SYNCHRONY_MODEL_CLIENT_ADDRESS_H
#define SYNCHRONY_MODEL_CLIENT_ADDRESS_H

#include "base/bytes.h"

enum { CLIENT_ADDRESS_BYTES = 9 };

struct client_address {
    unsigned char octets[CLIENT_ADDRESS_BYTES]; /* which kind, then the address */
    size_t len;
};

/* Reads REMOTE_ADDR. An IPv4 address that is written as IPv6 (::ffff:192.0.2.1) is that; what is no address, as a Unix socket has, is one
 * client. */
struct client_address client_address_of(struct bytes text);

#endif
