#include "store/schema_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

/* A line of fixed size, and behind it for each schema a line "TYPE_BYTES VERSION MODE TEXT_BYTES", the type, the text. */
#define MAGIC "synchrony-catalogue 1 "

enum { HEAD_BYTES = 128, FILE_MAX_BYTES = 64 * 1024 * 1024, PATH_BYTES = 512, US_PER_S = 1000000, NS_PER_US = 1000 };

/* What the head says. */
struct head {
    size_t n;
    size_t body_len;
    char check[17]; /* of the body */
};

static void format_check(struct bytes body, char check[17])
{
    snprintf(check, 17, "%016llx", (unsigned long long)hash_fnv1a(body));
}

/* ---- reading ---- */

static bool take_word(struct bytes *line, char *word, size_t size)
{
    struct bytes text;

    if (!bytes_cut(line, ' ', &text) || !text.len || text.len >= size)
        return false;
    snprintf(word, size, "%.*s", (int)text.len, text.p);
    return true;
}

static bool take_size(struct bytes *line, size_t max, size_t *value)
{
    struct bytes text;

    return bytes_cut(line, ' ', &text) && bytes_to_size(text, max, value);
}

static bool parse_head(const char text[HEAD_BYTES], struct schema_snapshot *snapshot, struct head *head)
{
    struct bytes line = bytes_trim((struct bytes){ text, HEAD_BYTES }, " \n");

    if (!bytes_begins_with(line, BYTES(MAGIC)))
        return false;
    line.p += sizeof MAGIC - 1;
    line.len -= sizeof MAGIC - 1;
    return take_word(&line, snapshot->fingerprint, sizeof snapshot->fingerprint) && take_size(&line, FILE_MAX_BYTES, &head->n) &&
           take_size(&line, FILE_MAX_BYTES, &head->body_len) && take_word(&line, head->check, sizeof head->check);
}

/* Opens the file and reads its head. *fd is the caller's on STATUS_OK. */
static enum status open_snapshot(const char *path, struct schema_snapshot *snapshot, struct head *head, int *fd)
{
    char text[HEAD_BYTES];
    struct stat file;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CONFLICT;
    bool is_ours =
        fstat(*fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == geteuid() && !(file.st_mode & (S_IWGRP | S_IWOTH));
    if (is_ours && pread(*fd, text, sizeof text, 0) == sizeof text && parse_head(text, snapshot, head)) {
        snapshot->confirmed_us = (int64_t)file.st_mtim.tv_sec * US_PER_S + file.st_mtim.tv_nsec / NS_PER_US;
        return STATUS_OK;
    }
    close(*fd);
    return STATUS_CONFLICT;
}

enum status schema_snapshot_glance(const char *path, struct schema_snapshot *snapshot)
{
    struct head head;
    int fd;
    enum status st = open_snapshot(path, snapshot, &head, &fd);

    if (st == STATUS_OK)
        close(fd);
    return st;
}

static enum status read_body(int fd, const struct head *head, struct arena *arena, struct bytes *body)
{
    char *p = arena_alloc(arena, head->body_len + 1);
    char check[17];

    if (!p)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < head->body_len;) {
        ssize_t n = pread(fd, p + at, head->body_len - at, (off_t)(HEAD_BYTES + at));
        if (n <= 0)
            return STATUS_CONFLICT;
        at += (size_t)n;
    }
    *body = (struct bytes){ p, head->body_len };
    format_check(*body, check);
    return strcmp(check, head->check) == 0 ? STATUS_OK : STATUS_CONFLICT;
}

static bool take_schema(struct bytes *body, struct event_schema *schema)
{
    struct bytes line, mode;

    if (!bytes_cut(body, '\n', &line) || !take_size(&line, FILE_MAX_BYTES, &schema->event_type.len) ||
        !take_size(&line, SIZE_MAX, &schema->version) || !bytes_cut(&line, ' ', &mode) ||
        !event_schema_mode_parse(mode, &schema->mode) || !take_size(&line, FILE_MAX_BYTES, &schema->text.len) || !body->p ||
        schema->event_type.len + schema->text.len > body->len)
        return false;
    schema->event_type.p = body->p;
    schema->text.p = body->p + schema->event_type.len;
    body->p += schema->event_type.len + schema->text.len;
    body->len -= schema->event_type.len + schema->text.len;
    return true;
}

enum status schema_snapshot_read(const char *path, struct arena *arena, struct schema_snapshot *snapshot,
                                 struct event_schema **schemas, size_t *n)
{
    struct head head;
    struct bytes body;
    int fd;
    enum status st = open_snapshot(path, snapshot, &head, &fd);

    *n = 0;
    if (st != STATUS_OK)
        return st;
    st = read_body(fd, &head, arena, &body);
    close(fd);
    if (st != STATUS_OK)
        return st;
    *schemas = arena_alloc_array(arena, head.n + 1, sizeof **schemas);
    if (!*schemas)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < head.n; i++) {
        if (!take_schema(&body, &(*schemas)[i]))
            return STATUS_CONFLICT;
    }
    *n = head.n;
    return STATUS_OK;
}

/* ---- writing ---- */

static void add_body(struct buf *text, const struct event_schema *schemas, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_format(text, "%zu %zu %s %zu\n", schemas[i].event_type.len, schemas[i].version,
                       event_schema_mode_name(schemas[i].mode), schemas[i].text.len);
        buf_add(text, schemas[i].event_type);
        buf_add(text, schemas[i].text);
    }
}

static bool write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t n = write(fd, text.p, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text.p += n;
        text.len -= (size_t)n;
    }
    return true;
}

/* Under another name first, and on disk before it takes the place of the old one. */
static bool replace(const char *path, struct bytes head, struct bytes body)
{
    char other[PATH_BYTES];

    if (snprintf(other, sizeof other, "%s.new", path) >= (int)sizeof other) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)unlink(other);
    int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool done = write_all(fd, head) && write_all(fd, body) && fdatasync(fd) == 0;
    close(fd);
    done = done && rename(other, path) == 0;
    if (!done) {
        int why = errno;
        (void)unlink(other);
        errno = why;
    }
    return done;
}

enum status schema_snapshot_write(const char *path, const char *fingerprint, const struct event_schema *schemas, size_t n)
{
    struct buf body = buf_new(FILE_MAX_BYTES);
    char head[HEAD_BYTES + 1], check[17];
    enum status st = STATUS_NO_MEMORY;

    add_body(&body, schemas, n);
    struct bytes text = body.p ? buf_bytes(&body) : BYTES("");
    if (!body.failed) {
        char line[HEAD_BYTES];
        format_check(text, check);
        snprintf(line, sizeof line, MAGIC "%s %zu %zu %s", fingerprint, n, text.len, check);
        snprintf(head, sizeof head, "%-*s\n", HEAD_BYTES - 1, line);
        st = replace(path, (struct bytes){ head, HEAD_BYTES }, text) ? STATUS_OK : STATUS_UNAVAILABLE;
    }
    buf_free(&body);
    return st;
}

enum status schema_snapshot_confirm(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}
