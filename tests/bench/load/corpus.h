/* The events that the benchmark posts: page views of one length, which differ in session, time and page.
 *
 * The same numbers give the same bytes, so what is counted per event repeats. Left to others: when and how often they are sent. */
#ifndef BENCH_LOAD_CORPUS_H
#define BENCH_LOAD_CORPUS_H

#include <stddef.h>
#include <stdint.h>

/* A type of its own, so that no other workload meets these items. */
#define CORPUS_EVENT_TYPE "page_view"

enum { CORPUS_SESSION_BYTES = 36 };

/* Bytes of one event's JSON text, the same for all. */
size_t corpus_event_bytes(void);

/* Writes one event of corpus_event_bytes() bytes, without a NUL. time_ms: milliseconds since 1970. */
void corpus_event_put(char *to, uint32_t session, uint64_t time_ms);

/* Writes the session_id of a session, CORPUS_SESSION_BYTES bytes without a NUL. Neighbours differ from the first byte on, as random
 * identifiers do. tests/bench/sql/session_id.sql makes the same. */
void corpus_session_put(char *to, uint32_t session);

/* Bytes of a body of n events: one event, or for is_array an array of n. */
size_t corpus_body_bytes(size_t n, int is_array);
/* Writes a body whose events are still to be put in place; event i stands at corpus_body_event(). */
void corpus_body_begin(char *to, size_t n, int is_array);
char *corpus_body_event(char *body, size_t i, int is_array);

#endif
