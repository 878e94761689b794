#include "store/db_hosts.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"

/* ---- lists ---- */

static size_t n_members(const char *list)
{
    size_t n = 1;

    for (; *list; list++)
        n += *list == ',';
    return n;
}

static bool copy(struct bytes text, char *to, size_t size)
{
    if (text.len >= size)
        return false;
    memcpy(to, text.p, text.len);
    to[text.len] = '\0';
    return true;
}

void db_hosts_read(struct db_hosts *hosts, const char *names, const char *addresses, const char *ports)
{
    struct bytes name_list = bytes_of(names ? names : ""), address_list = bytes_of(addresses ? addresses : "");
    struct bytes port_list = bytes_of(ports ? ports : ""), port = BYTES("");
    size_t n_names = n_members(name_list.p), n_addresses = n_members(address_list.p);
    size_t n = n_names > n_addresses ? n_names : n_addresses;

    hosts->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct bytes name = BYTES(""), address = BYTES("");
        bytes_cut(&name_list, ',', &name);
        bytes_cut(&address_list, ',', &address);
        bytes_cut(&port_list, ',', &port); /* one port alone is that of all */
        if (n > DB_HOSTS_MAX || !copy(name, hosts->at[i].name, sizeof hosts->at[i].name) ||
            !copy(address, hosts->at[i].address, sizeof hosts->at[i].address) ||
            !copy(port, hosts->at[i].port, sizeof hosts->at[i].port))
            return;
    }
    hosts->n = n;
}

void db_hosts_list(const struct db_hosts *hosts, struct db_host_lists *lists)
{
    struct buf names = buf_in(lists->names, sizeof lists->names), addresses = buf_in(lists->addresses, sizeof lists->addresses);
    struct buf ports = buf_in(lists->ports, sizeof lists->ports);

    for (size_t i = 0; i < hosts->n; i++) {
        buf_add_format(&names, "%s%s", i ? "," : "", hosts->at[i].name);
        buf_add_format(&addresses, "%s%s", i ? "," : "", hosts->at[i].address);
        buf_add_format(&ports, "%s%s", i ? "," : "", hosts->at[i].port);
    }
}

/* ---- who was silent ---- */

static bool is_default_or(const char *text, const char *other)
{
    return !text[0] || strcmp(text, other) == 0;
}

/* libpq tells the address for a name where there is none. */
static bool is_at(const struct db_host *host, const char *name, const char *address, const char *port)
{
    return strcmp(host->name[0] ? host->name : host->address, name) == 0 && is_default_or(host->address, address) &&
           is_default_or(host->port, port);
}

/* Puts all addresses of a host but one before the host at index. */
static void insert_other_addresses(struct db_hosts *hosts, size_t index, const struct db_host *host, const char *silent)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;

    if (host->name[0] == '/' || getaddrinfo(host->name, NULL, &wanted, &found) != 0)
        return;
    for (const struct addrinfo *each = found; each && hosts->n < DB_HOSTS_MAX; each = each->ai_next) {
        struct db_host other = *host;
        if (getnameinfo(each->ai_addr, each->ai_addrlen, other.address, sizeof other.address, NULL, 0, NI_NUMERICHOST) != 0 ||
            strcmp(other.address, silent) == 0)
            continue;
        memmove(&hosts->at[index + 1], &hosts->at[index], (hosts->n - index) * sizeof other);
        hosts->at[index++] = other;
        hosts->n++;
    }
    freeaddrinfo(found);
}

bool db_hosts_strike(struct db_hosts *hosts, const char *name, const char *address, const char *port)
{
    size_t index = 0;

    if (!hosts->n)
        return false;
    while (index < hosts->n && !is_at(&hosts->at[index], name, address, port))
        index++;
    index %= hosts->n;
    struct db_host silent = hosts->at[index];
    hosts->n--;
    memmove(&hosts->at[index], &hosts->at[index + 1], (hosts->n - index) * sizeof silent);
    if (silent.name[0] && !silent.address[0])
        insert_other_addresses(hosts, index, &silent, address);
    return hosts->n > 0;
}
