/* A quick look at a text: could there be a card number or an IBAN in it? Nearly every event is let go here, so this is what scrubbing
 * costs. */
#ifndef SYNCHRONY_MODEL_SCRUB_SCREEN_H
#define SYNCHRONY_MODEL_SCRUB_SCREEN_H

#include <stdbool.h>

#include "base/bytes.h"

/* text is JSON, or the content of one of its strings. Returns false only where card_number and iban would find nothing in any string, name
 * or number of it, escapes and percent-encoding undone. */
bool scrub_screen(struct bytes text);

#endif
