/* Items as they are given to a client: a JSON array, a line each (NDJSON), or a CSV file for a spreadsheet.
 *
 * Makes texts of one item after the other. Left to others: which representation is wanted (model/accept), and sending. */
#ifndef SYNCHRONY_MODEL_ITEM_FORMAT_H
#define SYNCHRONY_MODEL_ITEM_FORMAT_H

#include <stdint.h>

#include "base/bytes.h"
#include "model/accept.h"
#include "model/uuid.h"

/* An item, or an event of the history, as it is stored. */
struct item {
    struct bytes session_id;
    struct uuid event_id;
    int64_t occurred_at_us;
    int64_t received_at_us;
    struct bytes properties; /* the text of a JSON object: all members but event_type and session_id, as PostgreSQL prints them */
};

struct csv_options {
    bool neutralise;      /* texts that a spreadsheet would take for formulas */
    bool byte_order_mark; /* at the beginning */
};

struct item_format {
    enum representation representation;
    struct csv_options csv;
    struct buf opening; /* of each item: "event_type" and the name of what follows; a CSV cell */
    struct buf item;    /* what was made last */
    size_t n_items;     /* that were made */
};

/* For items of event_type. Allocates; look at item_format_failed. To be freed. */
struct item_format item_format_new(enum representation representation, struct bytes event_type, const struct csv_options *csv);
void item_format_free(struct item_format *format);

/* The text of the next item and of what stands before it, in two parts that follow each other, borrowed until the next call. */
void item_format_next(struct item_format *format, const struct item *item, struct bytes parts[2]);

/* What stands behind the last item, or the whole where there was none. */
struct bytes item_format_end(struct item_format *format);

/* Makes it new, for the same items once more. */
void item_format_restart(struct item_format *format);

/* Did memory fail, so that a text is not whole? */
bool item_format_failed(const struct item_format *format);

#endif
