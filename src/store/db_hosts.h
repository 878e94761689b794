/* The servers that a connection may lead to: libpq's lists host, hostaddr and port as one, without those that were silent for too long.
 *
 * Left to others: connecting, and telling who is silent (store/db_connect). */
#ifndef SYNCHRONY_STORE_DB_HOSTS_H
#define SYNCHRONY_STORE_DB_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

enum { DB_HOSTS_MAX = 16, DB_HOST_NAME_BYTES = 256, DB_HOST_ADDRESS_BYTES = 64, DB_HOST_PORT_BYTES = 8 };

/* One of them; "" where libpq has its default. */
struct db_host {
    char name[DB_HOST_NAME_BYTES]; /* or a directory */
    char address[DB_HOST_ADDRESS_BYTES];
    char port[DB_HOST_PORT_BYTES];
};

struct db_hosts {
    struct db_host at[DB_HOSTS_MAX];
    size_t n;
};

/* As libpq takes them. */
struct db_host_lists {
    char names[DB_HOSTS_MAX * DB_HOST_NAME_BYTES];
    char addresses[DB_HOSTS_MAX * DB_HOST_ADDRESS_BYTES];
    char ports[DB_HOSTS_MAX * DB_HOST_PORT_BYTES];
};

/* Reads the three lists, each "" or NULL where it is not given. Of lists that are too long none is read. */
void db_hosts_read(struct db_hosts *hosts, const char *names, const char *addresses, const char *ports);

void db_hosts_list(const struct db_hosts *hosts, struct db_host_lists *lists);

/* Leaves out who was silent, as PQhost, PQhostaddr and PQport tell; the other addresses of its name, which is resolved, come in its place.
 * Of hosts among which it is not found the first is left out, so that there are fewer in any case. Returns whether one is left. */
bool db_hosts_strike(struct db_hosts *hosts, const char *name, const char *address, const char *port);

#endif
