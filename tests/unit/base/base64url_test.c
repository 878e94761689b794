#include "base/base64url.h"

#include "tests/unit/unit.h"

/* RFC 4648, section 10, and the two characters in which this alphabet differs. */
static const struct {
    int line;
    struct bytes data;
    struct bytes text;
} pairs[] = {
    { __LINE__, TEXT(""), TEXT("") },
    { __LINE__, TEXT("f"), TEXT("Zg") },
    { __LINE__, TEXT("fo"), TEXT("Zm8") },
    { __LINE__, TEXT("foo"), TEXT("Zm9v") },
    { __LINE__, TEXT("foob"), TEXT("Zm9vYg") },
    { __LINE__, TEXT("fooba"), TEXT("Zm9vYmE") },
    { __LINE__, TEXT("foobar"), TEXT("Zm9vYmFy") },
    { __LINE__, TEXT("\0"), TEXT("AA") },
    { __LINE__, TEXT("\0\0\0"), TEXT("AAAA") },
    { __LINE__, TEXT("\xfb\xff\xbf"), TEXT("-_-_") },
};

Test(base64url, both_ways)
{
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct buf buf = buf_new(64);
        char *copy = exact_copy(pairs[i].text);
        char data[64];
        size_t len = 99;

        base64url_add(&buf, pairs[i].data);
        EXPECT_BYTES(pairs[i].line, buf_bytes(&buf), pairs[i].text);
        EXPECT_INT(pairs[i].line, BASE64URL_CHARS(pairs[i].data.len), pairs[i].text.len);
        EXPECT(pairs[i].line, base64url_decode((struct bytes){ copy, pairs[i].text.len }, data, &len));
        EXPECT_BYTES(pairs[i].line, ((struct bytes){ data, len }), pairs[i].data);
        free(copy);
        buf_free(&buf);
    }
}

Test(base64url, refuses_what_it_would_not_have_written)
{
    static const struct bytes texts[] = {
        TEXT("Z"),     TEXT("Zm9vZ"), TEXT("Zg=="),  TEXT("Zg="),  TEXT("Zh"),    TEXT("Zm9"),      TEXT("+/+/"),
        TEXT("Zm9v "), TEXT(" Zm9v"), TEXT("Zm\0v"), TEXT("Zm.v"), TEXT("Zm\n8"), TEXT("\xc3\xa4"),
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char data[64];
        size_t len;
        EXPECT((int)i, !base64url_decode(texts[i], data, &len));
    }
}
