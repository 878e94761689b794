/* selection: what is read leads to a next page that is read again, with the same parameters and from the place where the first ended. */
#include "model/selection.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct selection_place place = { { "s\xc3\xa4&", 4 }, -1, { "0123456789abcde" } };
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct buf next = buf_new(1 << 20);
    struct selection selection, again;
    struct problem problem = { 0 };
    enum status st = selection_read(fuzz_input(data, size), &arena, &selection, &problem);

    MUST(st == STATUS_OK || st == STATUS_INVALID_PARAMETER || st == STATUS_MISSING_PARAMETER);
    if (st == STATUS_OK) {
        selection_add_next(&selection, &place, &next);
        MUST(!next.failed && selection_read(buf_bytes(&next), &arena, &again, &problem) == STATUS_OK);
        for (size_t i = 0; i < SELECTION_CURSOR; i++)
            MUST(bytes_equal(selection.given[i], again.given[i]) && !selection.given[i].p == !again.given[i].p);
        MUST(bytes_equal(again.after.session_id, place.session_id) && again.after.occurred_at_us == place.occurred_at_us);
        MUST(selection.limit <= SELECTION_LIMIT_MAX && selection.event_type.len);
    }
    buf_free(&next);
    arena_free(&arena);
    return 0;
}
