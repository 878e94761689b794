#include "app/audit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    WAITING_MAX = 10000, /* reads that wait: past it they are given up */
    PORTION = 500,
    GATHER_MS = 100,
    RETRY_MS = 1000,
    IDLE_MS = 60000,
    STATEMENT_TIMEOUT_MS = 2000 /* short of a daemon's grace: what cannot be written is told in the log before it ends */
};

/* A read that waits, with its texts behind it. */
struct noted {
    struct noted *next;
    struct audit_read read;
    char text[];
};

struct audit {
    bool is_required;
    struct db *db;           /* of who writes, under writing */
    pthread_mutex_t writing; /* taken before lock, where both are */
    pthread_mutex_t lock;
    struct bell *bell; /* under lock: of who runs audit_run; NULL: nobody does */
    struct noted *first;
    struct noted **last;
    size_t n;
};

enum status audit_open(struct audit **audit, const struct config *config)
{
    const struct db_options options = {
        .conninfo = config->writer_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = STATEMENT_TIMEOUT_MS,
        .lock_timeout_ms = STATEMENT_TIMEOUT_MS,
    };
    struct audit *made = calloc(1, sizeof *made);

    *audit = made;
    if (!made)
        return STATUS_NO_MEMORY;
    made->is_required = config->audit_required;
    made->last = &made->first;
    pthread_mutex_init(&made->writing, NULL);
    pthread_mutex_init(&made->lock, NULL);
    made->db = db_new(&options);
    if (made->db)
        return STATUS_OK;
    audit_close(made);
    *audit = NULL;
    return STATUS_NO_MEMORY;
}

void audit_close(struct audit *audit)
{
    if (!audit)
        return;
    while (audit->first) {
        struct noted *noted = audit->first;
        audit->first = noted->next;
        free(noted);
    }
    db_free(audit->db);
    pthread_mutex_destroy(&audit->lock);
    pthread_mutex_destroy(&audit->writing);
    free(audit);
}

static void tell_lost(const struct audit_read *read, enum status st)
{
    LOG(ERROR, "a read of a session could not be recorded", log_text("user.name", read->actor),
        log_text("client.address", read->address), log_text("http.request.id", read->request_id),
        log_text("event.outcome", bytes_of(status_info(st)->code)));
}

/* ---- at once ---- */

static enum status append(struct audit *audit, const struct audit_read *reads, size_t n)
{
    pthread_mutex_lock(&audit->writing);
    enum status st = audit_store_append(audit->db, reads, n);
    if (st == STATUS_RETRY || (st == STATUS_UNAVAILABLE && db_went_stale(audit->db)))
        st = audit_store_append(audit->db, reads, n);
    pthread_mutex_unlock(&audit->writing);
    return st;
}

static enum status note_at_once(struct audit *audit, const struct audit_read *read)
{
    enum status st = append(audit, read, 1);

    if (st == STATUS_OK)
        return STATUS_OK;
    tell_lost(read, st);
    return audit->is_required ? STATUS_UNAVAILABLE : STATUS_OK;
}

/* ---- later ---- */

static struct bytes put(char **at, struct bytes text)
{
    struct bytes copy = { *at, text.len };

    if (text.len)
        memcpy(*at, text.p, text.len);
    *at += text.len;
    return copy;
}

static struct noted *noted_of(const struct audit_read *read)
{
    struct noted *noted = malloc(sizeof *noted + read->actor.len + read->subject.len + read->address.len + read->request_id.len);

    if (!noted)
        return NULL;
    char *at = noted->text;
    *noted = (struct noted){ .read = { .happened_at_us = read->happened_at_us } };
    noted->read.actor = put(&at, read->actor);
    noted->read.subject = put(&at, read->subject);
    noted->read.address = put(&at, read->address);
    noted->read.request_id = put(&at, read->request_id);
    return noted;
}

enum status audit_note(struct audit *audit, const struct audit_read *read)
{
    pthread_mutex_lock(&audit->lock);
    bool waits = audit->bell && !audit->is_required;
    struct noted *noted = waits && audit->n < WAITING_MAX ? noted_of(read) : NULL;
    if (noted) {
        *audit->last = noted;
        audit->last = &noted->next;
        if (!audit->n++)
            bell_ring(audit->bell);
    }
    pthread_mutex_unlock(&audit->lock);
    if (!waits)
        return note_at_once(audit, read);
    if (!noted)
        tell_lost(read, STATUS_BUSY);
    return STATUS_OK;
}

/* Takes the first n off, which have been written. */
static void forget(struct audit *audit, size_t n)
{
    pthread_mutex_lock(&audit->lock);
    audit->n -= n;
    while (n--) {
        struct noted *noted = audit->first;
        audit->first = noted->next;
        if (!audit->first)
            audit->last = &audit->first;
        free(noted);
    }
    pthread_mutex_unlock(&audit->lock);
}

/* Copies the heads of the first: only the one who writes takes any off. */
static size_t gather(struct audit *audit, struct audit_read reads[PORTION])
{
    size_t n = 0;

    pthread_mutex_lock(&audit->lock);
    for (struct noted *noted = audit->first; noted && n < PORTION; noted = noted->next)
        reads[n++] = noted->read;
    pthread_mutex_unlock(&audit->lock);
    return n;
}

static enum status write_noted(struct audit *audit)
{
    struct audit_read reads[PORTION];
    enum status st = STATUS_OK;
    size_t n;

    while (st == STATUS_OK && (n = gather(audit, reads)) > 0) {
        st = append(audit, reads, n);
        if (st == STATUS_UNPROCESSABLE) { /* one of them can never be written: each for itself */
            for (size_t i = 0; i < n; i++)
                (void)note_at_once(audit, &reads[i]);
            st = STATUS_OK;
        }
        if (st == STATUS_OK)
            forget(audit, n);
    }
    return st;
}

static void watch(struct audit *audit, struct bell *bell)
{
    pthread_mutex_lock(&audit->lock);
    audit->bell = bell;
    pthread_mutex_unlock(&audit->lock);
}

void audit_run(struct audit *audit, struct bell *bell)
{
    struct audit_read reads[PORTION];
    enum status st = STATUS_OK;

    watch(audit, bell);
    while (bell_wait(bell, st == STATUS_OK ? IDLE_MS : RETRY_MS)) {
        if (st == STATUS_OK)
            (void)bell_wait(bell, GATHER_MS);
        st = write_noted(audit);
    }
    watch(audit, NULL);
    st = write_noted(audit);
    for (size_t n = gather(audit, reads); n > 0; n = gather(audit, reads)) {
        for (size_t i = 0; i < n; i++)
            tell_lost(&reads[i], st);
        forget(audit, n);
    }
}
