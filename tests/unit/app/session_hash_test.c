#include "app/session_hash.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static const struct {
    int line;
    const char *text;
    bool want;
} keys[] = {
    { __LINE__, "000102030405060708090a0b0c0d0e0f", true },
    { __LINE__, "000102030405060708090A0B0C0D0E0F\n", true },
    { __LINE__, "000102030405060708090a0b0c0d0e0", false },
    { __LINE__, "000102030405060708090a0b0c0d0e0f0", false },
    { __LINE__, "000102030405060708090a0b0c0d0e0f0102030405060708090a", false },
    { __LINE__, "g00102030405060708090a0b0c0d0e0f", false },
    { __LINE__, "", false },
};

Test(session_hash, key_is_32_digits)
{
    char path[] = "/tmp/session_hash_test.XXXXXX";
    int fd = mkstemp(path);
    struct siphash_key key;
    const char *fault;

    cr_assert(fd >= 0);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        cr_assert(ftruncate(fd, 0) == 0);
        cr_assert(pwrite(fd, keys[i].text, strlen(keys[i].text), 0) == (ssize_t)strlen(keys[i].text));
        EXPECT_STATUS(keys[i].line, session_hash_key_read(path, &key, &fault), keys[i].want ? STATUS_OK : STATUS_CONFIG);
    }
    close(fd);
    unlink(path);
    EXPECT_STATUS(__LINE__, session_hash_key_read(path, &key, &fault), STATUS_CONFIG);
    EXPECT_TEXT(__LINE__, fault, "No such file or directory");
}

Test(session_hash, depends_on_key_and_session)
{
    const struct siphash_key one = { { 1, 2 } }, other = { { 1, 3 } };
    char a[SESSION_HASH_BYTES + 1], b[SESSION_HASH_BYTES + 1], c[SESSION_HASH_BYTES + 1], again[SESSION_HASH_BYTES + 1];

    session_hash(&one, BYTES("s-1"), a);
    session_hash(&one, BYTES("s-2"), b);
    session_hash(&other, BYTES("s-1"), c);
    session_hash(&one, BYTES("s-1"), again);
    EXPECT_INT(__LINE__, strlen(a), SESSION_HASH_BYTES);
    EXPECT_INT(__LINE__, strspn(a, "0123456789abcdef"), SESSION_HASH_BYTES);
    EXPECT_TEXT(__LINE__, again, a);
    EXPECT(__LINE__, strcmp(a, b) != 0 && strcmp(a, c) != 0);
}
