/* Scrubbing in the way of a request: by the rules of the configuration, and counted. */
#ifndef SYNCHRONY_APP_SCRUBBING_H
#define SYNCHRONY_APP_SCRUBBING_H

#include "model/scrub.h"

/* As scrub_event. What comes out may be stored, queued, set aside and logged; what goes in may not. */
enum status scrubbing_event(struct scrubber *scrubber, const struct limits *limits, struct arena *arena, struct bytes *text,
                            const struct guard_element **element, struct problem *problem) MUST_USE;

#endif
