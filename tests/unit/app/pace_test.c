#include "app/pace.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { TIMEOUT_MS = 50, MUCH_BYTES = 8 * HTTP_PIECE_BYTES };

/* A client at the other end of a socket, and how often it was slow. */
struct client {
    int ours, its;
    bool takes_when_slow;
    enum status slow_st;
    int n_slow;
    size_t n_sent;
};

static struct client client_new(void)
{
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    return (struct client){ .ours = fds[0], .its = fds[1] };
}

static void client_free(struct client *client)
{
    close(client->ours);
    close(client->its);
}

static void take_all(const struct client *client)
{
    static char taken[MUCH_BYTES];

    while (read(client->its, taken, sizeof taken) > 0) {
        /* until there is no more */
    }
}

/* http_sink. What finds no room is lost. */
static enum status send_some(void *context, struct bytes bytes)
{
    struct client *client = context;

    cr_expect_leq(bytes.len, HTTP_PIECE_BYTES);
    client->n_sent += bytes.len;
    return write(client->ours, bytes.p, bytes.len) > 0 ? STATUS_OK : STATUS_INTERNAL;
}

static enum status slow(void *context)
{
    struct client *client = context;

    client->n_slow++;
    if (client->takes_when_slow)
        take_all(client);
    return client->slow_st;
}

static const struct {
    int line;
    bool takes_when_slow;
    enum status slow_st;
    bool is_unseen;
    enum status want;
} cases[] = {
    { __LINE__, true, STATUS_OK, false, STATUS_OK },
    { __LINE__, false, STATUS_OK, false, STATUS_CLIENT_GONE },
    { __LINE__, true, STATUS_UNAVAILABLE, false, STATUS_UNAVAILABLE },
    { __LINE__, false, STATUS_OK, true, STATUS_INTERNAL }, /* the sink's own */
};

Test(pace, tells_when_the_client_takes_nothing_and_gives_it_up_when_it_goes_on_so)
{
    static const char much[MUCH_BYTES];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct client client = client_new();
        struct http_response response = http_response_new(send_some, &client);
        struct pace pace = { 0 };

        client.takes_when_slow = cases[i].takes_when_slow;
        client.slow_st = cases[i].slow_st;
        pace_begin(&pace, &response, cases[i].is_unseen ? 0 : client.ours, TIMEOUT_MS, slow, &client);
        EXPECT_STATUS(cases[i].line, response.sink(response.sink_context, (struct bytes){ much, sizeof much }), cases[i].want);
        EXPECT(cases[i].line, (client.n_slow > 0) == !cases[i].is_unseen);
        EXPECT(cases[i].line, (client.n_sent == sizeof much) == (cases[i].want == STATUS_OK));
        pace_end(&pace);
        pace_end(&pace);
        EXPECT(cases[i].line, response.sink == send_some && response.sink_context == &client);
        http_response_free(&response);
        client_free(&client);
    }
}

Test(pace, of_a_client_that_takes_all_is_never_slow)
{
    static const char piece[HTTP_PIECE_BYTES];
    struct client client = client_new();
    struct http_response response = http_response_new(send_some, &client);
    struct pace pace = { 0 };

    pace_begin(&pace, &response, client.ours, TIMEOUT_MS, slow, &client);
    for (int i = 0; i < 100; i++) {
        EXPECT_STATUS(__LINE__, response.sink(response.sink_context, (struct bytes){ piece, sizeof piece }), STATUS_OK);
        take_all(&client);
    }
    EXPECT_INT(__LINE__, client.n_slow, 0);
    pace_end(&pace);
    http_response_free(&response);
    client_free(&client);
}
