// Origins as a browser sends them (RFC 6454, section 6.2), and the patterns that an administrator lists:
//
//   https://www.bank.example            this one
//   https://*.bank.example:8443         every name below bank.example, at any depth, not bank.example itself
//
// Compared byte by byte: browsers send lower case and no default port. "null" is never listed, as any page can make itself that.
#ifndef SYNCHRONY_MODEL_ORIGIN_H
#define SYNCHRONY_MODEL_ORIGIN_H

#include "base/bytes.h"

/* Is it scheme://host[:port] in lower case, with "*." before a host of two labels at least, or without? */
bool origin_pattern_is_valid(struct bytes pattern);

/* Does a valid pattern stand for this origin? What a pattern stands for can be echoed in a header: it has no other characters than a
 * host's. An absent origin never matches. */
bool origin_matches(struct bytes pattern, struct bytes origin);

#endif
