/* pattern: the input is a pattern, a line feed and a text. A pattern that matches nowhere is one whose negation matches at the beginning. */
#include "model/pattern.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { NEGATED_MAX_BYTES = 2 * PATTERN_MAX_BYTES };

static enum pattern_outcome outcome(struct bytes source, struct bytes text, bool *is_valid)
{
    struct pattern_fault fault = { 0 };
    struct pattern *pattern = NULL;
    enum pattern_outcome found = PATTERN_TOO_COSTLY;
    enum status st = pattern_new(source, &pattern, &fault);

    *is_valid = st == STATUS_OK;
    MUST(*is_valid == (pattern != NULL) && *is_valid == pattern_is_valid(source));
    MUST(*is_valid || (st == STATUS_UNPROCESSABLE && fault.reason[0] && fault.offset <= source.len));
    if (*is_valid) {
        struct pattern_scratch *scratch = pattern_scratch_new();
        MUST(scratch);
        found = pattern_match(pattern, scratch, text);
        MUST(found == pattern_match(pattern, scratch, text));
        pattern_scratch_free(scratch);
    }
    pattern_free(pattern);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = fuzz_input(data, size), source;
    struct buf negated = buf_new(NEGATED_MAX_BYTES);
    bool is_valid, negated_is_valid;

    if (!bytes_cut(&text, '\n', &source))
        return 0;
    if (!text.p || utf8_error_offset(text) < text.len)
        text = BYTES("");
    enum pattern_outcome found = outcome(source, text, &is_valid);
    if (is_valid) {
        buf_add_text(&negated, "^(?![^]*(?:");
        buf_add(&negated, source);
        buf_add_text(&negated, "))");
        enum pattern_outcome not_found = outcome(buf_bytes(&negated), text, &negated_is_valid);
        bool is_decided = negated_is_valid && found != PATTERN_TOO_COSTLY && not_found != PATTERN_TOO_COSTLY;
        MUST(!is_decided || (found == PATTERN_MATCH) == (not_found == PATTERN_NO_MATCH));
    }
    buf_free(&negated);
    return 0;
}
