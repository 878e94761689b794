#include "app/session_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 32, DIGITS_OF_WORD = 16 };

static bool word_read(const char *digits, uint64_t *word)
{
    static const char alphabet[] = "0123456789abcdef0123456789ABCDEF";

    *word = 0;
    for (size_t i = 0; i < DIGITS_OF_WORD; i++) {
        const char *at = memchr(alphabet, digits[i], sizeof alphabet - 1);
        if (!at)
            return false;
        *word = *word << 4 | (uint64_t)((at - alphabet) % 16);
    }
    return true;
}

enum status session_hash_key_read(const char *path, struct siphash_key *key, const char **fault)
{
    char text[DIGITS + 8];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);

    *fault = len < 0 ? strerror(errno) : "it must have 32 hexadecimal digits, and nothing else";
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return STATUS_CONFIG;
    struct bytes digits = bytes_trim((struct bytes){ text, (size_t)len }, " \r\n");
    bool is_key =
        digits.len == DIGITS && word_read(digits.p, &key->words[0]) && word_read(digits.p + DIGITS_OF_WORD, &key->words[1]);
    return is_key ? STATUS_OK : STATUS_CONFIG;
}

void session_hash(const struct siphash_key *key, struct bytes session_id, char text[SESSION_HASH_BYTES + 1])
{
    snprintf(text, SESSION_HASH_BYTES + 1, "%016llx", (unsigned long long)siphash(key, session_id));
}
