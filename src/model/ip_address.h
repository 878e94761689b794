/* IP addresses as text: is it one? No socket, no resolver, no zone. */
#ifndef SYNCHRONY_MODEL_IP_ADDRESS_H
#define SYNCHRONY_MODEL_IP_ADDRESS_H

#include <stdbool.h>

#include "base/bytes.h"

/* Four decimal numbers of 0 to 255 without leading zeros (RFC 2673, section 3.2, and RFC 3986's IPv4address). */
bool ip_address_is_v4(struct bytes text);

/* RFC 4291, section 2.2: eight groups of one to four hexadecimal digits, a run of zeros as "::", the last two groups as an IPv4 address. */
bool ip_address_is_v6(struct bytes text);

#endif
