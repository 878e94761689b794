#include "cgi-bin/parking.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/metrics.h"
#include "cgi-bin/framing.h"

enum arrival parking_look(struct parking *parking, int fd)
{
    ssize_t n = recv(fd, parking->peeked, sizeof parking->peeked, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? ARRIVAL_PARTIAL : ARRIVAL_NONE;
    if (n == 0)
        return ARRIVAL_NONE;
    enum framing framing = framing_judge((struct bytes){ parking->peeked, (size_t)n });
    if (framing != FRAMING_PARTIAL)
        return framing == FRAMING_WHOLE ? ARRIVAL_WHOLE : ARRIVAL_NONE;
    return (size_t)n >= PARKING_PARTIAL_BYTES ? ARRIVAL_LARGE : ARRIVAL_PARTIAL;
}

void parking_note(struct parking *parking, struct parked *parked)
{
    parking->n_news += !parked->has_news;
    parked->has_news = true;
}

int parking_remove(struct parking *parking, struct parked *parked)
{
    int fd = parked->fd;

    *(parked->older ? &parked->older->newer : &parking->oldest) = parked->newer;
    *(parked->newer ? &parked->newer->older : &parking->newest) = parked->older;
    parking->n--;
    parking->n_news -= parked->has_news;
    epoll_ctl(parking->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    free(parked);
    return fd;
}

static void drop(int fd, enum metric_drop reason)
{
    metrics_add(METRIC_1(HTTP_DROPPED, reason), 1);
    close(fd);
}

void parking_add(struct parking *parking, int fd, int64_t now_ms)
{
    struct parked *parked = calloc(1, sizeof *parked);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = parked };

    if (!parked || epoll_ctl(parking->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(parked);
        drop(fd, METRIC_DROP_NO_MEMORY);
        return;
    }
    if (parking->n == PARKING_MAX)
        drop(parking_remove(parking, parking->oldest), METRIC_DROP_CROWDED);
    *parked = (struct parked){ .fd = fd, .until_ms = now_ms + parking->timeout_ms, .older = parking->newest };
    *(parking->newest ? &parking->newest->newer : &parking->oldest) = parked;
    parking->newest = parked;
    parking->n++;
}

void parking_expire(struct parking *parking, int64_t now_ms)
{
    while (parking->oldest && parking->oldest->until_ms <= now_ms)
        drop(parking_remove(parking, parking->oldest), METRIC_DROP_TIMEOUT);
}

void parking_free(struct parking *parking)
{
    while (parking->oldest)
        close(parking_remove(parking, parking->oldest));
}
