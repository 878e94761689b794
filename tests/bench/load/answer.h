/* Reads HTTP/1.1 answers from a connection, however the bytes come in pieces: status, length, and whether the connection stays.
 *
 * Bodies are counted, not kept. Left to others: the connection itself. */
#ifndef BENCH_LOAD_ANSWER_H
#define BENCH_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_HEAD_MAX_BYTES = 8192 };

enum answer_state {
    ANSWER_HEAD,
    ANSWER_LENGTH,
    ANSWER_CHUNK_SIZE,
    ANSWER_CHUNK,
    ANSWER_CHUNK_END,
    ANSWER_TRAILER,
    ANSWER_TO_THE_END
};

enum answer_event { ANSWER_MORE, ANSWER_DONE, ANSWER_BROKEN };

struct answer {
    enum answer_state state;
    int status;
    bool closes;         /* the server will close the connection behind it */
    uint64_t left;       /* bytes of the body, or of the chunk, that are still to come */
    uint64_t body_bytes; /* of the body, so far */
    size_t head_len;
    char head[ANSWER_HEAD_MAX_BYTES];
};

/* Makes it ready for the next answer. */
void answer_reset(struct answer *answer);

/* Takes len bytes. ANSWER_DONE: the answer is whole, and nothing is to follow it, since requests are not pipelined; ANSWER_BROKEN: it
 * is no HTTP. */
enum answer_event answer_take(struct answer *answer, const char *p, size_t len);

/* The server has closed the connection. */
enum answer_event answer_end(const struct answer *answer);

#endif
