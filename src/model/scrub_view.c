#include "model/scrub_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/separator.h"

enum { LEAST_BYTES = 511 }; /* that are reserved: most strings have fewer */

void scrub_view_free(struct scrub_view *view)
{
    free(view->text);
    free(view->origins);
    *view = (struct scrub_view){ 0 };
}

struct bytes scrub_view_text(const struct scrub_view *view)
{
    return (struct bytes){ view->text, view->len };
}

static enum status reserve(struct scrub_view *view, size_t len)
{
    if (len < view->capacity)
        return STATUS_OK;
    len = len > LEAST_BYTES ? len : LEAST_BYTES;
    char *text = realloc(view->text, len + 1);
    if (text)
        view->text = text;
    uint32_t *origins = realloc(view->origins, (len + 1) * sizeof *origins);
    if (origins)
        view->origins = origins;
    if (!text || !origins)
        return STATUS_NO_MEMORY;
    view->capacity = len + 1;
    return STATUS_OK;
}

static void put(struct scrub_view *view, unsigned c, size_t origin)
{
    view->origins[view->len] = (uint32_t)origin;
    view->text[view->len++] = (char)c;
}

/* A character of at most U+10FFFF. It has taken six bytes or more in the content, so there is room. */
static void put_character(struct scrub_view *view, unsigned c, size_t origin)
{
    if (c < 0x80) {
        put(view, c, origin);
        return;
    }
    if (c < 0x800) {
        put(view, 0xc0 | c >> 6, origin);
    } else {
        if (c < 0x10000) {
            put(view, 0xe0 | c >> 12, origin);
        } else {
            put(view, 0xf0 | c >> 18, origin);
            put(view, 0x80 | (c >> 12 & 0x3f), origin);
        }
        put(view, 0x80 | (c >> 6 & 0x3f), origin);
    }
    put(view, 0x80 | (c & 0x3f), origin);
}

/* Undoes the escape at `at`. Returns its length. */
static size_t unescape(struct scrub_view *view, struct bytes text, size_t at, size_t origin)
{
    static const char short_escapes[] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
    unsigned char kind = at + 1 < text.len ? (unsigned char)text.p[at + 1] : '\\';
    unsigned unit, low;

    if (kind != 'u' || !bytes_read_hex(text, at + 2, 4, &unit)) {
        put(view, kind < sizeof short_escapes && short_escapes[kind] ? (unsigned char)short_escapes[kind] : kind, origin);
        return at + 1 < text.len ? 2 : 1;
    }
    bool is_pair = unit >= 0xd800 && unit < 0xdc00 && at + 7 < text.len && memcmp(text.p + at + 6, "\\u", 2) == 0 &&
                   bytes_read_hex(text, at + 8, 4, &low) && low >= 0xdc00 && low <= 0xdfff;
    put_character(view, is_pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit, origin);
    return is_pair ? 12 : 6;
}

/* Makes it UTF-8. */
static void repair(struct scrub_view *view)
{
    size_t at = 0;

    for (;;) {
        at += utf8_error_offset((struct bytes){ view->text + at, view->len - at });
        if (at == view->len)
            return;
        view->text[at++] = '?';
    }
}

enum status scrub_view_open(struct scrub_view *view, struct bytes content)
{
    view->len = 0;
    if (content.len >= UINT32_MAX || reserve(view, content.len) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < content.len;) {
        if (content.p[at] == '\\') {
            at += unescape(view, content, at, at);
        } else {
            put(view, (unsigned char)content.p[at], at);
            at++;
        }
    }
    view->origins[view->len] = (uint32_t)content.len;
    repair(view);
    return STATUS_OK;
}

/* Each plus that is no prefix is a blank. */
static bool undo_pluses(struct scrub_view *view)
{
    const struct bytes text = scrub_view_text(view);
    bool has_changed = false;

    for (size_t at = 0; at < text.len; at++) {
        if (text.p[at] != '+' || separator_is_prefix(text, at))
            continue;
        view->text[at] = ' ';
        has_changed = true;
    }
    return has_changed;
}

static bool is_escape(struct bytes text, size_t at)
{
    char kind = at + 1 < text.len ? text.p[at + 1] : '\0';
    unsigned unit;

    return text.p[at] == '\\' && kind && strchr("\"\\/bfnrtu", kind) && (kind != 'u' || bytes_read_hex(text, at + 2, 4, &unit));
}

/* Percent-encoded bytes, and escapes of JSON: never more is put than has been read. */
static bool undo_codes(struct scrub_view *view)
{
    const struct bytes text = scrub_view_text(view);
    bool has_changed = false;
    unsigned code;

    view->len = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t origin = view->origins[at];
        if (is_escape(text, at)) {
            at += unescape(view, text, at, origin);
            has_changed = true;
        } else if (text.p[at] == '%' && bytes_read_hex(text, at + 1, 2, &code)) {
            put(view, code, origin);
            at += 3;
            has_changed = true;
        } else {
            put(view, (unsigned char)text.p[at], origin);
            at++;
        }
    }
    view->origins[view->len] = view->origins[text.len];
    return has_changed;
}

static bool has(const struct scrub_view *view, char c)
{
    return memchr(view->text, c, view->len) != NULL;
}

bool scrub_view_decode(struct scrub_view *view)
{
    bool has_changed = has(view, '+') && undo_pluses(view);

    if ((has(view, '%') || has(view, '\\')) && undo_codes(view)) {
        repair(view);
        has_changed = true;
    }
    return has_changed;
}

static bool is_full_width_digit(struct bytes text, size_t at)
{
    return text.len - at >= 3 && memcmp(text.p + at, "\xef\xbc", 2) == 0 && (unsigned char)(text.p[at + 2] - 0x90) <= 9;
}

void scrub_view_fold_digits(struct scrub_view *view)
{
    const struct bytes text = scrub_view_text(view);
    size_t len = 0;

    if (!memchr(text.p, 0xef, text.len))
        return;
    for (size_t at = 0; at < text.len; len++) {
        bool is_wide = is_full_width_digit(text, at);
        view->text[len] = is_wide ? (char)('0' + (unsigned char)text.p[at + 2] - 0x90) : text.p[at];
        view->origins[len] = view->origins[at];
        at += is_wide ? 3 : 1;
    }
    view->origins[len] = view->origins[text.len];
    view->len = len;
}
