#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_reset(struct answer *answer)
{
    answer->state = ANSWER_HEAD;
    answer->status = 0;
    answer->closes = false;
    answer->left = 0;
    answer->body_bytes = 0;
    answer->head_len = 0;
}

/* The value of a header field in a head that ends with a NUL; NULL where it is missing. */
static const char *field(const char *head, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    }
    return NULL;
}

/* The head is complete: how long is the body? */
static enum answer_event read_head(struct answer *answer)
{
    const char *coding = field(answer->head, "Transfer-Encoding");
    const char *length = field(answer->head, "Content-Length");
    const char *connection = field(answer->head, "Connection");

    if (strncmp(answer->head, "HTTP/1.", 7) != 0 || answer->head_len < sizeof "HTTP/1.1 200" - 1)
        return ANSWER_BROKEN;
    answer->status = (int)strtol(answer->head + sizeof "HTTP/1.1", NULL, 10);
    answer->closes = connection && strncasecmp(connection, "close", 5) == 0;
    if (answer->status < 200) {
        answer_reset(answer);
        return ANSWER_MORE;
    }
    if (answer->status == 204 || answer->status == 304)
        return ANSWER_DONE;
    if (coding && strncasecmp(coding, "chunked", 7) == 0) {
        answer->state = ANSWER_CHUNK_SIZE;
        answer->head_len = 0;
        return ANSWER_MORE;
    }
    if (!length) {
        answer->state = ANSWER_TO_THE_END;
        answer->closes = true;
        return ANSWER_MORE;
    }
    answer->left = strtoull(length, NULL, 10);
    answer->state = ANSWER_LENGTH;
    return answer->left ? ANSWER_MORE : ANSWER_DONE;
}

/* Collects up to the next end of line into head, and says how many bytes that took. *complete: head now ends with end. */
static size_t collect(struct answer *answer, const char *p, size_t len, const char *end, bool *complete)
{
    const char *newline = memchr(p, '\n', len);
    size_t end_len = strlen(end);
    size_t n = newline ? (size_t)(newline - p) + 1 : len;
    size_t room = sizeof answer->head - 1 - answer->head_len;

    n = n < room ? n : room;
    memcpy(answer->head + answer->head_len, p, n);
    answer->head_len += n;
    answer->head[answer->head_len] = '\0';
    *complete = answer->head_len >= end_len && strcmp(answer->head + answer->head_len - end_len, end) == 0;
    return n;
}

static size_t take_body(struct answer *answer, size_t len)
{
    size_t n = len < answer->left ? len : (size_t)answer->left;

    answer->left -= n;
    answer->body_bytes += n;
    return n;
}

static void read_chunk_size(struct answer *answer)
{
    answer->left = strtoull(answer->head, NULL, 16);
    answer->head_len = 0;
    answer->state = answer->left ? ANSWER_CHUNK : ANSWER_TRAILER;
}

static enum answer_event read_trailer(struct answer *answer)
{
    bool is_last = answer->head_len == sizeof "\r\n" - 1;

    answer->head_len = 0;
    return is_last ? ANSWER_DONE : ANSWER_MORE;
}

/* Takes one byte or more, and says how many. */
static size_t take_some(struct answer *answer, const char *p, size_t len, enum answer_event *event)
{
    bool complete = false;
    size_t n = 1;

    switch (answer->state) {
    case ANSWER_HEAD:
        n = collect(answer, p, len, "\r\n\r\n", &complete);
        if (complete)
            *event = read_head(answer);
        break;
    case ANSWER_LENGTH:
        n = take_body(answer, len);
        if (!answer->left)
            *event = ANSWER_DONE;
        break;
    case ANSWER_CHUNK_SIZE:
        n = collect(answer, p, len, "\r\n", &complete);
        if (complete)
            read_chunk_size(answer);
        break;
    case ANSWER_CHUNK:
        n = take_body(answer, len);
        if (!answer->left)
            answer->state = ANSWER_CHUNK_END;
        break;
    case ANSWER_CHUNK_END:
        if (*p == '\n')
            answer->state = ANSWER_CHUNK_SIZE;
        break;
    case ANSWER_TRAILER:
        n = collect(answer, p, len, "\r\n", &complete);
        if (complete)
            *event = read_trailer(answer);
        break;
    case ANSWER_TO_THE_END:
        answer->body_bytes += len;
        n = len;
        break;
    }
    return n;
}

enum answer_event answer_take(struct answer *answer, const char *p, size_t len)
{
    enum answer_event event = ANSWER_MORE;

    while (len && event == ANSWER_MORE) {
        size_t n = take_some(answer, p, len, &event);
        p += n;
        len -= n;
        if (answer->head_len + 1 >= sizeof answer->head)
            return ANSWER_BROKEN;
    }
    return len ? ANSWER_BROKEN : event;
}

enum answer_event answer_end(const struct answer *answer)
{
    return answer->state == ANSWER_TO_THE_END ? ANSWER_DONE : ANSWER_BROKEN;
}
