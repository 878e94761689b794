/* Bodies that come compressed (Content-Encoding: gzip; RFC 1952). The only door to libdeflate.
 *
 * The result has a ceiling that is set before a byte is written, so a bomb costs no more than a body of that size. */
#ifndef SYNCHRONY_MODEL_GZIP_H
#define SYNCHRONY_MODEL_GZIP_H

#include "base/arena.h"
#include "base/bytes.h"

struct gunzip;

/* Used by one thread at a time. Returns NULL without memory. */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

/* Decompresses data, one gzip member or several in a row, to at most max_bytes.
 *
 * text  in arena, with a NUL behind it.
 * Returns STATUS_TOO_LARGE when there is more than max_bytes, STATUS_INVALID_ENCODING when data is no gzip, is damaged or ends early,
 * STATUS_NO_MEMORY. */
enum status gunzip_text(struct gunzip *gunzip, struct bytes data, size_t max_bytes, struct arena *arena,
                        struct bytes *text) MUST_USE;

#endif
