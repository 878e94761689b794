#include "model/scrub_value.h"

#include <stdlib.h>
#include <string.h>

#include "model/card_number.h"
#include "model/iban.h"
#include "model/scrub_screen.h"
#include "model/separator.h"

/* A pass may bring what it has cut apart into another light: most end with the second. So do encodings within one another. */
enum { PASSES_MAX = 8, ENCODINGS_MAX = 3, FIRST_FINDINGS = 16 };

/* A piece of a string's content that a rule has found. */
struct scrub_finding {
    struct span span;
    unsigned rule;
};

void scrub_work_free(struct scrub_work *work)
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

typedef bool find_next(struct bytes text, size_t *from, struct span *found);

/* Notes all that a rule finds in the view. */
static enum status find(struct scrub_work *work, find_next *next, enum scrub_action action, unsigned rule)
{
    enum status st = STATUS_OK;
    struct span found;
    size_t from = 0;

    while (st == STATUS_OK && action != SCRUB_OFF && next(scrub_view_text(&work->view), &from, &found)) {
        if (action == SCRUB_REJECT)
            return refuse(work, rule);
        st = note(work, (struct span){ work->view.origins[found.begin], work->view.origins[found.end] }, rule);
    }
    return st;
}

static enum status find_all(struct scrub_work *work, struct bytes content)
{
    enum status st = scrub_view_open(&work->view, content);

    work->n_findings = 0;
    for (int i = 0; st == STATUS_OK && i <= ENCODINGS_MAX; i++) {
        st = find(work, card_number_next, work->scrub->cards, SCRUB_CARDS);
        if (st == STATUS_OK)
            st = find(work, iban_next, work->scrub->ibans, SCRUB_IBANS);
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

enum status scrub_string(struct scrub_work *work, struct bytes *content)
{
    enum status st = STATUS_OK;

    if (!scrub_screen(*content))
        return STATUS_OK;
    for (int pass = 0; st == STATUS_OK && pass < PASSES_MAX; pass++) {
        struct buf *to = scrub_work_buffer(work, *content);
        st = find_all(work, *content);
        if (st != STATUS_OK || !work->n_findings)
            break;
        st = mask_all(work, *content, to);
        *content = buf_bytes(to);
    }
    return st;
}

/* ---- numbers ---- */

/* The digits of a whole number of at most as many as a card has, without sign, point and exponent. Returns how many; 0: it is none. */
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

enum status scrub_number(struct scrub_work *work, struct bytes *number)
{
    char digits[CARD_NUMBER_MAX_DIGITS];
    struct buf *to = scrub_work_buffer(work, *number);

    if (work->scrub->cards == SCRUB_OFF || number->len < CARD_NUMBER_MIN_DIGITS)
        return STATUS_OK;
    size_t n = whole_digits(*number, digits);
    if (!card_number_is((struct bytes){ digits, n }))
        return STATUS_OK;
    if (work->scrub->cards == SCRUB_REJECT)
        return refuse(work, SCRUB_CARDS);
    buf_reset(to);
    buf_add_text(to, "\"");
    scrub_mask(work->scrub, SCRUB_CARDS, to);
    buf_add_text(to, "\"");
    work->counts[SCRUB_CARDS]++;
    *number = buf_bytes(to);
    return to->failed ? STATUS_NO_MEMORY : STATUS_OK;
}
