#include "model/media_type.h"

#define WHITE_SPACE " \t"

static bool is_accepted_type(struct bytes type)
{
    static const struct bytes accepted[] = { BYTES("application/json"), BYTES("text/plain"),
                                             BYTES("application/x-www-form-urlencoded") };

    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        if (bytes_equal_nocase(type, accepted[i]))
            return true;
    }
    return false;
}

static struct bytes unquoted(struct bytes text)
{
    if (text.len >= 2 && text.p[0] == '"' && text.p[text.len - 1] == '"')
        return (struct bytes){ text.p + 1, text.len - 2 };
    return text;
}

bool media_type_is_accepted(struct bytes content_type)
{
    struct bytes type, parameter, name;

    if (!bytes_trim(content_type, WHITE_SPACE).len)
        return true;
    (void)bytes_cut(&content_type, ';', &type);
    if (!is_accepted_type(bytes_trim(type, WHITE_SPACE)))
        return false;
    while (bytes_cut(&content_type, ';', &parameter)) {
        (void)bytes_cut(&parameter, '=', &name);
        if (!bytes_equal_nocase(bytes_trim(name, WHITE_SPACE), BYTES("charset")))
            continue;
        if (!bytes_equal_nocase(unquoted(bytes_trim(parameter, WHITE_SPACE)), BYTES("utf-8")))
            return false;
    }
    return true;
}
