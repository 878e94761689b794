#include "store/pg_array.h"

char *pg_array_put_head(char *to, enum pg_type type, size_t n)
{
    to = pg_array_put_length(to, 1); /* dimensions */
    to = pg_array_put_length(to, 0); /* no NULLs */
    to = pg_array_put_length(to, type);
    to = pg_array_put_length(to, n);
    return pg_array_put_length(to, 1); /* lower bound */
}

void pg_array_begin(struct buf *buf, enum pg_type type, size_t n)
{
    char *room = buf_room(buf, PG_ARRAY_HEAD_BYTES);

    if (room)
        buf_grown(buf, (size_t)(pg_array_put_head(room, type, n) - room));
}

void pg_array_add_text(struct buf *buf, struct bytes text)
{
    char *room = buf_room(buf, PG_ARRAY_LENGTH_BYTES + text.len);

    if (room)
        buf_grown(buf, (size_t)(pg_array_put_text(room, text) - room));
}

void pg_array_add_uuid(struct buf *buf, const struct uuid *uuid)
{
    char *room = buf_room(buf, PG_ARRAY_LENGTH_BYTES + sizeof uuid->octets);

    if (room)
        buf_grown(buf, (size_t)(pg_array_put_uuid(room, uuid) - room));
}

void pg_array_add_timestamptz(struct buf *buf, int64_t us)
{
    char *room = buf_room(buf, PG_ARRAY_LENGTH_BYTES + PG_INT8_BYTES);

    if (room)
        buf_grown(buf, (size_t)(pg_array_put_timestamptz(room, us) - room));
}

void pg_array_add_jsonb(struct buf *buf, struct bytes json)
{
    char *room = buf_room(buf, PG_ARRAY_LENGTH_BYTES + 1 + json.len);

    if (room)
        buf_grown(buf, (size_t)(pg_array_put_jsonb(room, json) - room));
}
