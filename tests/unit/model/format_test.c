#include "model/format.h"

#include "tests/unit/suite.h"
#include "tests/unit/unit.h"

static bool check(enum format format, struct bytes text)
{
    char *copy = exact_copy(text);
    bool is = format_check(format, (struct bytes){ copy, text.len });

    free(copy);
    return is;
}

Test(format, names_are_found)
{
    static const struct {
        int line;
        struct bytes name;
        enum format want;
    } cases[] = {
        { __LINE__, TEXT("date-time"), FORMAT_DATE_TIME },
        { __LINE__, TEXT("date"), FORMAT_DATE },
        { __LINE__, TEXT("time"), FORMAT_TIME },
        { __LINE__, TEXT("uri"), FORMAT_URI },
        { __LINE__, TEXT("uri-reference"), FORMAT_URI_REFERENCE },
        { __LINE__, TEXT("email"), FORMAT_EMAIL },
        { __LINE__, TEXT("hostname"), FORMAT_HOSTNAME },
        { __LINE__, TEXT("ipv4"), FORMAT_IPV4 },
        { __LINE__, TEXT("ipv6"), FORMAT_IPV6 },
        { __LINE__, TEXT("uuid"), FORMAT_UUID },
        { __LINE__, TEXT("json-pointer"), FORMAT_JSON_POINTER },
        { __LINE__, TEXT("regex"), FORMAT_REGEX },
        { __LINE__, TEXT("idn-email"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("idn-hostname"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("iri"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("iri-reference"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("uri-template"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("relative-json-pointer"), FORMAT_NOT_ASSERTED },
        { __LINE__, TEXT("Date"), FORMAT_UNKNOWN },
        { __LINE__, TEXT("date\0"), FORMAT_UNKNOWN },
        { __LINE__, TEXT("dat"), FORMAT_UNKNOWN },
        { __LINE__, TEXT(""), FORMAT_UNKNOWN },
        { __LINE__, TEXT("phone"), FORMAT_UNKNOWN },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_INT(cases[i].line, format_find(cases[i].name), cases[i].want);
}

#define GOOD(format, text)                       \
    {                                            \
        __LINE__, FORMAT_##format, TEXT(text), 1 \
    }
#define BAD(format, text)                        \
    {                                            \
        __LINE__, FORMAT_##format, TEXT(text), 0 \
    }

Test(format, texts_are_told_apart)
{
    static const struct {
        int line;
        enum format format;
        struct bytes text;
        bool want;
    } cases[] = {
        GOOD(DATE_TIME, "1998-12-31T23:59:60Z"),
        GOOD(DATE_TIME, "1998-12-31T15:59:60.123-08:00"),
        BAD(DATE_TIME, "1998-12-31T22:59:60Z"),
        BAD(DATE_TIME, "1998-12-31T23:59:61Z"),
        BAD(DATE_TIME, "1998-12-31 23:59:59Z"),
        BAD(DATE_TIME, "1998-12-31T23:59:59"),
        BAD(DATE_TIME, ""),

        GOOD(DATE, "2020-02-29"),
        GOOD(DATE, "0000-01-01"),
        BAD(DATE, "2021-02-29"),
        BAD(DATE, "2020-13-01"),
        BAD(DATE, "2020-1-01"),
        BAD(DATE, "2020-01-01Z"),
        BAD(DATE, "2020-01-0"),
        BAD(DATE, "20200101"),
        BAD(DATE, "1963-06-1\xe0\xa7\xaa"), /* a digit that is not ASCII */
        BAD(DATE, ""),

        GOOD(TIME, "08:30:06Z"),
        GOOD(TIME, "08:30:06.5+01:30"),
        GOOD(TIME, "23:59:60Z"),
        GOOD(TIME, "01:29:60+01:30"),
        GOOD(TIME, "23:29:60+23:30"),
        GOOD(TIME, "15:59:60-08:00"),
        GOOD(TIME, "00:29:60-23:30"),
        BAD(TIME, "23:59:60+01:00"),
        BAD(TIME, "22:59:60Z"),
        BAD(TIME, "23:58:60Z"),
        BAD(TIME, "24:00:00Z"),
        BAD(TIME, "00:60:00Z"),
        BAD(TIME, "00:00:61Z"),
        BAD(TIME, "01:02:03+24:00"),
        BAD(TIME, "01:02:03+00:60"),
        BAD(TIME, "08:30:06"),
        BAD(TIME, "08:30Z"),
        BAD(TIME, "08:30:06Z+00:30"),
        BAD(TIME, ""),

        GOOD(URI, "http://user:pass@example.com:8080/a/b?c=d&e=%20#f"),
        GOOD(URI, "http://[::1]:80/"),
        GOOD(URI, "http://[v1.a:b]/"),
        GOOD(URI, "http://example.com"),
        GOOD(URI, "http://example.com:"),
        GOOD(URI, "http://"),
        GOOD(URI, "file:///etc/hosts"),
        GOOD(URI, "a:"),
        GOOD(URI, "A+b-c.1:x"),
        GOOD(URI, "x:?"),
        GOOD(URI, "x:#"),
        GOOD(URI, "x:/a//b"),
        BAD(URI, ""),
        BAD(URI, ":x"),
        BAD(URI, "1a:x"),
        BAD(URI, "a_b:x"),
        BAD(URI, "http://a b"),
        BAD(URI, "http://a/%"),
        BAD(URI, "http://a/%4"),
        BAD(URI, "http://a/%4g"),
        BAD(URI, "http://a:b/"),
        BAD(URI, "http://a@b@c/"),
        BAD(URI, "http://[::1/"),
        BAD(URI, "http://[::1]x/"),
        BAD(URI, "http://[1.2.3.4]/"),
        BAD(URI, "http://[v.a]/"),
        BAD(URI, "http://[v1.]/"),
        BAD(URI, "http://[]/"),
        BAD(URI, "http://a#b#c"),
        BAD(URI, "http://a/<x>"),
        BAD(URI, "http://a/\"x\""),
        BAD(URI, "http://a/{x}"),
        BAD(URI, "http://a/x^y`z|"),
        BAD(URI, "http://a/\\"),
        BAD(URI, "http://a/\xc3\xa9"),
        BAD(URI, "http://a/\0"),
        BAD(URI, "http://a?b[c]"),

        GOOD(URI_REFERENCE, ""),
        GOOD(URI_REFERENCE, "?q"),
        GOOD(URI_REFERENCE, "a/b:c"),
        GOOD(URI_REFERENCE, "./b:c"),
        GOOD(URI_REFERENCE, "//h"),
        BAD(URI_REFERENCE, "1:c"),
        BAD(URI_REFERENCE, "//h:x"),
        BAD(URI_REFERENCE, "a b"),

        GOOD(EMAIL, "te~st@example.com"),
        GOOD(EMAIL, "a.b@c"),
        GOOD(EMAIL, "\"joe bloggs\"@example.com"),
        GOOD(EMAIL, "\"joe..bloggs\"@example.com"),
        GOOD(EMAIL, "\"joe@bloggs\"@example.com"),
        GOOD(EMAIL, "\"\"@example.com"),
        GOOD(EMAIL, "\"a\\\"b\\\\\"@example.com"),
        GOOD(EMAIL, "joe@[127.0.0.1]"),
        GOOD(EMAIL, "joe@[IPv6:::1]"),
        GOOD(EMAIL, "joe@[ipv6:2001:db8::1]"),
        BAD(EMAIL, ""),
        BAD(EMAIL, "@"),
        BAD(EMAIL, "@example.com"),
        BAD(EMAIL, "a@"),
        BAD(EMAIL, ".test@example.com"),
        BAD(EMAIL, "test.@example.com"),
        BAD(EMAIL, "te..st@example.com"),
        BAD(EMAIL, "te st@example.com"),
        BAD(EMAIL, "a@b@example.com"),
        BAD(EMAIL, "a@-b.example"),
        BAD(EMAIL, "a@b..example"),
        BAD(EMAIL, "a@example."),
        BAD(EMAIL, "a@[127.0.0.300]"),
        BAD(EMAIL, "a@[::1]"),
        BAD(EMAIL, "a@[IPv6:1]"),
        BAD(EMAIL, "a@[127.0.0.1"),
        BAD(EMAIL, "\"@example.com"),
        BAD(EMAIL, "\"a\"b\"@example.com"),
        BAD(EMAIL, "\"a\\\"@example.com"),
        BAD(EMAIL, "\"a\n\"@example.com"),
        BAD(EMAIL, "\xc3\xa9@example.com"),
        BAD(EMAIL, "a\0@example.com"),
        GOOD(EMAIL, "a123456789012345678901234567890123456789012345678901234567890123@b"),
        BAD(EMAIL, "ab123456789012345678901234567890123456789012345678901234567890123@b"),

        GOOD(HOSTNAME, "a"),
        GOOD(HOSTNAME, "1host"),
        GOOD(HOSTNAME, "a-1.b-2.C"),
        GOOD(HOSTNAME, "a12345678901234567890123456789012345678901234567890123456789012"),
        BAD(HOSTNAME, "a123456789012345678901234567890123456789012345678901234567890123"),
        BAD(HOSTNAME, ""),
        BAD(HOSTNAME, "."),
        BAD(HOSTNAME, ".a"),
        BAD(HOSTNAME, "a."),
        BAD(HOSTNAME, "a..b"),
        BAD(HOSTNAME, "-a"),
        BAD(HOSTNAME, "a-"),
        BAD(HOSTNAME, "a.-b"),
        BAD(HOSTNAME, "a_b"),
        BAD(HOSTNAME, "a b"),
        BAD(HOSTNAME, "\xc3\xa9.example"),

        GOOD(IPV4, "0.0.0.0"),
        GOOD(IPV4, "255.255.255.255"),
        BAD(IPV4, ""),
        BAD(IPV4, "1.2.3"),
        BAD(IPV4, "1.2.3."),
        BAD(IPV4, ".1.2.3"),
        BAD(IPV4, "1..2.3"),
        BAD(IPV4, "1.2.3.4."),
        BAD(IPV4, "1.2.3.256"),
        BAD(IPV4, "1.2.3.1000"),
        BAD(IPV4, "087.10.0.1"), /* not octal either */
        BAD(IPV4, "1.2.3.00"),
        BAD(IPV4, "1.2.3.+4"),
        BAD(IPV4, "1.2.3.4/24"),
        BAD(IPV4, "1.2.3.\xe0\xa7\xa7"),

        GOOD(IPV6, "::"),
        GOOD(IPV6, "::1"),
        GOOD(IPV6, "1::"),
        GOOD(IPV6, "1:2:3:4:5:6:7:8"),
        GOOD(IPV6, "abCD:EF01:2:3:4:5:6:7"),
        GOOD(IPV6, "1:2:3:4:5:6:7::"),
        GOOD(IPV6, "::2:3:4:5:6:7:8"),
        GOOD(IPV6, "1::3:4:5:6:7:8"),
        GOOD(IPV6, "::ffff:192.168.0.1"),
        GOOD(IPV6, "::1.2.3.4"),
        GOOD(IPV6, "1:2:3:4:5:6:1.2.3.4"),
        GOOD(IPV6, "1::5:1.2.3.4"),
        BAD(IPV6, ""),
        BAD(IPV6, ":"),
        BAD(IPV6, ":::"),
        BAD(IPV6, ":1"),
        BAD(IPV6, "1:"),
        BAD(IPV6, "1:2:3:4:5:6:7"),
        BAD(IPV6, "1:2:3:4:5:6:7:8:9"),
        BAD(IPV6, "1:2:3:4:5:6:7:8::"),
        BAD(IPV6, "::1:2:3:4:5:6:7:8"),
        BAD(IPV6, "1::2::3"),
        BAD(IPV6, "::1::"),
        BAD(IPV6, "1:::2"),
        BAD(IPV6, "1:2:3:4:5:6:7:1.2.3.4"),
        BAD(IPV6, "1:2:3:4:5:1.2.3.4"),
        BAD(IPV6, "::1.2.3.4:5"),
        BAD(IPV6, "::1.2.3"),
        BAD(IPV6, "::1.2.3.256"),
        BAD(IPV6, "1.2.3.4"),
        BAD(IPV6, "::g"),
        BAD(IPV6, "fe80::1%eth0"),
        BAD(IPV6, "::1/64"),
        BAD(IPV6, "::0abcd1"),

        GOOD(UUID, "2EB8AA08-aa98-11ea-b4aa-73b441d16380"),
        GOOD(UUID, "00000000-0000-0000-0000-000000000000"),
        BAD(UUID, "2eb8aa08-aa98-11ea-b4aa-73b441d1638"),
        BAD(UUID, "2eb8aa08aa9811eab4aa73b441d16380"),
        BAD(UUID, "2eb8aa08-aa98-11ea-b4ga-73b441d16380"),
        BAD(UUID, "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}"),

        GOOD(JSON_POINTER, "/\xc3\xa9"),
        BAD(JSON_POINTER, " "),

        GOOD(REGEX, "a|b"),
        BAD(REGEX, "a**"),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT(cases[i].line, check(cases[i].format, cases[i].text) == cases[i].want);
}

Test(format, a_hostname_has_253_bytes_at_most)
{
    char *label = repeated('a', 63);
    char text[300];

    snprintf(text, sizeof text, "%s.%s.%s.%.61s", label, label, label, label);
    cr_expect_eq(strlen(text), 253);
    cr_expect(check(FORMAT_HOSTNAME, bytes_of(text)));
    snprintf(text, sizeof text, "%s.%s.%s.%.62s", label, label, label, label);
    cr_expect_not(check(FORMAT_HOSTNAME, bytes_of(text)));
    free(label);
}

static void judge(const struct suite_case *given)
{
    const char *name = json_object_get_string(json_object_object_get(given->schema, "format"));
    enum format format = format_find(bytes_of(name));

    cr_assert(format < FORMAT_COUNT, "%s: %s", given->file, name);
    if (json_object_is_type(given->data, json_type_string))
        cr_expect_eq(check(format, suite_text(given->data)), given->valid, "%s: %s", given->file, given->description);
}

/* uuid is no format of draft-07, and has no file. */
Test(format, the_suite_agrees)
{
    static const char *const files[] = { "date-time", "date", "time", "uri",          "uri-reference", "email",
                                         "hostname",  "ipv4", "ipv6", "json-pointer", "regex" };
    size_t n = 0;

    suite_skip_unless_installed();
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char file[64];
        snprintf(file, sizeof file, "optional/format/%s.json", files[i]);
        n += suite_each(file, judge);
    }
    n += suite_each("optional/ecmascript-regex.json", judge);
    cr_expect_geq(n, 85);
}
