/* Takes out of an event what must not be kept: payment card numbers, IBANs, what configured patterns match, and parameters of page_url that
 * are not on a list. The first thing that is done with an event after json_guard, so nothing behind it sees what was taken out.
 *
 * Looks at every string, member names included, with its escapes and percent-encoding undone, and at numbers. What a rule finds is
 * replaced by a mask, the rule's name between asterisks ("*card*"): of the value itself nothing is left, neither first six nor last four
 * digits, for what analysts want to know is that a page lets it through. A mask needs no escape in JSON or in a URI, and no rule finds
 * anything in it. All other bytes stay as they were posted. Not looked at are an event_id that is a UUID and a timestamp of RFC 3339: they
 * are what makes an event the same when it is sent again, and have no room for anything else. Left to others: what a card number is
 * (card_number), what an IBAN is (iban). */
#ifndef SYNCHRONY_MODEL_SCRUB_H
#define SYNCHRONY_MODEL_SCRUB_H

#include "base/arena.h"
#include "base/bytes.h"
#include "model/json_guard.h"
#include "model/limits.h"
#include "model/pattern.h"
#include "model/problem.h"

enum scrub_action {
    SCRUB_OFF,
    SCRUB_MASK,
    SCRUB_REJECT /* an event that holds it is refused */
};

/* The rules by number; the patterns in their order from SCRUB_PATTERNS on. */
enum {
    SCRUB_CARDS,
    SCRUB_IBANS,
    SCRUB_PARAMETERS,
    SCRUB_PATTERNS,
    SCRUB_PATTERNS_MAX = 16,
    SCRUB_RULES = SCRUB_PATTERNS + SCRUB_PATTERNS_MAX,
    SCRUB_NAME_MAX_BYTES = 32
};

struct scrub_pattern {
    char *name; /* of [a-z0-9_-], up to SCRUB_NAME_MAX_BYTES; owned, as is the pattern */
    enum scrub_action action;
    struct pattern *pattern;
};

/* The rules; all zero: there are none. Unchanged while it is used. */
struct scrub {
    enum scrub_action cards;
    enum scrub_action ibans;
    const struct bytes
        *parameters; /* of page_url that are kept, a name or, with an asterisk behind it, a beginning; none: all are */
    size_t n_parameters;
    const struct scrub_pattern *patterns;
    size_t n_patterns;
};

/* What one thread scrubs with, one text after the other. Starts as { .scrub }. */
struct scrubber {
    const struct scrub *scrub;       /* the rules; borrowed */
    struct pattern_scratch *scratch; /* what patterns are matched with, once one was; owned */
    bool is_thorough;                /* nothing is let go at a glance: for tests, which hold the one against the other */
};

void scrubber_free(struct scrubber *scrubber);

/* What was done. */
struct scrub_report {
    unsigned counts[SCRUB_RULES]; /* how often each rule found something */
    unsigned refused_by;          /* on STATUS_SENSITIVE: the rule */
    struct bytes pointer;         /* and where (JSON Pointer, RFC 6901), names in it masked; in the arena */
};

/* Reads a pattern as it is configured: NAME:ACTION:EXPRESSION. What pattern has is the caller's to free (scrub_pattern_free).
 * Returns STATUS_CONFIG, the reason in problem, or STATUS_NO_MEMORY. */
enum status scrub_pattern_read(struct bytes text, struct scrub_pattern *pattern, struct problem *problem) MUST_USE;
void scrub_pattern_free(struct scrub_pattern *pattern);

/* A rule's name, as it stands in its mask: "card". */
const char *scrub_rule_name(const struct scrub *scrub, unsigned rule);

/* Scrubs a JSON text that json_guard has found well-formed; faults of its elements do not matter.
 *
 * text    where nothing is to be done it stays what it was; else it becomes the scrubbed text, in the arena, with a byte behind it. That
 * is valid JSON again; a masked number is a string, and a name that would stand twice in its object then gets a number behind it
 * ("*card**2"). report  may be NULL. Returns STATUS_SENSITIVE where a rule says so; STATUS_NO_MEMORY; STATUS_INTERNAL where the text was
 * not well-formed. */
enum status scrub_text(struct scrubber *scrubber, struct arena *arena, struct bytes *text, struct scrub_report *report) MUST_USE;

/* Does a rule find something in a text that is no JSON? */
bool scrub_finds(struct scrubber *scrubber, struct bytes text);

/* Scrubs one element that json_guard has passed.
 *
 * text, element  what guard_scan was given and has found; where something is to be done they become the scrubbed event's own, in the arena.
 * An element that has a fault, is longer than limits allow, or has a key that is no string stays as it is: it will be refused.
 * Nor is event_type or session_id ever masked, for the items of all that were masked would be one: STATUS_SENSITIVE, and text and element
 * are what they were.
 * problem        says rule and place on STATUS_SENSITIVE. Returns also STATUS_NO_MEMORY, STATUS_INTERNAL. */
enum status scrub_event(struct scrubber *scrubber, const struct limits *limits, struct arena *arena, struct bytes *text,
                        const struct guard_element **element, struct scrub_report *report, struct problem *problem) MUST_USE;

#endif
