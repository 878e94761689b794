#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/queue.h"
#include "ctl/queue_line.h"

enum { SAID_MAX = 20, PIECE_BYTES = 4096 };

struct import {
    struct scrubber scrubber;
    struct queue *queue;
    FILE *stream;
    const char *name; /* of the stream, for people */
    struct buf line;
    struct document_reader *reader;
    struct arena arena;
    struct event events[QUEUE_PORTION_RECORDS]; /* of the portion */
    struct event *portion[QUEUE_PORTION_RECORDS];
    size_t n;
    size_t portion_bytes;
    unsigned long long line_number;
    unsigned long long n_imported;
    unsigned long long n_refused;
};

/* Reads a line without its end. Returns STATUS_END where there is none; STATUS_TOO_LARGE where it has not fit, and is skipped. */
static enum status read_line(struct import *import)
{
    char piece[PIECE_BYTES];
    size_t n = 0;
    int c;

    buf_reset(&import->line);
    import->line_number++;
    while ((c = getc_unlocked(import->stream)) != EOF && c != '\n') {
        piece[n++] = (char)c;
        if (n < sizeof piece)
            continue;
        buf_add(&import->line, (struct bytes){ piece, n });
        n = 0;
    }
    if (ferror(import->stream)) {
        fprintf(stderr, "synchrony: queue import: %s: line %llu: cannot be read: %s\n", import->name, import->line_number,
                strerror(errno));
        return STATUS_INTERNAL;
    }
    buf_add(&import->line, (struct bytes){ piece, n });
    if (import->line.failed)
        return STATUS_TOO_LARGE;
    return c == EOF && !import->line.len ? STATUS_END : STATUS_OK;
}

/* A file that is none of ours is not worth a million lines. */
static void refuse(struct import *import, enum status st, const struct problem *problem)
{
    import->n_refused++;
    if (import->n_refused > SAID_MAX)
        return;
    fprintf(stderr, "synchrony: queue import: %s: line %llu: %s%s\n", import->name, import->line_number,
            *problem->details ? problem->details : status_info(st)->sentence, import->n_refused == SAID_MAX ? " (and so on)" : "");
}

static enum status put_portion(struct import *import)
{
    enum status st = queue_put(import->queue, import->portion, import->n);

    if (st != STATUS_OK)
        return queue_failed("import", st);
    import->n_imported += import->n;
    import->n = 0;
    import->portion_bytes = 0;
    arena_reset(&import->arena);
    return STATUS_OK;
}

/* A bad line is told and passed over; others are not to suffer for it. */
static enum status take_line(struct import *import)
{
    struct problem problem = { 0 };
    struct event *event = &import->events[import->n];
    struct bytes line = buf_bytes(&import->line);

    import->portion_bytes += line.len;
    enum status st = queue_line_read(&import->scrubber, line, import->reader, &import->arena, event, &problem);
    if (st == STATUS_OK) {
        import->portion[import->n] = event;
        import->n++;
    } else if (status_info(st)->retry) { /* ours: memory */
        return queue_failed("import", st);
    } else {
        refuse(import, st, &problem);
    }
    if (import->n == QUEUE_PORTION_RECORDS || import->portion_bytes >= QUEUE_PORTION_BYTES)
        return put_portion(import);
    return STATUS_OK;
}

static enum status read_lines(struct import *import)
{
    static const struct problem too_long = { .details = "it is longer than any event can be" };
    enum status st;

    while ((st = read_line(import)) != STATUS_END) {
        if (st == STATUS_TOO_LARGE) {
            refuse(import, st, &too_long);
            continue;
        }
        if (st == STATUS_OK && bytes_trim(buf_bytes(&import->line), " \t\r").len)
            st = take_line(import);
        if (st != STATUS_OK)
            return st;
    }
    return put_portion(import);
}

static void print_result(const struct import *import)
{
    printf("Imported %llu event%s", import->n_imported, queue_plural(import->n_imported));
    if (import->n_refused)
        printf(", refused %llu line%s", import->n_refused, queue_plural(import->n_refused));
    printf(".\n");
}

static enum status open_stream(const char *file, FILE **stream)
{
    *stream = file ? fopen(file, "re") : stdin;
    if (*stream)
        return STATUS_OK;
    fprintf(stderr, "synchrony: queue import: %s: cannot be read: %s\n", file, strerror(errno));
    return STATUS_INTERNAL;
}

enum status queue_import(struct command_call *call)
{
    const struct queue_args *args = call->args;
    static struct import import; /* as large as its portion */
    enum status st;

    import = (struct import){
        .scrubber = { .scrub = &call->config.scrub },
        .queue = args->queue,
        .name = args->file ? args->file : "standard input",
        .line = buf_new(QUEUE_LINE_MAX_BYTES),
        .reader = document_reader_new(),
        .arena = arena_new(QUEUE_PORTION_ARENA_BYTES),
    };
    st = import.reader ? open_stream(args->file, &import.stream) : queue_failed("import", STATUS_NO_MEMORY);
    if (st == STATUS_OK) {
        st = read_lines(&import);
        print_result(&import);
        if (args->file)
            fclose(import.stream);
    }
    arena_free(&import.arena);
    document_reader_free(import.reader);
    scrubber_free(&import.scrubber);
    buf_free(&import.line);
    return st == STATUS_OK && import.n_refused ? STATUS_INVALID_EVENT : st;
}
