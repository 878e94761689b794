/* The order in which a group is written: by key, bytewise, as PostgreSQL orders collation "C", so that two groups that lock the same rows
 * lock them one after the other. Within a key by time and identity, for the same reason. */
#ifndef SYNCHRONY_STORE_EVENT_ORDER_H
#define SYNCHRONY_STORE_EVENT_ORDER_H

#include "base/arena.h"
#include "model/event.h"

/* Sorts n events. The arena holds what makes it quick; where it has no memory, or there are very many types, it is slower. */
void event_order_sort(struct event **events, size_t n, struct arena *arena);

#endif
