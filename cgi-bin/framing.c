#include "cgi-bin/framing.h"

enum { HEADER_BYTES = 8, VERSION_1 = 1, TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5, TYPE_GET_VALUES = 9 };

/* A record's header: version, type, request id (2), content length (2), padding length, reserved. */
struct record {
    unsigned type;
    unsigned id;
    size_t content;
    size_t size; /* of all of it */
};

static struct record record_at(const unsigned char *p)
{
    size_t content = (size_t)p[4] << 8 | p[5];

    return (
        struct record){ .type = p[1], .id = (unsigned)p[2] << 8 | p[3], .content = content, .size = HEADER_BYTES + content + p[6] };
}

enum framing framing_judge(struct bytes data)
{
    const unsigned char *p = (const unsigned char *)data.p;
    unsigned id = 0;
    bool params_ended = false;

    for (size_t at = 0; data.len - at >= HEADER_BYTES;) {
        struct record record = record_at(p + at);
        bool is_management = record.type == TYPE_GET_VALUES && record.id == 0;
        bool is_begin = record.type == TYPE_BEGIN && id == 0 && record.id != 0;
        bool is_ours = id != 0 && record.id == id && (record.type == TYPE_PARAMS || (record.type == TYPE_STDIN && params_ended));
        if (p[at] != VERSION_1 || !(is_management || is_begin || is_ours))
            return FRAMING_INVALID;
        if (record.size > data.len - at)
            return FRAMING_PARTIAL;
        if (is_begin)
            id = record.id;
        params_ended |= is_ours && record.type == TYPE_PARAMS && record.content == 0;
        if (is_ours && record.type == TYPE_STDIN && record.content == 0)
            return FRAMING_WHOLE;
        at += record.size;
    }
    return data.len && p[0] != VERSION_1 ? FRAMING_INVALID : FRAMING_PARTIAL;
}
