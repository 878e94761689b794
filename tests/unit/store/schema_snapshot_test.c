#include "store/schema_snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static const struct event_schema schemas[] = {
    { .event_type = TEXT("page_view"), .version = 12, .mode = EVENT_SCHEMA_ENFORCE, .text = TEXT("{\"a\":\n1}") },
    { .event_type = TEXT("a b\nc"), .version = 1, .mode = EVENT_SCHEMA_SHARED, .text = TEXT("") },
    { .event_type = TEXT("\xc3\xa9"), .version = 3, .mode = EVENT_SCHEMA_OFF, .text = TEXT("true") },
};

struct site {
    char directory[32];
    char path[64];
    struct arena arena;
    struct schema_snapshot snapshot;
    struct event_schema *read;
    size_t n;
};

static void site_open(struct site *site)
{
    snprintf(site->directory, sizeof site->directory, "/tmp/snapshot.XXXXXX");
    cr_assert_not_null(mkdtemp(site->directory));
    snprintf(site->path, sizeof site->path, "%s/catalogue", site->directory);
    site->arena = arena_new(1024 * 1024);
}

static void site_close(struct site *site)
{
    arena_free(&site->arena);
    unlink(site->path);
    cr_expect_eq(rmdir(site->directory), 0, "nothing else is left");
}

static enum status read_snapshot(struct site *site)
{
    return schema_snapshot_read(site->path, &site->arena, &site->snapshot, &site->read, &site->n);
}

Test(schema_snapshot, reads_back_what_was_written)
{
    struct site site;

    site_open(&site);
    cr_expect_eq(schema_snapshot_glance(site.path, &site.snapshot), STATUS_NOT_FOUND);
    cr_expect_eq(schema_snapshot_confirm(site.path), STATUS_UNAVAILABLE);
    cr_assert_eq(schema_snapshot_write(site.path, "00ff", schemas, COUNT_OF(schemas)), STATUS_OK);
    cr_assert_eq(read_snapshot(&site), STATUS_OK);
    cr_expect_str_eq(site.snapshot.fingerprint, "00ff");
    cr_assert_eq(site.n, COUNT_OF(schemas));
    for (size_t i = 0; i < site.n; i++) {
        EXPECT_BYTES((int)i, site.read[i].event_type, schemas[i].event_type);
        EXPECT_BYTES((int)i, site.read[i].text, schemas[i].text);
        EXPECT_INT((int)i, site.read[i].version, schemas[i].version);
        EXPECT_INT((int)i, site.read[i].mode, schemas[i].mode);
    }
    cr_assert_eq(schema_snapshot_write(site.path, "1", NULL, 0), STATUS_OK, "another in its place");
    cr_assert_eq(read_snapshot(&site), STATUS_OK);
    cr_expect(site.n == 0 && strcmp(site.snapshot.fingerprint, "1") == 0);
    site_close(&site);
}

Test(schema_snapshot, confirmation_moves_its_time_alone)
{
    const struct timespec past[] = { { 1000, 5000 }, { 1000, 5000 } };
    struct site site;

    site_open(&site);
    cr_assert_eq(schema_snapshot_write(site.path, "00ff", schemas, COUNT_OF(schemas)), STATUS_OK);
    cr_assert_eq(utimensat(AT_FDCWD, site.path, past, 0), 0);
    cr_assert_eq(schema_snapshot_glance(site.path, &site.snapshot), STATUS_OK);
    cr_expect_eq(site.snapshot.confirmed_us, 1000000005);
    cr_expect_eq(schema_snapshot_confirm(site.path), STATUS_OK);
    cr_assert_eq(read_snapshot(&site), STATUS_OK);
    cr_expect(site.snapshot.confirmed_us > 1000000005 && site.n == COUNT_OF(schemas));
    site_close(&site);
}

Test(schema_snapshot, every_damage_is_seen)
{
    struct site site;
    struct stat file;
    static char whole[4096], damaged[4096];

    site_open(&site);
    cr_assert_eq(schema_snapshot_write(site.path, "00ff", schemas, COUNT_OF(schemas)), STATUS_OK);
    int fd = open(site.path, O_RDWR | O_CLOEXEC);
    cr_assert(fd >= 0 && fstat(fd, &file) == 0);
    size_t len = (size_t)file.st_size;
    cr_assert(len < sizeof whole && pread(fd, whole, len, 0) == (ssize_t)len);
    for (size_t cut = 0; cut < len; cut++) {
        cr_assert_eq(ftruncate(fd, 0), 0);
        cr_assert_eq(pwrite(fd, whole, cut, 0), (ssize_t)cut);
        cr_expect_eq(read_snapshot(&site), STATUS_CONFLICT, "cut at %zu", cut);
    }
    for (size_t at = 128; at < len; at++) { /* behind the head */
        memcpy(damaged, whole, len);
        damaged[at] ^= 1;
        cr_assert_eq(pwrite(fd, damaged, len, 0), (ssize_t)len);
        cr_expect_eq(read_snapshot(&site), STATUS_CONFLICT, "changed at %zu", at);
        arena_reset(&site.arena);
    }
    close(fd);
    site_close(&site);
}

Test(schema_snapshot, file_that_others_may_write_or_that_is_a_link_is_not_believed)
{
    struct site site;
    char other[80];

    site_open(&site);
    cr_assert_eq(schema_snapshot_write(site.path, "00ff", schemas, COUNT_OF(schemas)), STATUS_OK);
    cr_assert_eq(chmod(site.path, 0620), 0);
    cr_expect_eq(schema_snapshot_glance(site.path, &site.snapshot), STATUS_CONFLICT);
    cr_assert_eq(chmod(site.path, 0600), 0);
    snprintf(other, sizeof other, "%s.link", site.path);
    cr_assert_eq(symlink(site.path, other), 0);
    cr_expect_eq(schema_snapshot_glance(other, &site.snapshot), STATUS_CONFLICT);
    unlink(other);
    site_close(&site);
}

Test(schema_snapshot, folder_that_is_not_there_leaves_nothing)
{
    cr_expect_eq(schema_snapshot_write("/nonexistent/catalogue", "1", NULL, 0), STATUS_UNAVAILABLE);
}
