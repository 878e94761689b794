/* format: every format on every text, against the C library where it knows better, and against each other. */
#include <arpa/inet.h>

#include "base/utf8.h"
#include "model/format.h"
#include "tests/fuzz/fuzz.h"

static bool library_says(int family, struct bytes text)
{
    unsigned char address[16];
    char *copy = fuzz_copy(text);
    bool is = strlen(copy) == text.len && inet_pton(family, copy, address) == 1;

    free(copy);
    return is;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = fuzz_input(data, size);
    bool is[FORMAT_COUNT];

    if (utf8_error_offset(text) < text.len)
        return 0;
    for (enum format format = 0; format < FORMAT_COUNT; format++)
        is[format] = format_check(format, text);
    MUST(is[FORMAT_IPV4] == library_says(AF_INET, text));
    MUST(is[FORMAT_IPV6] == library_says(AF_INET6, text));
    MUST(!is[FORMAT_URI] || is[FORMAT_URI_REFERENCE]);
    MUST(!is[FORMAT_DATE_TIME] || (!is[FORMAT_DATE] && !is[FORMAT_TIME]));
    MUST(!is[FORMAT_IPV4] || is[FORMAT_HOSTNAME]);
    MUST(!is[FORMAT_HOSTNAME] || is[FORMAT_URI_REFERENCE]);
    MUST(!is[FORMAT_UUID] || is[FORMAT_HOSTNAME]);
    MUST(format_find(text) <= FORMAT_UNKNOWN);
    return 0;
}
