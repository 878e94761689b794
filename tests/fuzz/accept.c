/* accept, etag: header fields of any form choose something, or nothing; what is added to a list takes nothing away. */
#include "model/accept.h"
#include "model/etag.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bytes tag = BYTES("\"abc\"");
    struct bytes input = fuzz_input(data, size);
    struct buf list = buf_new(1 << 20);
    enum representation chosen = REPRESENTATION_COUNT;

    (void)accept_choose(input, &chosen);
    MUST(chosen < REPRESENTATION_COUNT);
    buf_add_text(&list, "\"abc\", ");
    buf_add(&list, input);
    MUST(list.failed || etag_is_named(buf_bytes(&list), tag));
    MUST(!etag_is_any(input) || etag_is_named(input, tag));
    buf_free(&list);
    return 0;
}
