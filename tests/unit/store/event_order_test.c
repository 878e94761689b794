#include "store/event_order.h"

#include "tests/unit/unit.h"

enum { EVENTS = 600, TEXT_BYTES = 40 };

/* What the order is, plainly: type, session, time, identity. */
static int compare(const struct event *a, const struct event *b)
{
    int order = bytes_compare(a->event_type, b->event_type);

    if (!order)
        order = bytes_compare(a->session_id, b->session_id);
    if (!order)
        order = (a->occurred_at_us > b->occurred_at_us) - (a->occurred_at_us < b->occurred_at_us);
    return order ? order : memcmp(a->event_id.octets, b->event_id.octets, sizeof a->event_id.octets);
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16;
}

/* prefix, then up to max_more bytes of two letters, one of them past ASCII; copied to memory that ends with it. */
static struct bytes some_text(unsigned *state, struct bytes prefix, size_t max_more)
{
    char text[TEXT_BYTES];
    size_t len = prefix.len;

    memcpy(text, prefix.p, prefix.len);
    for (size_t more = next_random(state) % (max_more + 1); more; more--)
        text[len++] = next_random(state) & 1 ? 'a' : '\xff';
    return (struct bytes){ exact_copy((struct bytes){ text, len }), len };
}

static void expect_order(int line, struct bytes type_prefix, size_t type_more, struct bytes session_prefix, size_t session_more,
                         size_t arena_bytes)
{
    static struct event events[EVENTS];
    struct event *in_order[EVENTS];
    struct arena arena = arena_new(arena_bytes);
    unsigned state = 1;

    for (size_t i = 0; i < EVENTS; i++) {
        events[i] = (struct event){ .event_type = some_text(&state, type_prefix, type_more),
                                    .session_id = some_text(&state, session_prefix, session_more),
                                    .occurred_at_us = (int)(next_random(&state) % 3) - 1,
                                    .event_id = { { (unsigned char)next_random(&state) } } };
        in_order[i] = &events[i];
    }
    event_order_sort(in_order, EVENTS, &arena);
    size_t n_seen = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        n_seen += in_order[i]->verdict == STATUS_OK;
        in_order[i]->verdict = STATUS_QUEUED; /* seen */
        cr_expect(i == 0 || compare(in_order[i - 1], in_order[i]) <= 0, "line %d: %zu and %zu", line, i - 1, i);
    }
    cr_expect_eq(n_seen, EVENTS, "line %d: each is there once", line);
    for (size_t i = 0; i < EVENTS; i++) {
        free((char *)events[i].event_type.p);
        free((char *)events[i].session_id.p);
    }
    arena_free(&arena);
}

Test(event_order, by_key_then_time_then_identity)
{
    const size_t much = 1024 * 1024;
    static const struct bytes none = BYTES(""), t = BYTES("t"), key = BYTES("a-key-of-16-byte");

    expect_order(__LINE__, t, 0, none, 20, much);    /* one type */
    expect_order(__LINE__, t, 2, none, 20, much);    /* some */
    expect_order(__LINE__, t, 2, none, 3, much);     /* few sessions: prefixes of one another */
    expect_order(__LINE__, t, 3, key, 9, much);      /* all sessions begin alike */
    expect_order(__LINE__, key, 4, key, 20, much);   /* behind the prefix they are alike in more than a word */
    expect_order(__LINE__, t, 2, key, 0, much);      /* one session */
    expect_order(__LINE__, none, 22, none, 4, much); /* more types than are ranked */
    expect_order(__LINE__, t, 2, none, 20, 0);       /* no memory */
}

Test(event_order, none_and_one)
{
    struct event event = { .session_id = BYTES("s"), .event_type = BYTES("t") };
    struct event *only = &event;
    struct arena arena = arena_new(1024);

    event_order_sort(NULL, 0, &arena);
    event_order_sort(&only, 1, &arena);
    cr_expect_eq(only, &event);
}
