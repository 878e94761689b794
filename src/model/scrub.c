#include "model/scrub.h"

#include <stdio.h>
#include <string.h>

#include "model/scrub_screen.h"
#include "model/scrub_value.h"
#include "model/timestamp.h"
#include "model/uuid.h"

enum {
    GROWTH_BYTES = 256,
    NAMES_MAX = 2048,
    POINTER_MAX_BYTES = 512,
    SUFFIX_BYTES = 24,
    TIMESTAMP_MAX_BYTES = 35 /* to the nanosecond */
};

const char *scrub_rule_name(const struct scrub *scrub, unsigned rule)
{
    static const char *const names[] = { [SCRUB_CARDS] = "card", [SCRUB_IBANS] = "iban", [SCRUB_PARAMETERS] = "parameter" };

    return rule < SCRUB_PATTERNS ? names[rule] : scrub->patterns[rule - SCRUB_PATTERNS].name;
}

void scrubber_free(struct scrubber *scrubber)
{
    pattern_scratch_free(scrubber->scratch);
    scrubber->scratch = NULL;
}

/* An object or array that is open. */
struct frame {
    bool is_object;
    size_t begin;        /* of the text, at its bracket */
    struct bytes name;   /* of the member that is being read: the content of its string, scrubbed; in the text or the arena */
    size_t index;        /* of the element that is being read */
    struct bytes *taken; /* names of the object as they will stand, decoded, once one was masked; in the arena */
    size_t n_taken;
    size_t suffix; /* the last number that a name got */
};

struct walk {
    struct bytes text;
    size_t at;
    size_t copied; /* of the text, to `to` */
    struct buf to;
    struct arena *arena;
    struct scrub_work work;
    size_t depth;
    struct frame frames[LIMIT_NESTING];
};

/* ---- what stands where ---- */

static size_t string_end(struct bytes text, size_t at)
{
    for (at++; at < text.len && text.p[at] != '"'; at++)
        at += text.p[at] == '\\';
    return at < text.len ? at + 1 : text.len;
}

