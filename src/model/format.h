/* The formats of JSON Schema draft-07 that are asserted: is a string a date-time, an e-mail address, a URI …?
 *
 * Form alone: no name is looked up, no address is tried. Left to others: what a schema with a format that is not asserted comes to. */
#ifndef SYNCHRONY_MODEL_FORMAT_H
#define SYNCHRONY_MODEL_FORMAT_H

#include <stdbool.h>

#include "base/bytes.h"

enum format {
    FORMAT_DATE_TIME,     /* RFC 3339; a leap second at 23:59:60 UTC alone */
    FORMAT_DATE,          /* RFC 3339, full-date */
    FORMAT_TIME,          /* RFC 3339, full-time: with an offset */
    FORMAT_URI,           /* RFC 3986, URI: with a scheme */
    FORMAT_URI_REFERENCE, /* RFC 3986, URI-reference */
    FORMAT_EMAIL,         /* RFC 5321, section 4.1.2, Mailbox: also a quoted local part, and an address literal */
    FORMAT_HOSTNAME,      /* RFC 1123, section 2.1: labels of 1 to 63 letters, digits and inner hyphens, 253 bytes in all */
    FORMAT_IPV4,          /* RFC 2673, section 3.2: four decimal numbers of 0 to 255, without leading zeros */
    FORMAT_IPV6,          /* RFC 4291, section 2.2; no zone */
    FORMAT_UUID,          /* RFC 4122, section 3: the form alone, any version. Draft-07 has no such format; later drafts do */
    FORMAT_JSON_POINTER,  /* RFC 6901, section 5: a pointer as a string, not as a URI fragment */
    FORMAT_REGEX,         /* ECMA-262: what model/pattern compiles */
    FORMAT_COUNT,
    FORMAT_NOT_ASSERTED = FORMAT_COUNT, /* a name of draft-07 whose texts are not checked, such as idn-email or uri-template */
    FORMAT_UNKNOWN                      /* no name of draft-07 */
};

/* What a schema calls name, one of the values above. */
enum format format_find(struct bytes name);

/* Is text, valid UTF-8, of that format? format < FORMAT_COUNT. All but FORMAT_REGEX take time in proportion to the text's length, and no
 * memory. */
bool format_check(enum format format, struct bytes text);

#endif
