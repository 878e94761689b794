/* array_splitter: windows of any size find what one window finds, and in an array that json_guard passes the same elements as the guard. The
 * first byte of the input is the size of a window. */
#include "model/array_splitter.h"
#include "model/json_guard.h"
#include "tests/fuzz/fuzz.h"

enum { ELEMENTS_MAX = 4096 };

struct found {
    struct guard_span elements[ELEMENTS_MAX];
    size_t n;
    bool is_done;
    bool is_faulty;
    size_t fault_offset;
};

/* All of text, of which at first one window is seen, and one more each time that this is too little. */
static void split(struct bytes text, size_t window, struct found *found)
{
    struct array_splitter splitter = { 0 };
    size_t at = 0, seen = window < text.len ? window : text.len;

    found->n = 0;
    found->is_faulty = false;
    for (;;) {
        struct bytes element;
        const char *expected = NULL;
        size_t consumed = 0;
        enum splitter_finding finding =
            array_splitter_next(&splitter, (struct bytes){ text.p + at, seen - at }, &consumed, &element, &expected);
        MUST(consumed <= seen - at && (finding != SPLITTER_ELEMENT || consumed));
        if (finding == SPLITTER_ELEMENT) {
            MUST(element.p >= text.p + at && element.p + element.len <= text.p + seen);
            size_t begin = (size_t)(element.p - text.p);
            if (found->n < ELEMENTS_MAX)
                found->elements[found->n++] = (struct guard_span){ begin, begin + element.len };
        }
        at += consumed;
        if (finding == SPLITTER_FAULT) {
            MUST(expected);
            found->is_faulty = true;
            found->fault_offset = at;
            break;
        }
        if (finding == SPLITTER_MORE && seen == text.len)
            break;
        if (finding == SPLITTER_MORE)
            seen = window < text.len - seen ? seen + window : text.len;
    }
    found->is_done = !found->is_faulty && at == text.len && array_splitter_is_done(&splitter);
}

static void compare(const struct found *a, const struct found *b)
{
    MUST(a->n == b->n && a->is_done == b->is_done && a->is_faulty == b->is_faulty);
    MUST(!a->is_faulty || a->fault_offset == b->fault_offset);
    MUST(memcmp(a->elements, b->elements, a->n * sizeof a->elements[0]) == 0);
}

static void compare_with_guard(struct bytes text, const struct found *found)
{
    struct limits limits = LIMITS_DEFAULT;
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct guard_result result;

    limits.batch_max_events = ELEMENTS_MAX;
    if (guard_scan(text, &limits, &arena, &result) == STATUS_OK && result.is_array && result.n_elements < ELEMENTS_MAX) {
        MUST(found->is_done && found->n == result.n_elements);
        for (size_t i = 0; i < found->n; i++)
            MUST(found->elements[i].begin == result.elements[i].text.begin &&
                 found->elements[i].end == result.elements[i].text.end);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct found whole, pieces;

    if (size < 1)
        return 0;
    struct bytes text = fuzz_input(data + 1, size - 1);
    split(text, text.len, &whole);
    split(text, (size_t)data[0] % 61 + 1, &pieces);
    compare(&whole, &pieces);
    compare_with_guard(text, &whole);
    return 0;
}