static size_t number_end(struct bytes text, size_t at)
{
    do
        at++;
    while (at < text.len && ((unsigned char)(text.p[at] - '0') <= 9 || (text.p[at] && strchr("+-.eE", text.p[at]))));
    return at;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(struct bytes text, size_t behind)
{
    while (behind < text.len && is_space(text.p[behind]))
        behind++;
    return behind < text.len && text.p[behind] == ':';
}

static struct frame *innermost(struct walk *walk)
{
    return walk->depth ? &walk->frames[walk->depth - 1] : NULL;
}

/* Writes what lies between what was written last and begin, then value, and goes on behind end. */
static void replace(struct walk *walk, size_t begin, size_t end, struct bytes value)
{
    buf_add(&walk->to, (struct bytes){ walk->text.p + walk->copied, begin - walk->copied });
    buf_add(&walk->to, value);
    walk->copied = end;
}

/* ---- names that were masked ---- */

static enum status decode_name(struct walk *walk, struct bytes content, struct bytes *name)
{
    enum status st = scrub_view_open(&walk->work.view, content);

    if (st == STATUS_OK)
        *name = arena_copy(walk->arena, scrub_view_text(&walk->work.view));
    return st == STATUS_OK && !name->p ? STATUS_NO_MEMORY : st;
}

static enum status take_name(struct walk *walk, struct frame *frame, struct bytes name)
{
    if (!frame->taken)
        frame->taken = arena_alloc_array(walk->arena, NAMES_MAX, sizeof *frame->taken);
    if (!frame->taken || frame->n_taken == NAMES_MAX)
        return STATUS_NO_MEMORY;
    frame->taken[frame->n_taken++] = name;
    return STATUS_OK;
}

/* Collects all names that the object has in the text. */
static enum status take_names(struct walk *walk, struct frame *frame)
{
    struct bytes text = walk->text, name;
    enum status st = STATUS_OK;
    size_t depth = 0, end;

    for (size_t at = frame->begin; st == STATUS_OK && at < text.len; at = end) {
        end = at + 1;
        if (text.p[at] == '"') {
            end = string_end(text, at);
            if (depth == 1 && is_name(text, end) && end - at >= 2) {
                st = decode_name(walk, (struct bytes){ text.p + at + 1, end - at - 2 }, &name);
                if (st == STATUS_OK)
                    st = take_name(walk, frame, name);
            }
        } else if (text.p[at] == '{' || text.p[at] == '[') {
            depth++;
        } else if ((text.p[at] == '}' || text.p[at] == ']') && --depth == 0) {
            break;
        }
    }
    return st;
}

static bool is_taken(const struct frame *frame, struct bytes name)
{
    for (size_t i = 0; i < frame->n_taken; i++) {
        if (bytes_equal(frame->taken[i], name))
            return true;
    }
    return false;
}

/* A name that was masked may stand in its object already: it then gets a number. None is tried twice, as many names may be masked. */
static enum status make_unique(struct walk *walk, struct frame *frame, struct bytes *content)
{
    struct bytes base = arena_copy(walk->arena, *content), name = { 0 };
    enum status st = !base.p ? STATUS_NO_MEMORY : frame->taken ? STATUS_OK : take_names(walk, frame);

    *content = base;
    if (st == STATUS_OK)
        st = decode_name(walk, base, &name);
    while (st == STATUS_OK && is_taken(frame, name)) {
        char suffix[SUFFIX_BYTES];
        struct buf to = buf_new(base.len + sizeof suffix);
        frame->suffix = frame->suffix ? frame->suffix + 1 : 2;
        snprintf(suffix, sizeof suffix, "*%zu", frame->suffix);
        buf_add(&to, base);
        buf_add_text(&to, suffix);
        *content = to.failed ? (struct bytes){ 0 } : arena_copy(walk->arena, buf_bytes(&to));
        buf_free(&to);
        st = content->p ? decode_name(walk, *content, &name) : STATUS_NO_MEMORY;
    }
    return st == STATUS_OK ? take_name(walk, frame, name) : st;
}

/* ---- the walk ---- */

/* Is this the value of the event's page_url? */
static bool is_page_url(struct walk *walk)
{
    return walk->work.scrub->n_parameters && walk->depth == 1 && walk->frames[0].is_object &&
           scrub_view_open(&walk->work.view, walk->frames[0].name) == STATUS_OK &&
           bytes_equal(scrub_view_text(&walk->work.view), BYTES("page_url"));
}

/* Is it what the event is known by when it is sent again? No number is found there; a pattern that takes dates or digits anywhere would. */
static bool is_identity(const struct walk *walk, struct bytes content)
{
    struct uuid uuid;
    int64_t us;

    if (!walk->work.scrub->n_patterns || walk->depth != 1 || !walk->frames[0].is_object)
        return false;
    return (bytes_equal(walk->frames[0].name, BYTES("event_id")) && uuid_parse(content, &uuid)) ||
           (bytes_equal(walk->frames[0].name, BYTES("timestamp")) && content.len <= TIMESTAMP_MAX_BYTES &&
            timestamp_parse(content, &us));
}

static enum status string(struct walk *walk)
{
    size_t begin = walk->at, end = string_end(walk->text, begin);
    struct frame *frame = innermost(walk);
    enum status st = STATUS_OK;

    walk->at = end;
    if (end - begin < 2)
        return STATUS_INTERNAL;
    const struct bytes old = { walk->text.p + begin + 1, end - begin - 2 };
    struct bytes content = old;
    bool names = frame && frame->is_object && is_name(walk->text, end);
    bool is_kept = !names && is_identity(walk, old);
    if (!names && is_page_url(walk))
        st = scrub_url(&walk->work, &content);
    if (st == STATUS_OK && !is_kept)
        st = scrub_string(&walk->work, &content);
    if (st == STATUS_OK && names && content.p != old.p)
        st = make_unique(walk, frame, &content);
    if (names)
        frame->name = content;
    if (st == STATUS_OK && content.p != old.p)
        replace(walk, begin + 1, end - 1, content);
    return st;
}

static enum status number(struct walk *walk)
{
    size_t begin = walk->at, end = number_end(walk->text, begin);
    struct bytes value = { walk->text.p + begin, end - begin };
    enum status st = scrub_number(&walk->work, &value);

    walk->at = end;
    if (st == STATUS_OK && value.p != walk->text.p + begin)
        replace(walk, begin, end, value);
    return st;
}

static enum status step(struct walk *walk)
{
    char c = walk->text.p[walk->at];

    if (c == '"')
        return string(walk);
    if (c == '-' || (unsigned char)(c - '0') <= 9)
        return number(walk);
    if (c == '{' || c == '[') {
        if (walk->depth == LIMIT_NESTING)
            return STATUS_INTERNAL;
        walk->frames[walk->depth++] = (struct frame){ .is_object = c == '{', .begin = walk->at };
    } else if (c == '}' || c == ']') {
        if (!walk->depth--)
            return STATUS_INTERNAL;
    } else if (c == ',' && walk->depth) {
        walk->frames[walk->depth - 1].index++;
    }
    walk->at++;
    return STATUS_OK;
}

/* ---- the report ---- */

static void add_name(struct buf *to, struct scrub_view *view, struct bytes content)
{
    if (scrub_view_open(view, content) != STATUS_OK)
        return;
    for (size_t i = 0; i < view->len; i++)
        buf_add(to, view->text[i] == '~' ? BYTES("~0") : view->text[i] == '/' ? BYTES("~1") : (struct bytes){ view->text + i, 1 });
}

/* What is refused is named, but a name that is itself what is refused is not told, and what does not fit is left out. */
static struct bytes pointer_of(struct walk *walk)
{
    struct buf text = buf_new(POINTER_MAX_BYTES);

    walk->work.only_masks = true;
    for (size_t i = 0; i < walk->depth; i++) {
        struct frame *frame = &walk->frames[i];
        buf_add_text(&text, "/");
        if (!frame->is_object)
            buf_add_format(&text, "%zu", frame->index);
        else if (scrub_string(&walk->work, &frame->name) == STATUS_OK)
            add_name(&text, &walk->work.view, frame->name);
    }
    struct bytes pointer = arena_copy(walk->arena, text.len ? buf_bytes(&text) : BYTES(""));
    buf_free(&text);
    return pointer;
}

static void report_on(struct walk *walk, enum status st, struct scrub_report *report)
{
    if (!report)
        return;
    memcpy(report->counts, walk->work.counts, sizeof report->counts);
    if (st == STATUS_SENSITIVE) {
        report->refused_by = walk->work.refused_by;
        report->pointer = pointer_of(walk);
    }
}

/* ---- the whole ---- */

static enum status scrub_all(struct walk *walk, struct bytes *text)
{
    enum status st = STATUS_OK;

    while (st == STATUS_OK && walk->at < walk->text.len)
        st = step(walk);
    if (st != STATUS_OK || !walk->copied)
        return st;
    replace(walk, walk->text.len, walk->text.len, (struct bytes){ "", 0 });
    *text = walk->to.failed ? (struct bytes){ 0 } : arena_copy(walk->arena, buf_bytes(&walk->to));
    return text->p ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status scrub_text(struct scrubber *scrubber, struct arena *arena, struct bytes *text, struct scrub_report *report)
{
    const struct scrub *scrub = scrubber->scrub;

    if (report)
        *report = (struct scrub_report){ 0 };
    if (!scrub->n_parameters && scrub_is_clean(scrubber, *text))
        return STATUS_OK;

    /* The frames need no clearing. */
    struct walk walk;
    size_t ceiling = 4 * text->len + GROWTH_BYTES;
    walk.text = *text;
    walk.at = walk.copied = walk.depth = 0;
    walk.to = buf_new(ceiling);
    walk.arena = arena;
    walk.work = scrub_work_begin(scrubber, ceiling);
    walk.work.has_no_numbers = !scrubber->is_thorough && !scrub_screen(*text);
    enum status st = scrub_all(&walk, text);
    report_on(&walk, st, report);
    scrub_work_end(&walk.work);
    buf_free(&walk.to);
    return st;
}

bool scrub_finds(struct scrubber *scrubber, struct bytes text)
{
    struct scrub_work work = scrub_work_begin(scrubber, 4 * text.len + GROWTH_BYTES);
    struct bytes content = text;
    enum status st = scrub_string(&work, &content);

    scrub_work_end(&work);
    return st != STATUS_OK || content.p != text.p;
}
