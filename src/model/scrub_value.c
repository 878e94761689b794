#include "model/scrub_value.h"

#include <stdlib.h>
#include <string.h>

#include "model/card_number.h"
#include "model/iban.h"
#include "model/scrub_screen.h"
#include "model/separator.h"

/* A pass may bring what it has cut apart into another light: most end with the second, and what does not come to rest is masked as a whole.
 * Encodings within one another end likewise. */
enum { PASSES_MAX = 8, ENCODINGS_MAX = 3, FIRST_FINDINGS = 16, COSTLY_MATCHES_MAX = 4 /* of a text */ };

/* A piece of a string's content that a rule has found. */
struct scrub_finding {
    struct span span;
    unsigned rule;
};

struct scrub_work scrub_work_begin(struct scrubber *scrubber, size_t ceiling)
{
    if (scrubber->scratch)
        pattern_allow(scrubber->scratch, COSTLY_MATCHES_MAX);
    return (struct scrub_work){ .scrub = scrubber->scrub, .scrubber = scrubber, .ceiling = ceiling };
}

void scrub_work_end(struct scrub_work *work)
{
    scrub_view_free(&work->view);
    free(work->findings);
    buf_free(&work->contents[0]);
    buf_free(&work->contents[1]);
}

void scrub_mask(const struct scrub *scrub, unsigned rule, struct buf *to)
{
    buf_add_text(to, "*");
    buf_add_text(to, scrub_rule_name(scrub, rule));
    buf_add_text(to, "*");
}

/* ---- finding ---- */

static enum status note(struct scrub_work *work, struct span span, unsigned rule)
{
    if (work->n_findings == work->findings_capacity) {
        size_t capacity = work->findings_capacity ? 2 * work->findings_capacity : FIRST_FINDINGS;
        struct scrub_finding *grown = realloc(work->findings, capacity * sizeof *grown);
        if (!grown)
            return STATUS_NO_MEMORY;
        work->findings = grown;
        work->findings_capacity = capacity;
    }
    work->findings[work->n_findings++] = (struct scrub_finding){ span, rule };
    return STATUS_OK;
}

static enum status refuse(struct scrub_work *work, unsigned rule)
{
    work->refused_by = rule;
    return STATUS_SENSITIVE;
}

/* What is to be done where a rule has found something. */
static enum status act(struct scrub_work *work, struct span found, enum scrub_action action, unsigned rule)
{
    if ((action == SCRUB_REJECT && !work->only_masks) || work->refuses_all)
        return refuse(work, rule);
    return note(work, (struct span){ work->view.origins[found.begin], work->view.origins[found.end] }, rule);
}

typedef bool find_next(struct bytes text, size_t *from, struct span *found);

/* Notes all that a rule finds in the view. */
static enum status find(struct scrub_work *work, find_next *next, enum scrub_action action, unsigned rule)
{
    enum status st = STATUS_OK;
    struct span found;
    size_t from = 0;

    while (st == STATUS_OK && action != SCRUB_OFF && next(scrub_view_text(&work->view), &from, &found))
        st = act(work, found, action, rule);
    return st;
}

/* Behind the character at `at`. */
static size_t next_character(struct bytes text, size_t at)
{
    do
        at++;
    while (at < text.len && ((unsigned char)text.p[at] & 0xc0) == 0x80);
    return at;
}

/* Of what costs too much nobody knows whether it matches: all of the string is taken for a match. */
static enum status find_pattern(struct scrub_work *work, unsigned rule)
{
    const struct scrub_pattern *pattern = &work->scrub->patterns[rule - SCRUB_PATTERNS];
    struct bytes text = scrub_view_text(&work->view);
    enum status st = STATUS_OK;
    struct span found = { 0, 0 };

    for (size_t at = 0; st == STATUS_OK && at < text.len;) {
        enum pattern_outcome outcome = pattern_find(pattern->pattern, work->scrubber->scratch, text, at, &found);
        if (outcome == PATTERN_NO_MATCH)
            break;
        if (outcome == PATTERN_TOO_COSTLY)
            found = (struct span){ 0, text.len };
        if (found.end > found.begin)
            st = act(work, found, pattern->action, rule);
        at = found.end > found.begin ? found.end : next_character(text, found.end);
    }
    return st;
}

static enum status prepare_scratch(struct scrubber *scrubber)
{
    if (scrubber->scratch)
        return STATUS_OK;
    scrubber->scratch = pattern_scratch_new();
    if (!scrubber->scratch)
        return STATUS_NO_MEMORY;
    pattern_allow(scrubber->scratch, COSTLY_MATCHES_MAX);
    return STATUS_OK;
}

static enum status find_patterns(struct scrub_work *work)
{
    enum status st = STATUS_OK;

    if (!work->scrub->n_patterns)
        return st;
    if (prepare_scratch(work->scrubber) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; st == STATUS_OK && i < work->scrub->n_patterns; i++) {
        if (work->scrub->patterns[i].action != SCRUB_OFF)
            st = find_pattern(work, SCRUB_PATTERNS + i);
    }
    return st;
}

static enum status find_all(struct scrub_work *work, struct bytes content, bool has_no_numbers)
{
    enum status st = scrub_view_open(&work->view, content);

    work->n_findings = 0;
    for (int i = 0; st == STATUS_OK && i <= ENCODINGS_MAX; i++) {
        if (!has_no_numbers)
            scrub_view_fold_digits(&work->view);
        if (!has_no_numbers)
            st = find(work, card_number_next, work->scrub->cards, SCRUB_CARDS);
        if (st == STATUS_OK && !has_no_numbers)
            st = find(work, iban_next, work->scrub->ibans, SCRUB_IBANS);
        if (st == STATUS_OK)
            st = find_patterns(work);
        if (!scrub_view_decode(&work->view))
            break;
    }
    return st;
}

