/* A file without a name for what is too much for memory. */
#ifndef SYNCHRONY_APP_SPOOL_H
#define SYNCHRONY_APP_SPOOL_H

#include "model/http_response.h"

struct spool {
    int fd; /* -1: not opened */
};

/* Opens it in the first of n folders that takes it; those that are "" are left out. Returns STATUS_UNAVAILABLE, with a line in the log. */
enum status spool_open(struct spool *spool, const char *const *folders, size_t n) MUST_USE;
void spool_close(struct spool *spool);

/* http_sink with a struct spool as its context: appends. Returns STATUS_UNAVAILABLE where there is no room. */
enum status spool_write(void *context, struct bytes bytes);

/* Writes all that was appended to a response. Statuses as http_response_write; STATUS_INTERNAL where it cannot be read back. */
enum status spool_send(const struct spool *spool, struct http_response *response) MUST_USE;

#endif
