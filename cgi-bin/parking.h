/* Connections whose request has not come whole yet. They are set aside, so that none holds up the others, and looked at again when more
 * has come. */
#ifndef SYNCHRONY_CGI_BIN_PARKING_H
#define SYNCHRONY_CGI_BIN_PARKING_H

#include <stdint.h>

#include "base/bytes.h"

enum {
    PARKING_MAX = 1024,
    PARKING_PEEK_BYTES = 64 * 1024,    /* a batch of some hundred events */
    PARKING_PARTIAL_BYTES = 32 * 1024, /* what surely fits a socket's buffer, so that it comes without being read */
};

/* One of them. */
struct parked {
    int fd;
    int64_t until_ms;     /* clock_monotonic_ms */
    bool has_news;        /* more has come since it was looked at */
    struct parked *newer; /* in the order of arrival, which is that of until_ms */
    struct parked *older;
};

struct parking {
    int epoll_fd; /* tells of news, edge-triggered, with the parked as data.ptr; borrowed */
    int timeout_ms;
    struct parked *oldest;
    struct parked *newest;
    size_t n;
    size_t n_news; /* those of them that have news */
    char peeked[PARKING_PEEK_BYTES];
};

/* How a connection stands. */
enum arrival {
    ARRIVAL_WHOLE,   /* the request is there: reading it will not block */
    ARRIVAL_PARTIAL, /* not yet */
    ARRIVAL_LARGE,   /* not yet, and more than PARKING_PARTIAL_BYTES: it may come only while it is read, which may block */
    ARRIVAL_NONE     /* nor will it be: the peer has gone, or sends no FastCGI */
};

/* Looks, without reading. */
enum arrival parking_look(struct parking *parking, int fd);

/* Sets a connection aside; the oldest is closed where there are PARKING_MAX already. Without memory fd is closed. */
void parking_add(struct parking *parking, int fd, int64_t now_ms);

/* Notes that more has come. */
void parking_note(struct parking *parking, struct parked *parked);

/* Takes it out again. Returns its connection, which is the caller's. */
int parking_remove(struct parking *parking, struct parked *parked);

/* Closes those that have waited too long. */
void parking_expire(struct parking *parking, int64_t now_ms);

/* Closes all. */
void parking_free(struct parking *parking);

#endif
