#include "app/group.h"

void group_write(struct db *db, struct event **events, size_t n, struct arena *arena)
{
    enum status st = event_store_write(db, events, n, arena);

    if (st == STATUS_UNPROCESSABLE && n > 1) {
        group_write(db, events, n / 2, arena);
        group_write(db, events + n / 2, n - n / 2, arena);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        events[i]->verdict = st;
        events[i]->is_duplicate &= st == STATUS_OK;
    }
}
