/* Keys without a database: the file from which a process takes those that another has read, in a folder of the test's own. */
#ifndef SYNCHRONY_TESTS_KEYS_SITE_H
#define SYNCHRONY_TESTS_KEYS_SITE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/key_keeper.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "tests/unit/unit.h"

#define KEYS_DATABASE "host=/nonexistent/writer"

static char keys_database[] = KEYS_DATABASE;
static char keys_directory[] = "/tmp/synchrony.keys.XXXXXX";

static void keys_begin(void)
{
    cr_assert(mkdtemp(keys_directory));
    log_set_level(LOG_LEVEL_COUNT);
}

static void keys_end(void)
{
    DIR *directory = opendir(keys_directory);
    char path[sizeof keys_directory + 300];

    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        snprintf(path, sizeof path, "%s/%s", keys_directory, entry->d_name);
        unlink(path);
    }
    closedir(directory);
    rmdir(keys_directory);
}

/* The key of a number. */
static const char *keys_text(unsigned char number)
{
    static char texts[256][API_KEY_BYTES + 1];
    unsigned char random[API_KEY_RANDOM_BYTES] = { number };

    api_key_make(random, texts[number]);
    return texts[number];
}

static struct key_grant keys_grant(unsigned char number, api_scopes scopes)
{
    struct key_grant grant = {
        .digest = api_key_digest_of(bytes_of(keys_text(number))), .scopes = scopes, .origins = BYTES(""), .event_types = BYTES("")
    };

    memcpy(grant.id, keys_text(number), API_KEY_ID_BYTES);
    return grant;
}

static inline const char *keys_path(const char *suffix)
{
    static char path[sizeof keys_directory + 64];

    snprintf(path, sizeof path, "%s/keys.%016llx%s", keys_directory, (unsigned long long)hash_fnv1a(BYTES(KEYS_DATABASE)), suffix);
    return path;
}

/* Writes the file as another process would have. */
static void keys_write(const struct key_grant *grants, size_t n, int64_t read_at_us)
{
    struct key_ring *ring;

    cr_assert_eq(key_ring_new(grants, n, read_at_us, &ring), STATUS_OK);
    unlink(keys_path(""));
    int fd = open(keys_path(""), O_WRONLY | O_CREAT | O_EXCL, 0600);
    struct bytes bytes = key_ring_bytes(ring);
    cr_assert(fd >= 0 && write(fd, bytes.p, bytes.len) == (ssize_t)bytes.len);
    close(fd);
    key_ring_free(ring);
}

#endif
