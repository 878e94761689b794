#include "model/pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "model/ecma_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    TRANSLATED_MAX_BYTES = 128 * PATTERN_MAX_BYTES, /* no construct grows to more */
    /* PCRE2 counts how often it starts on a way through the pattern, and each may look at all of the text before it fails. */
    STARTS_MAX = 200000,
    STEPS_MAX = 25000000,
    STARTS_MIN = 250,
    HEAP_MAX_KIB = 4096,
    /* How much of them a match took PCRE2 does not tell. So the first try is given few, and each further one this many times as many:
     * what the last one but one was given is spent. */
    STARTS_FIRST = 64,
    STARTS_GROWTH = 8,
};

struct pattern {
    pcre2_code *code;
    bool repeats_long;
};

struct pattern_scratch {
    pcre2_match_context *context;
    pcre2_match_data *data;
    size_t starts_left; /* of pattern_allow */
};

static enum status fault_of(struct pattern_fault *fault, size_t offset, const char *reason)
{
    fault->offset = offset;
    snprintf(fault->reason, sizeof fault->reason, "%s", reason);
    return STATUS_UNPROCESSABLE;
}

/* Anchored; where the pattern is not, with the way to the first match written out: so PCRE2 counts each place where it tries. The match
 * begins behind it (\K). */
static enum status translate(struct bytes text, struct buf *to, struct bytes *translated, bool *repeats_long,
                             struct pattern_fault *fault)
{
    const struct bytes search = BYTES("(?s:.)*?\\K");
    struct ecma_pattern pattern = { .text = text, .to = to };

    if (text.len > PATTERN_MAX_BYTES)
        return fault_of(fault, 0, "a pattern has at most 4096 bytes");
    size_t error = utf8_error_offset(text);
    if (error < text.len)
        return fault_of(fault, error, "not valid UTF-8");
    buf_add(to, search);
    buf_add_text(to, "(?:");
    if (!ecma_pattern_translate(&pattern))
        return fault_of(fault, pattern.fault_offset, pattern.fault);
    buf_add_text(to, ")");
    *repeats_long = pattern.repeats_long;
    *translated = buf_bytes(to);
    if (pattern.is_anchored && !to->failed)
        *translated = (struct bytes){ translated->p + search.len, translated->len - search.len };
    return to->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* The search for the first match is in the pattern already: PCRE2's own preparations for it (PCRE2_NO_START_OPTIMIZE) would find nothing to
 * do but to read 16 bytes at a time, past the end of a text, which valgrind takes for a fault. */
static enum status compile(struct bytes translated, pcre2_code **code, struct pattern_fault *fault)
{
    const uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED | PCRE2_NO_START_OPTIMIZE | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP;
    PCRE2_SIZE offset;
    int error;

    *code = pcre2_compile((PCRE2_SPTR)translated.p, translated.len, options, &error, &offset, NULL);
    if (*code)
        return STATUS_OK;
    if (error == PCRE2_ERROR_HEAP_FAILED)
        return STATUS_NO_MEMORY;
    char reason[sizeof fault->reason];
    if (pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof reason) < 0)
        return fault_of(fault, 0, "the pattern cannot be compiled");
    return fault_of(fault, 0, reason);
}

static enum status code_new(struct bytes text, pcre2_code **code, bool *repeats_long, struct pattern_fault *fault)
{
    struct buf memory = buf_new(TRANSLATED_MAX_BYTES);
    struct bytes translated;
    enum status st = translate(text, &memory, &translated, repeats_long, fault);

    if (st == STATUS_OK)
        st = compile(translated, code, fault);
    buf_free(&memory);
    return st;
}

/* Machine code matches in a fourth of the instructions, within the same limits. Where a system allows none (a service that may not make
 * memory executable), or the machine stack that it takes 32 KiB of is too little, the interpreter does the same. */
enum status pattern_new(struct bytes text, struct pattern **pattern, struct pattern_fault *fault)
{
    struct pattern *made = calloc(1, sizeof *made);

    *pattern = NULL;
    if (!made)
        return STATUS_NO_MEMORY;
    enum status st = code_new(text, &made->code, &made->repeats_long, fault);
    if (st != STATUS_OK) {
        pattern_free(made);
        return st;
    }
    (void)pcre2_jit_compile(made->code, PCRE2_JIT_COMPLETE);
    *pattern = made;
    return STATUS_OK;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern)
        pcre2_code_free(pattern->code);
    free(pattern);
}

struct pattern_scratch *pattern_scratch_new(void)
{
    struct pattern_scratch *scratch = calloc(1, sizeof *scratch);

    if (!scratch)
        return NULL;
    scratch->context = pcre2_match_context_create(NULL);
    scratch->data = pcre2_match_data_create(1, NULL);
    if (!scratch->context || !scratch->data) {
        pattern_scratch_free(scratch);
        return NULL;
    }
    pcre2_set_heap_limit(scratch->context, HEAP_MAX_KIB);
    scratch->starts_left = SIZE_MAX;
    return scratch;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
    if (scratch) {
        pcre2_match_data_free(scratch->data);
        pcre2_match_context_free(scratch->context);
    }
    free(scratch);
}

static uint32_t starts_allowed(const struct pattern *pattern, size_t text_len)
{
    size_t starts = STARTS_MAX;

    if (pattern->repeats_long && text_len > STEPS_MAX / STARTS_MAX)
        starts = STEPS_MAX / text_len;
    return (uint32_t)(starts > STARTS_MIN ? starts : STARTS_MIN);
}

void pattern_allow(struct pattern_scratch *scratch, size_t matches)
{
    scratch->starts_left = matches * STARTS_MAX;
}

static int match_within(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text, size_t from,
                        uint32_t starts)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.p ? text.p : "");
    const uint32_t options = PCRE2_NO_UTF_CHECK;

    pcre2_set_match_limit(scratch->context, starts);
    int found = pcre2_match(pattern->code, subject, text.len, from, options, scratch->data, scratch->context);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(pattern->code, subject, text.len, from, options | PCRE2_NO_JIT, scratch->data, scratch->context);
    return found;
}

static enum pattern_outcome match_from(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text,
                                       size_t from)
{
    size_t allowed = starts_allowed(pattern, text.len);
    size_t starts = STARTS_FIRST;
    int found = match_within(pattern, scratch, text, from, STARTS_FIRST);

    while (found == PCRE2_ERROR_MATCHLIMIT && starts < allowed && starts < scratch->starts_left) {
        if (scratch->starts_left != SIZE_MAX)
            scratch->starts_left -= starts;
        starts = starts * STARTS_GROWTH < allowed ? starts * STARTS_GROWTH : allowed;
        found = match_within(pattern, scratch, text, from, (uint32_t)starts);
    }
    if (found >= 0)
        return PATTERN_MATCH;
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_NO_MATCH : PATTERN_TOO_COSTLY;
}

enum pattern_outcome pattern_match(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text)
{
    return match_from(pattern, scratch, text, 0);
}

enum pattern_outcome pattern_find(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text, size_t from,
                                  struct span *found)
{
    enum pattern_outcome outcome = match_from(pattern, scratch, text, from);

    if (outcome == PATTERN_MATCH) {
        const size_t *ends = pcre2_get_ovector_pointer(scratch->data);
        *found = (struct span){ ends[0], ends[1] };
    }
    return outcome;
}

bool pattern_is_valid(struct bytes text)
{
    struct pattern_fault fault;
    pcre2_code *code = NULL;
    bool repeats_long;
    enum status st = code_new(text, &code, &repeats_long, &fault);

    pcre2_code_free(code);
    return st == STATUS_OK;
}
