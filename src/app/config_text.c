#include "app/config_text.h"

#include <errno.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1024 * 1024, FILE_PIECE_BYTES = 8 * 1024 };

/* Blanks what stands before end, but for its lines' ends. Returns end. */
static char *blank(char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at != '\n')
            *at = ' ';
    }
    return at;
}

static char *skip_string(char *at)
{
    char quote = *at++;

    while (*at && *at != quote)
        at += at[0] == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* libconfuse 3.3 counts the line of a comment several times, so that an error behind it would name another line, and does not know
 * comments within a list. So it is given none. */
static void blank_comments(char *text)
{
    for (char *at = text; *at;) {
        bool begins = at == text || strchr(" \t\r\n", at[-1]); /* "//" within a word, as in a URI, is no comment */
        const char *end = strncmp(at, "/*", 2) == 0 ? strstr(at + 2, "*/") : NULL;
        if (*at == '"' || *at == '\'')
            at = skip_string(at);
        else if (*at == '#' || (begins && strncmp(at, "//", 2) == 0))
            at = blank(at, at + strcspn(at, "\n"));
        else if (end)
            at = blank(at, end + 2);
        else
            at++;
    }
}

/* Returns whether it could be read. Where text has failed there is no memory, or more than its ceiling. */
static bool read_file(const char *path, struct buf *text)
{
    char piece[FILE_PIECE_BYTES];
    FILE *file = fopen(path, "r");
    size_t n = 1;

    if (!file)
        return false;
    while (n > 0 && !text->failed) {
        n = fread(piece, 1, sizeof piece, file);
        buf_add(text, (struct bytes){ piece, n });
    }
    bool done = !ferror(file);
    fclose(file);
    return done;
}

enum status config_text_read(const char *path, FILE *errors, struct buf *text)
{
    *text = buf_new(FILE_MAX_BYTES);
    if (!read_file(path, text)) {
        fprintf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
        return STATUS_CONFIG;
    }
    if (text->len + FILE_PIECE_BYTES > FILE_MAX_BYTES) {
        fprintf(errors, "%s: cannot be read: larger than %d bytes\n", path, FILE_MAX_BYTES - FILE_PIECE_BYTES);
        return STATUS_CONFIG;
    }
    if (text->failed)
        return STATUS_NO_MEMORY;
    blank_comments(text->p);
    return STATUS_OK;
}
