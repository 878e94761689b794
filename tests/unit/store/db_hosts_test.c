#include "store/db_hosts.h"

#include <stdio.h>

#include "tests/unit/unit.h"

/* The three lists as one text. */
static const char *listed(const struct db_hosts *hosts)
{
    static struct db_host_lists lists;
    static char text[sizeof lists];

    db_hosts_list(hosts, &lists);
    snprintf(text, sizeof text, "%s|%s|%s", hosts->n ? lists.names : "", hosts->n ? lists.addresses : "",
             hosts->n ? lists.ports : "");
    return text;
}

Test(db_hosts, are_read_from_lists)
{
    static const struct {
        int line;
        const char *names, *addresses, *ports;
        size_t n;
        const char *want;
    } cases[] = {
        { __LINE__, "", "", "", 1, "||" },
        { __LINE__, NULL, NULL, NULL, 1, "||" },
        { __LINE__, "/run/postgresql", NULL, "5433", 1, "/run/postgresql||5433" },
        { __LINE__, "a,b", NULL, "5432", 2, "a,b|,|5432,5432" },
        { __LINE__, "a,b", NULL, "1,2", 2, "a,b|,|1,2" },
        { __LINE__, "a,b,c", "", "1,,3", 3, "a,b,c|,,|1,,3" },
        { __LINE__, "a,,c", "192.0.2.1,192.0.2.2,", NULL, 3, "a,,c|192.0.2.1,192.0.2.2,|,," },
        { __LINE__, NULL, "192.0.2.1,2001:db8::1", "1", 2, ",|192.0.2.1,2001:db8::1|1,1" },
        { __LINE__, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL, NULL, 16,
          "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16|,,,,,,,,,,,,,,,|,,,,,,,,,,,,,,," },
        { __LINE__, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL, NULL, 0, "||" },
        { __LINE__, "a", NULL, "12345678", 0, "||" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct db_hosts hosts;
        db_hosts_read(&hosts, cases[i].names, cases[i].addresses, cases[i].ports);
        EXPECT_INT(cases[i].line, hosts.n, cases[i].n);
        EXPECT_TEXT(cases[i].line, listed(&hosts), cases[i].want);
    }
}

Test(db_hosts, names_that_are_too_long_are_not_read)
{
    struct db_hosts hosts;
    char *fits = repeated('x', DB_HOST_NAME_BYTES - 1), *too_long = repeated('x', DB_HOST_NAME_BYTES);

    db_hosts_read(&hosts, fits, NULL, NULL);
    EXPECT_INT(__LINE__, hosts.n, 1);
    db_hosts_read(&hosts, too_long, NULL, NULL);
    EXPECT_INT(__LINE__, hosts.n, 0);
    cr_expect_not(db_hosts_strike(&hosts, too_long, "", "5432"));
    free(fits);
    free(too_long);
}

/* Who was silent: as PQhost, PQhostaddr and PQport tell. */
Test(db_hosts, are_struck_one_by_one)
{
    static const struct {
        int line;
        const char *names, *addresses, *ports;
        const char *name, *address, *port;
        const char *want; /* NULL: none is left */
    } cases[] = {
        { __LINE__, "192.0.2.1", NULL, NULL, "192.0.2.1", "192.0.2.1", "5432", NULL },
        { __LINE__, "/a,/b,/c", NULL, NULL, "/b", "", "5432", "/a,/c|,|," },
        { __LINE__, "/a,/a", NULL, "1,2", "/a", "", "2", "/a||1" },
        { __LINE__, "x,x", "192.0.2.1,192.0.2.2", NULL, "x", "192.0.2.2", "5432", "x|192.0.2.1|" },
        { __LINE__, NULL, "192.0.2.1,192.0.2.2", "5", "192.0.2.1", "192.0.2.1", "5", "|192.0.2.2|5" },
        /* one that is the default is not known by its name: the first goes, and it will be its turn */
        { __LINE__, ",/b", NULL, NULL, "/var/run/postgresql", "", "5432", "/b||" },
        { __LINE__, "/a,", NULL, NULL, "/var/run/postgresql", "", "5432", "||" },
        { __LINE__, "", NULL, NULL, "/var/run/postgresql", "", "5432", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct db_hosts hosts;
        db_hosts_read(&hosts, cases[i].names, cases[i].addresses, cases[i].ports);
        EXPECT_INT(cases[i].line, db_hosts_strike(&hosts, cases[i].name, cases[i].address, cases[i].port), cases[i].want != NULL);
        EXPECT_TEXT(cases[i].line, listed(&hosts), cases[i].want ? cases[i].want : "||");
    }
}

Test(db_hosts, come_with_the_other_addresses_of_a_name)
{
    struct db_hosts hosts;

    db_hosts_read(&hosts, "/a,localhost,/b", NULL, "7");
    cr_expect(db_hosts_strike(&hosts, "localhost", "192.0.2.1", "7")); /* none of its own: all stay */
    cr_assert_geq(hosts.n, 3);
    EXPECT_TEXT(__LINE__, hosts.at[0].name, "/a");
    EXPECT_TEXT(__LINE__, hosts.at[hosts.n - 1].name, "/b");
    for (size_t n = hosts.n; n > 2; n--) {
        struct db_host host = hosts.at[1];
        EXPECT_TEXT(__LINE__, host.name, "localhost");
        cr_expect(strcmp(host.address, "127.0.0.1") == 0 || strcmp(host.address, "::1") == 0, "%s", host.address);
        EXPECT_TEXT(__LINE__, host.port, "7");
        cr_expect(db_hosts_strike(&hosts, "localhost", host.address, "7"));
        EXPECT_INT(__LINE__, hosts.n, n - 1);
    }
    EXPECT_TEXT(__LINE__, listed(&hosts), "/a,/b|,|7,7");
}
