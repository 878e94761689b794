/* Runs of bytes: a borrowed view (struct bytes) and a growing buffer with a ceiling (struct buf).
 *
 * Neither is terminated by a NUL unless it says so. Left to others: what the bytes mean, memory of a request (base/arena). */
#ifndef SYNCHRONY_BASE_BYTES_H
#define SYNCHRONY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* A view of bytes that somebody else owns. An absent value has p == NULL; an empty one has len == 0 and p != NULL. */
struct bytes {
    const char *p;
    size_t len;
};

/* The view of a string literal. */
#define BYTES(literal) ((struct bytes){ "" literal, sizeof(literal) - 1 })

/* The view of a C string; NULL gives the absent value. */
struct bytes bytes_of(const char *text);

bool bytes_equal(struct bytes a, struct bytes b);

/* ASCII case is ignored, as in HTTP's tokens. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

/* Order by unsigned byte values, a prefix before what it begins: PostgreSQL's collation "C". Returns < 0, 0 or > 0. */
int bytes_compare(struct bytes a, struct bytes b);

bool bytes_begins_with(struct bytes text, struct bytes prefix);

/* Without the bytes of set at either end. */
struct bytes bytes_trim(struct bytes text, const char *set);

/* Cuts text at the first separator: *head is what stands before it (all, if there is none) and text moves behind it.
 * Returns false when text was absent, that is at the end. */
bool bytes_cut(struct bytes *text, char separator, struct bytes *head);

/* A non-negative decimal number of ASCII digits alone, at most max. Returns false for anything else. */
bool bytes_to_size(struct bytes text, size_t max, size_t *value);

/* Reads n hexadecimal digits from offset at on, 8 at most. Returns false where there are not so many. */
bool bytes_read_hex(struct bytes text, size_t at, size_t n, unsigned *value);

/* A growing buffer. Its ceiling is set at birth; what does not fit is not appended, even in part, and failed stays set, so a
 * caller may append many times and look once. */
struct buf {
    char *p; /* owned; NUL-terminated once anything was appended */
    size_t len;
    size_t capacity;
    size_t ceiling; /* greatest len */
    bool failed;    /* the ceiling was met, or memory ran out */
};

/* A buffer that will never hold more than ceiling bytes. Allocates nothing. */
struct buf buf_new(size_t ceiling);
void buf_free(struct buf *buf);

/* A buffer in size bytes of the caller's memory, which it never leaves; not to be freed. */
struct buf buf_in(char *memory, size_t size);

/* Forget the content, keep the memory. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, struct bytes text);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends text as a JSON string with its quotes. Control characters are escaped; bytes that are no UTF-8 are passed on. */
void buf_add_json(struct buf *buf, struct bytes text);

/* Room for len more bytes at the end, to be written by the caller, who then calls buf_grown. NULL when it does not fit. */
char *buf_room(struct buf *buf, size_t len);
void buf_grown(struct buf *buf, size_t len);

struct bytes buf_bytes(const struct buf *buf);

#endif