/* ---- masking ---- */

static int compare(const void *a, const void *b)
{
    const struct scrub_finding *first = a, *second = b;

    if (first->span.begin != second->span.begin)
        return first->span.begin < second->span.begin ? -1 : 1;
    return first->span.end > second->span.end ? -1 : first->span.end < second->span.end;
}

/* Makes one finding of all that there are: the whole content. */
static void take_all(struct scrub_work *work, struct bytes content)
{
    work->findings[0].span = (struct span){ 0, content.len };
    work->n_findings = 1;
}

/* Writes content with the findings masked; those that overlap become one. */
static enum status mask_all(struct scrub_work *work, struct bytes content, struct buf *to)
{
    size_t done = 0, i = 0;

    buf_reset(to);
    qsort(work->findings, work->n_findings, sizeof *work->findings, compare);
    while (i < work->n_findings) {
        struct scrub_finding finding = work->findings[i];
        for (; i < work->n_findings && work->findings[i].span.begin < finding.span.end; i++) {
            if (work->findings[i].span.end > finding.span.end)
                finding.span.end = work->findings[i].span.end;
        }
        buf_add(to, (struct bytes){ content.p + done, finding.span.begin - done });
        scrub_mask(work->scrub, finding.rule, to);
        work->counts[finding.rule]++;
        done = finding.span.end;
    }
    buf_add(to, (struct bytes){ content.p + done, content.len - done });
    return to->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

struct buf *scrub_work_buffer(struct scrub_work *work, struct bytes content)
{
    struct buf *to = &work->contents[content.p == work->contents[0].p];

    if (!to->ceiling)
        *to = buf_new(work->ceiling);
    return to;
}

bool scrub_is_clean(const struct scrubber *scrubber, struct bytes text)
{
    const struct scrub *scrub = scrubber->scrub;

    return !scrubber->is_thorough && !scrub->n_patterns &&
           ((scrub->cards == SCRUB_OFF && scrub->ibans == SCRUB_OFF) || !scrub_screen(text));
}

enum status scrub_string(struct scrub_work *work, struct bytes *content)
{
    enum status st = STATUS_OK;

    if (scrub_is_clean(work->scrubber, *content))
        return STATUS_OK;
    for (int pass = 0; st == STATUS_OK && pass <= PASSES_MAX; pass++) {
        struct buf *to = scrub_work_buffer(work, *content);
        /* What a pattern has cut short may be a number then. */
        st = find_all(work, *content, work->has_no_numbers && pass == 0);
        if (st != STATUS_OK || !work->n_findings)
            break;
        if (pass == PASSES_MAX)
            take_all(work, *content);
        st = mask_all(work, *content, to);
        *content = buf_bytes(to);
    }
    return st;
}

/* ---- numbers ---- */

/* The digits of a whole number of at most as many as a card has, without sign, point and exponent. Returns how many; 0: it is none, or one
 * that is not written out: of 43e11 nobody says that it is a card's. */
static size_t whole_digits(struct bytes number, char digits[CARD_NUMBER_MAX_DIGITS])
{
    size_t n = 0, at = number.p[0] == '-', fraction = 0, exponent = 0;
    bool in_fraction = false;

    for (; at < number.len && (number.p[at] | 0x20) != 'e'; at++) {
        if (number.p[at] == '.') {
            in_fraction = true;
            continue;
        }
        if (n == CARD_NUMBER_MAX_DIGITS && number.p[at] == '0' && in_fraction)
            continue;
        if (n == CARD_NUMBER_MAX_DIGITS)
            return 0;
        fraction += in_fraction;
        digits[n++] = number.p[at];
    }
    if (n < CARD_NUMBER_MIN_DIGITS)
        return 0;
    if (at < number.len) {
        at++;
        at += at < number.len && number.p[at] == '+';
        if (!bytes_to_size((struct bytes){ number.p + at, number.len - at }, CARD_NUMBER_MAX_DIGITS, &exponent))
            return 0;
    }
    for (; fraction > exponent && n && digits[n - 1] == '0'; fraction--)
        n--;
    for (; exponent > fraction && n < CARD_NUMBER_MAX_DIGITS; exponent--)
        digits[n++] = '0';
    return fraction == exponent ? n : 0;
}

/* Replaces a number by a string. */
static enum status mask_number(struct scrub_work *work, unsigned rule, struct bytes *number)
{
    struct buf *to = scrub_work_buffer(work, *number);

    buf_reset(to);
    buf_add_text(to, "\"");
    scrub_mask(work->scrub, rule, to);
    buf_add_text(to, "\"");
    work->counts[rule]++;
    *number = buf_bytes(to);
    return to->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status scrub_number(struct scrub_work *work, struct bytes *number)
{
    char digits[CARD_NUMBER_MAX_DIGITS];
    const struct scrub *scrub = work->scrub;

    if (scrub->cards != SCRUB_OFF && number->len >= CARD_NUMBER_MIN_DIGITS) {
        size_t n = whole_digits(*number, digits);
        if (card_number_is((struct bytes){ digits, n }))
            return scrub->cards == SCRUB_REJECT ? refuse(work, SCRUB_CARDS) : mask_number(work, SCRUB_CARDS, number);
    }
    if (!scrub->n_patterns)
        return STATUS_OK;
    work->n_findings = 0;
    enum status st = scrub_view_open(&work->view, *number);
    if (st == STATUS_OK)
        st = find_patterns(work);
    return st == STATUS_OK && work->n_findings ? mask_number(work, work->findings[0].rule, number) : st;
}
