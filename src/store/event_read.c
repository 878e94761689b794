#include "store/event_read.h"

enum status event_read_begin(struct db *db, struct bytes event_type, struct bytes session_id)
{
    const struct db_param params[] = { { event_type.p, event_type.len }, { session_id.p, session_id.len } };
    enum db_query query = session_id.p ? QUERY_EVENT_READ_BY_KEY : QUERY_EVENT_READ_BY_TYPE;

    return db_stream_begin(db, query, params, session_id.p ? 2 : 1);
}

enum status event_read_next(struct db *db, struct bytes *item)
{
    return db_stream_next(db, item);
}
