#include "corpus.h"

#include <string.h>
#include <time.h>

/* What varies, as runs of one character that stands nowhere else. */
#define SESSION "################-####-####-####-####"
#define TIME "@@@@-@@-@@T@@:@@:@@.@@@Z"
#define PAGE "$$$$$$"

static const char template[] =
    "{\"event_type\":\"" CORPUS_EVENT_TYPE "\",\"session_id\":\"" SESSION "\",\"timestamp\":\"" TIME "\","
    "\"page_url\":\"https://www.bank.example/accounts/" PAGE "/overview?from=menu\","
    "\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\","
    "\"event_properties\":{\"title\":\"Account overview\",\"load_ms\":412,\"scroll\":0.35},"
    "\"device_info\":{\"screen\":\"1920x1080\",\"language\":\"de-DE\",\"touch\":false}}";

enum { EVENT_BYTES = sizeof template - 1, SESSIONS_PER_PAGE = 97 };

_Static_assert(sizeof SESSION - 1 == CORPUS_SESSION_BYTES, "a session_id has the form of a UUID");

size_t corpus_event_bytes(void)
{
    return EVENT_BYTES;
}

static void put_decimal(char *to, size_t digits, uint64_t value)
{
    while (digits) {
        to[--digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void corpus_session_put(char *to, uint32_t session)
{
    static const char hex[] = "0123456789abcdef";
    uint32_t scattered = session * UINT32_C(2654435761); /* Knuth's multiplier: one to one */

    memcpy(to, "00000000-7b64-4e0f-9c1d-000000000000", CORPUS_SESSION_BYTES);
    for (int i = 7; i >= 0; i--, scattered >>= 4)
        to[i] = hex[scattered & 15];
    put_decimal(to + 24, 12, session);
}

/* Milliseconds since 1970 as RFC 3339. The second is kept from call to call: most events of a body share it. */
static void put_time(char *to, uint64_t time_ms)
{
    static _Thread_local uint64_t last_s = UINT64_MAX;
    static _Thread_local char last[sizeof TIME];
    uint64_t now_s = time_ms / 1000;

    if (now_s != last_s) {
        time_t seconds = (time_t)now_s;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(last, sizeof last, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        last_s = now_s;
    }
    memcpy(to, last, sizeof TIME - 1);
    put_decimal(to + sizeof "2026-11-22T13:45:01." - 1, 3, time_ms % 1000);
}

void corpus_event_put(char *to, uint32_t session, uint64_t time_ms)
{
    static size_t session_at, time_at, page_at;

    if (!session_at) {
        page_at = (size_t)(strchr(template, '$') - template);
        time_at = (size_t)(strchr(template, '@') - template);
        session_at = (size_t)(strchr(template, '#') - template);
    }
    memcpy(to, template, EVENT_BYTES);
    corpus_session_put(to + session_at, session);
    put_time(to + time_at, time_ms);
    put_decimal(to + page_at, sizeof PAGE - 1, session / SESSIONS_PER_PAGE);
}

size_t corpus_body_bytes(size_t n, int is_array)
{
    return is_array ? n * (EVENT_BYTES + 1) + 1 : EVENT_BYTES;
}

void corpus_body_begin(char *to, size_t n, int is_array)
{
    if (!is_array)
        return;
    to[0] = '[';
    for (size_t i = 0; i < n; i++)
        to[(i + 1) * (EVENT_BYTES + 1)] = i + 1 < n ? ',' : ']';
}

char *corpus_body_event(char *body, size_t i, int is_array)
{
    return is_array ? body + 1 + i * (EVENT_BYTES + 1) : body;
}
