#include "cgi-bin/parking.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

#define WHOLE "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0"

/* A connection as the daemon has it, and its other end. */
struct pair {
    int ours;
    int theirs;
};

static struct pair pair_new(void)
{
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){ fds[0], fds[1] };
}

static void say(const struct pair *pair, struct bytes data)
{
    cr_assert_eq(send(pair->theirs, data.p, data.len, 0), (ssize_t)data.len);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static struct parking *parking_new(int timeout_ms)
{
    struct parking *parking = calloc(1, sizeof *parking);

    cr_assert_not_null(parking);
    parking->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    parking->timeout_ms = timeout_ms;
    return parking;
}

static void parking_end(struct parking *parking)
{
    parking_free(parking);
    EXPECT_INT(__LINE__, parking->n, 0);
    EXPECT_INT(__LINE__, parking->n_news, 0);
    close(parking->epoll_fd);
    free(parking);
}

/* Those that epoll tells of now. */
static size_t news(struct parking *parking, struct parked **parked, size_t max)
{
    struct epoll_event events[16];
    int n = epoll_wait(parking->epoll_fd, events, (int)max, 0);

    cr_assert_geq(n, 0);
    for (int i = 0; i < n; i++)
        parked[i] = events[i].data.ptr;
    return (size_t)n;
}

Test(parking, look_tells_how_a_connection_stands_and_reads_nothing)
{
    struct parking *parking = parking_new(1000);
    struct pair pair = pair_new();
    char *large = repeated('\0', PARKING_PEEK_BYTES);
    char read_back[64];

    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_PARTIAL);
    say(&pair, (struct bytes){ WHOLE, 20 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_PARTIAL);
    say(&pair, (struct bytes){ &WHOLE[20], sizeof WHOLE - 1 - 20 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_WHOLE);
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_WHOLE);
    EXPECT_INT(__LINE__, recv(pair.ours, read_back, sizeof read_back, 0), sizeof WHOLE - 1);
    close(pair.theirs);
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_NONE);
    close(pair.ours);
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_NONE);

    pair = pair_new();
    memcpy(large, "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0\1\4\0\1\xff\xff\0\0", 24); /* a beginning, and a record of 65,535 bytes */
    say(&pair, (struct bytes){ large, PARKING_PARTIAL_BYTES - 1 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_PARTIAL);
    say(&pair, (struct bytes){ large, 1 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_LARGE);
    close(pair.theirs);
    close(pair.ours);
    free(large);
    parking_end(parking);
}

Test(parking, a_large_request_that_has_come_at_once_is_whole)
{
    /* A beginning, no parameters, and a body in two records: all that is looked at, to the byte. */
    static const char begin[] = "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0";
    enum { HEAD = sizeof begin - 1, RECORD = 8, FIRST = 0x9000, SECOND = PARKING_PEEK_BYTES - HEAD - 3 * RECORD - FIRST };
    struct parking *parking = parking_new(1000);
    struct pair pair = pair_new();
    char *request = repeated('\0', PARKING_PEEK_BYTES);

    memcpy(request, begin, HEAD);
    memcpy(request + HEAD, (char[]){ 1, 5, 0, 1, (char)(FIRST >> 8), (char)(FIRST & 0xff), 0, 0 }, RECORD);
    memcpy(request + HEAD + RECORD + FIRST, (char[]){ 1, 5, 0, 1, (char)(SECOND >> 8), (char)(SECOND & 0xff), 0, 0 }, RECORD);
    memcpy(request + PARKING_PEEK_BYTES - RECORD, "\1\5\0\1\0\0\0\0", RECORD);
    say(&pair, (struct bytes){ request, PARKING_PEEK_BYTES - 1 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_LARGE);
    say(&pair, (struct bytes){ request + PARKING_PEEK_BYTES - 1, 1 });
    EXPECT_INT(__LINE__, parking_look(parking, pair.ours), ARRIVAL_WHOLE);
    close(pair.theirs);
    close(pair.ours);
    free(request);
    parking_end(parking);
}

Test(parking, epoll_tells_of_the_parked_that_has_news)
{
    struct parking *parking = parking_new(1000);
    struct pair pairs[3];
    struct parked *told[3];

    for (int i = 0; i < 3; i++) {
        pairs[i] = pair_new();
        parking_add(parking, pairs[i].ours, 0);
    }
    EXPECT_INT(__LINE__, parking->n, 3);
    EXPECT_INT(__LINE__, news(parking, told, 3), 0);
    say(&pairs[1], BYTES("x"));
    cr_assert_eq(news(parking, told, 3), 1);
    EXPECT_INT(__LINE__, told[0]->fd, pairs[1].ours);
    EXPECT_INT(__LINE__, news(parking, told, 3), 0); /* once */
    parking_note(parking, told[0]);
    parking_note(parking, told[0]);
    EXPECT_INT(__LINE__, parking->n_news, 1);
    EXPECT_INT(__LINE__, parking_remove(parking, told[0]), pairs[1].ours);
    EXPECT_INT(__LINE__, parking->n, 2);
    EXPECT_INT(__LINE__, parking->n_news, 0);
    EXPECT(__LINE__, is_open(pairs[1].ours)); /* it is the caller's */
    say(&pairs[1], BYTES("x"));
    EXPECT_INT(__LINE__, news(parking, told, 3), 0); /* it is not watched any more */
    close(pairs[1].ours);
    parking_end(parking);
    for (int i = 0; i < 3; i++) {
        EXPECT(i, !is_open(pairs[i].ours));
        close(pairs[i].theirs);
    }
}

/* Takes one of three out, each in turn, and then the others. */
Test(parking, any_may_be_removed_and_the_order_stays)
{
    for (int out = 0; out < 3; out++) {
        struct parking *parking = parking_new(1000);
        struct pair pairs[3];
        struct parked *parked[3];
        for (int i = 0; i < 3; i++) {
            pairs[i] = pair_new();
            parking_add(parking, pairs[i].ours, i);
            parked[i] = parking->newest;
        }
        close(parking_remove(parking, parked[out]));
        struct parked *at = parking->oldest;
        for (int i = 0; i < 3; i++) {
            if (i == out)
                continue;
            cr_assert_eq(at, parked[i], "%d is out, %d is next", out, i);
            at = at->newer;
        }
        cr_expect_null(at);
        at = parking->newest;
        for (int i = 2; i >= 0; i--) {
            if (i == out)
                continue;
            cr_assert_eq(at, parked[i], "%d is out, %d is before", out, i);
            at = at->older;
        }
        cr_expect_null(at);
        parking_end(parking);
        for (int i = 0; i < 3; i++)
            close(pairs[i].theirs);
    }
}

Test(parking, those_that_have_waited_too_long_are_closed)
{
    struct parking *parking = parking_new(100);
    struct pair pairs[3];

    for (int i = 0; i < 3; i++) {
        pairs[i] = pair_new();
        parking_add(parking, pairs[i].ours, 10 * i); /* until 100, 110, 120 */
    }
    parking_expire(parking, 99);
    EXPECT_INT(__LINE__, parking->n, 3);
    parking_expire(parking, 110);
    EXPECT_INT(__LINE__, parking->n, 1);
    EXPECT(__LINE__, !is_open(pairs[0].ours) && !is_open(pairs[1].ours) && is_open(pairs[2].ours));
    parking_expire(parking, 1000);
    EXPECT_INT(__LINE__, parking->n, 0);
    cr_expect(!parking->oldest && !parking->newest);
    parking_end(parking);
    for (int i = 0; i < 3; i++)
        close(pairs[i].theirs);
}

/* One socket under many numbers will do for as many connections. */
Test(parking, the_oldest_makes_room_when_it_is_full)
{
    struct rlimit files;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < PARKING_MAX + 100)
        files.rlim_cur = PARKING_MAX + 100;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0, "this needs %d open files", PARKING_MAX + 100);

    struct parking *parking = parking_new(1000);
    struct pair pair = pair_new();
    int first = dup(pair.ours), second = dup(pair.ours);
    parking_add(parking, first, 0);
    parking_add(parking, second, 0);
    for (int i = 2; i < PARKING_MAX; i++)
        parking_add(parking, dup(pair.ours), 0);
    EXPECT_INT(__LINE__, parking->n, PARKING_MAX);
    EXPECT(__LINE__, is_open(first));
    parking_add(parking, dup(pair.ours), 0);
    EXPECT_INT(__LINE__, parking->n, PARKING_MAX);
    EXPECT_INT(__LINE__, parking->oldest->fd, second);
    parking_end(parking);
    close(pair.ours);
    close(pair.theirs);
}

Test(parking, without_memory_closes_the_connection)
{
    struct parking *parking = parking_new(1000);
    struct pair pair = pair_new();

    failing_begin(1);
    parking_add(parking, pair.ours, 0);
    cr_expect(failing_end());
    EXPECT_INT(__LINE__, parking->n, 0);
    EXPECT(__LINE__, !is_open(pair.ours));
    close(pair.theirs);
    parking_end(parking);
}

/* A file cannot be watched (epoll_ctl(2)). */
Test(parking, what_cannot_be_watched_is_closed)
{
    struct parking *parking = parking_new(1000);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    cr_assert_geq(fd, 0);
    parking_add(parking, fd, 0);
    EXPECT_INT(__LINE__, parking->n, 0);
    EXPECT(__LINE__, !is_open(fd));
    parking_end(parking);
}
