#include "store/schema_snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/host_file.h"

/* A line of fixed size, and behind it for each schema a line "TYPE_BYTES VERSION MODE TEXT_BYTES", the type, the text. */
#define MAGIC "synchrony-catalogue 1 "

enum { HEAD_BYTES = 128, FILE_MAX_BYTES = 64 * 1024 * 1024 };

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

    enum status st = host_file_read_begin(path, fd, &file);
    if (st != STATUS_OK)
        return st;
    if (host_file_read(*fd, 0, text, sizeof text) && parse_head(text, snapshot, head)) {
        snapshot->confirmed_us = host_file_written_us(&file);
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
    if (!host_file_read(fd, HEAD_BYTES, p, head->body_len))
        return STATUS_CONFLICT;
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
        st = host_file_replace(path, (const struct bytes[]){ { head, HEAD_BYTES }, text }, 2);
    }
    buf_free(&body);
    return st;
}

enum status schema_snapshot_confirm(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}
