/* scrub_text on what json_guard passes: what comes out is such a text again. And the screen lets no text go that has a number in it. */
#include "model/scrub.h"
#include "model/card_number.h"
#include "model/iban.h"
#include "model/json_guard.h"
#include "model/scrub_screen.h"
#include "model/scrub_view.h"
#include "tests/fuzz/fuzz.h"

typedef bool find_next(struct bytes text, size_t *from, struct span *found);

static bool finds(const struct scrub_view *view, size_t content_len, find_next *next)
{
    struct span found;
    size_t from = 0;
    bool has = next(scrub_view_text(view), &from, &found);

    MUST(!has || (found.begin < found.end && found.end <= view->len && view->origins[found.end] <= content_len));
    return has;
}

static bool has_number(struct bytes content)
{
    struct scrub_view view = { 0 };
    bool has = false;

    MUST(scrub_view_open(&view, content) == STATUS_OK);
    for (int i = 0; i < 4 && !has; i++) {
        scrub_view_fold_digits(&view);
        has = finds(&view, content.len, card_number_next) || finds(&view, content.len, iban_next);
        if (!scrub_view_decode(&view))
            break;
    }
    scrub_view_free(&view);
    return has;
}

static bool is_faultless(struct bytes text, struct arena *arena)
{
    const struct limits limits = LIMITS_DEFAULT;
    struct guard_result result;

    if (guard_scan(text, &limits, arena, &result) != STATUS_OK)
        return false;
    for (size_t i = 0; i < result.n_elements && i < limits.batch_max_events; i++) {
        if (result.elements[i].fault.status != STATUS_OK)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bytes parameters[] = { BYTES("a"), BYTES("b*") };
    static const struct scrub rules[] = {
        { .cards = SCRUB_MASK, .ibans = SCRUB_MASK },
        { .cards = SCRUB_MASK, .ibans = SCRUB_REJECT, .parameters = parameters, .n_parameters = 2 },
    };
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct bytes input = fuzz_input(data, size);
    bool is_json = is_faultless(input, &arena);

    MUST(scrub_screen(input) || !has_number(input));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct bytes text = input;
        struct scrub_report report;
        struct scrubber scrubber = { .scrub = &rules[i] };
        enum status st = scrub_text(&scrubber, &arena, &text, &report);
        MUST(st == STATUS_OK || st == STATUS_SENSITIVE || (st == STATUS_INTERNAL && !is_json));
        MUST(st != STATUS_OK || !is_json || is_faultless(text, &arena));
    }
    arena_free(&arena);
    return 0;
}
