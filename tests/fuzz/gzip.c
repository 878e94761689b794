/* gzip: any input as compressed data, within its ceiling; and any input compressed reads back. */
#include <libdeflate.h>

#include "model/gzip.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_MAX_BYTES = 64 * 1024 };

static void read_back(struct gunzip *gunzip, struct bytes want, struct arena *arena)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
    struct bytes text;

    MUST(compressor);
    size_t bound = libdeflate_gzip_compress_bound(compressor, want.len);
    char *compressed = malloc(bound);
    MUST(compressed);
    size_t len = libdeflate_gzip_compress(compressor, want.p, want.len, compressed, bound);
    MUST(gunzip_text(gunzip, (struct bytes){ compressed, len }, want.len, arena, &text) == STATUS_OK);
    MUST(bytes_equal(text, want));
    if (want.len)
        MUST(gunzip_text(gunzip, (struct bytes){ compressed, len }, want.len - 1, arena, &text) == STATUS_TOO_LARGE);
    /* libdeflate takes what is missing for zeros, and may find more text in them. */
    MUST(gunzip_text(gunzip, (struct bytes){ compressed, len - 1 }, want.len + TEXT_MAX_BYTES, arena, &text) ==
         STATUS_INVALID_ENCODING);
    free(compressed);
    libdeflate_free_compressor(compressor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gunzip *gunzip = gunzip_new();
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct bytes input = fuzz_input(data, size), text;

    MUST(gunzip);
    enum status st = gunzip_text(gunzip, input, TEXT_MAX_BYTES, &arena, &text);
    MUST(st == STATUS_OK || st == STATUS_INVALID_ENCODING || st == STATUS_TOO_LARGE);
    MUST(st != STATUS_OK || (text.len <= TEXT_MAX_BYTES && text.p[text.len] == '\0'));
    if (size <= TEXT_MAX_BYTES)
        read_back(gunzip, input, &arena);
    arena_free(&arena);
    gunzip_free(gunzip);
    return 0;
}
