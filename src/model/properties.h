/* The members of a JSON object as PostgreSQL prints a jsonb, in its order. Trusts that text: it has passed json_guard and json of the
 * database, and nothing else is to be read by this. */
#ifndef SYNCHRONY_MODEL_PROPERTIES_H
#define SYNCHRONY_MODEL_PROPERTIES_H

#include "base/bytes.h"

struct property {
    struct bytes name;  /* between its quotes, escapes and all */
    struct bytes value; /* its JSON text */
    struct bytes whole; /* from the quote of the name to the end of the value */
};

/* Takes the next member off rest, which is the object's whole text at first. Returns false at its end. */
bool properties_next(struct bytes *rest, struct property *property);

/* Appends the text of a JSON string, given with its quotes. */
void properties_add_string(struct buf *buf, struct bytes string);

#endif
