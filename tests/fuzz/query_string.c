/* query_string: what is read is UTF-8 without NUL, and written as a form it reads back. */
#include "model/query_string.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = { "event_type", "session_id", "a" };
enum { N = 3, ENCODED_MAX_BYTES = 1 << 20 };

static void encode(struct buf *to, const struct bytes *values)
{
    for (size_t i = 0; i < N; i++) {
        if (!values[i].p)
            continue;
        buf_add_format(to, "&%s=", names[i]);
        for (size_t k = 0; k < values[i].len; k++)
            buf_add_format(to, "%%%02X", (unsigned)(unsigned char)values[i].p[k]);
    }
    MUST(!to->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct buf encoded = buf_new(ENCODED_MAX_BYTES);
    struct bytes values[N] = { 0 }, again[N] = { 0 };
    struct problem problem = { 0 };
    enum status st = query_string_read(fuzz_input(data, size), names, N, &arena, values, &problem);

    MUST(st == STATUS_OK || st == STATUS_INVALID_PARAMETER);
    if (st == STATUS_OK) {
        for (size_t i = 0; i < N; i++)
            MUST(utf8_error_offset(values[i]) == values[i].len && (!values[i].len || !memchr(values[i].p, '\0', values[i].len)));
        encode(&encoded, values);
        MUST(query_string_read(buf_bytes(&encoded), names, N, &arena, again, &problem) == STATUS_OK);
        for (size_t i = 0; i < N; i++)
            MUST(bytes_equal(values[i], again[i]) && !values[i].p == !again[i].p);
    }
    buf_free(&encoded);
    arena_free(&arena);
    return 0;
}
