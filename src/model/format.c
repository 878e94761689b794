#include "model/format.h"

#include <string.h>

#include "model/ip_address.h"
#include "model/pattern.h"
#include "model/timestamp.h"
#include "model/uri.h"
#include "model/uuid.h"

enum { LABEL_MAX_BYTES = 63, HOSTNAME_MAX_BYTES = 253, LOCAL_PART_MAX_BYTES = 64, MAILBOX_MAX_BYTES = 254 };

static bool is_date_time(struct bytes text)
{
    int64_t us;

    return timestamp_parse(text, &us);
}

static bool is_uuid(struct bytes text)
{
    struct uuid uuid;

    return uuid_parse(text, &uuid);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- hosts ---- */

/* RFC 1123, section 2.1, with RFC 952: letters, digits and hyphens, and no hyphen at either end. */
static bool is_label(struct bytes label)
{
    if (label.len == 0 || label.len > LABEL_MAX_BYTES || label.p[0] == '-' || label.p[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-')
            return false;
    }
    return true;
}

static bool is_hostname(struct bytes text)
{
    struct bytes label;

    if (text.len == 0 || text.len > HOSTNAME_MAX_BYTES)
        return false;
    while (bytes_cut(&text, '.', &label)) {
        if (!is_label(label))
            return false;
    }
    return true;
}

/* ---- mail ---- */

static bool is_atext_mark(char c)
{
    return c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c);
}

/* RFC 5321, Dot-string: atoms of RFC 5322's atext between dots. */
static bool is_dot_string(struct bytes text)
{
    struct bytes atom;

    while (bytes_cut(&text, '.', &atom)) {
        if (atom.len == 0)
            return false;
        for (size_t i = 0; i < atom.len; i++) {
            if (!is_letter_or_digit(atom.p[i]) && !is_atext_mark(atom.p[i]))
                return false;
        }
    }
    return true;
}

/* RFC 5321, Quoted-string: printable characters of ASCII and spaces, a quote and a backslash behind a backslash. */
static bool is_quoted_string(struct bytes text)
{
    if (text.len < 2 || text.p[0] != '"' || text.p[text.len - 1] != '"')
        return false;
    for (size_t i = 1; i < text.len - 1; i++) {
        bool is_escaped = text.p[i] == '\\';
        if (is_escaped && ++i == text.len - 1)
            return false;
        if (text.p[i] < ' ' || text.p[i] > '~' || (text.p[i] == '"' && !is_escaped))
            return false;
    }
    return true;
}

/* RFC 5321, address-literal, of the two kinds that are registered. */
static bool is_address_literal(struct bytes text)
{
    const struct bytes tag = BYTES("IPv6:");

    if (text.len < 2 || text.p[0] != '[' || text.p[text.len - 1] != ']')
        return false;
    struct bytes inner = { text.p + 1, text.len - 2 };
    if (inner.len < tag.len || !bytes_equal_nocase((struct bytes){ inner.p, tag.len }, tag))
        return ip_address_is_v4(inner);
    return ip_address_is_v6((struct bytes){ inner.p + tag.len, inner.len - tag.len });
}

/* A quoted local part may hold an "@", a domain none. */
static bool is_email(struct bytes text)
{
    size_t at = text.len;

    while (at > 0 && text.p[at - 1] != '@')
        at--;
    if (at < 2 || at - 1 > LOCAL_PART_MAX_BYTES || text.len > MAILBOX_MAX_BYTES)
        return false;
    struct bytes local = { text.p, at - 1 }, domain = { text.p + at, text.len - at };
    return (is_dot_string(local) || is_quoted_string(local)) && (is_hostname(domain) || is_address_literal(domain));
}

/* ---- pointers ---- */

static bool is_json_pointer(struct bytes text)
{
    if (text.len && text.p[0] != '/')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '~' && (i + 1 == text.len || (text.p[i + 1] != '0' && text.p[i + 1] != '1')))
            return false;
    }
    return true;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool (*is)(struct bytes text);
} formats[] = {
    [FORMAT_DATE_TIME] = { "date-time", is_date_time },
    [FORMAT_DATE] = { "date", timestamp_is_date },
    [FORMAT_TIME] = { "time", timestamp_is_time },
    [FORMAT_URI] = { "uri", uri_is_uri },
    [FORMAT_URI_REFERENCE] = { "uri-reference", uri_is_reference },
    [FORMAT_EMAIL] = { "email", is_email },
    [FORMAT_HOSTNAME] = { "hostname", is_hostname },
    [FORMAT_IPV4] = { "ipv4", ip_address_is_v4 },
    [FORMAT_IPV6] = { "ipv6", ip_address_is_v6 },
    [FORMAT_UUID] = { "uuid", is_uuid },
    [FORMAT_JSON_POINTER] = { "json-pointer", is_json_pointer },
    [FORMAT_REGEX] = { "regex", pattern_is_valid },
};
_Static_assert(sizeof formats / sizeof formats[0] == FORMAT_COUNT, "a row for each format");

enum format format_find(struct bytes name)
{
    static const char *const not_asserted[] = { "idn-email",     "idn-hostname", "iri",
                                                "iri-reference", "uri-template", "relative-json-pointer" };

    for (enum format format = 0; format < FORMAT_COUNT; format++) {
        if (bytes_equal(name, bytes_of(formats[format].name)))
            return format;
    }
    for (size_t i = 0; i < sizeof not_asserted / sizeof not_asserted[0]; i++) {
        if (bytes_equal(name, bytes_of(not_asserted[i])))
            return FORMAT_NOT_ASSERTED;
    }
    return FORMAT_UNKNOWN;
}

bool format_check(enum format format, struct bytes text)
{
    return formats[format].is(text);
}
