#include "model/client_address.h"

#include "tests/unit/unit.h"

static struct client_address of(const char *text)
{
    struct bytes bytes = bytes_of(text);
    char *copy = exact_copy(bytes);
    struct client_address address = client_address_of((struct bytes){ text ? copy : NULL, bytes.len });

    free(copy);
    return address;
}

Test(client_address, is_the_ipv4_address_or_the_64_of_ipv6)
{
    static const struct {
        int line;
        const char *one;
        const char *other;
        bool is_same;
    } cases[] = {
        { __LINE__, "192.0.2.1", "192.0.2.1", true },
        { __LINE__, "192.0.2.1", "192.0.2.2", false },
        { __LINE__, "192.0.2.1", "::ffff:192.0.2.1", true },
        { __LINE__, "192.0.2.1", "::ffff:c000:201", true },
        { __LINE__, "192.0.2.1", "::192.0.2.1", false },
        { __LINE__, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", true },
        { __LINE__, "2001:db8:1:2::", "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", true },
        { __LINE__, "2001:db8:1:2::", "2001:db8:1:3::", false },
        { __LINE__, "::1", "127.0.0.1", false },
        { __LINE__, "", NULL, true },
        { __LINE__, "", "unix:", true },
        { __LINE__, "", "192.0.2.1, 192.0.2.2", true },
        { __LINE__, "", "192.0.2.256", true },
        { __LINE__, "", "fe80::1%eth0", true },
        { __LINE__, "", "::1", false },
        { __LINE__, "", "0.0.0.0", false },
        { __LINE__, "0.0.0.0", "::", false },
        { __LINE__, "", "2001:db8:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct client_address one = of(cases[i].one), other = of(cases[i].other);
        bool is_same = one.len == other.len && memcmp(one.octets, other.octets, one.len) == 0;
        EXPECT(cases[i].line, is_same == cases[i].is_same);
    }
}
