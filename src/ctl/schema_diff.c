/* synchrony schema diff: what has changed between two versions, value by value. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ctl/schema.h"

enum { POINTER_MAX_BYTES = 64 * 1024, TEXT_MAX_BYTES = 4 * 1024 * 1024, SHOWN_BYTES = 100 };

struct diff {
    struct buf pointer; /* of the place where it is */
    bool json;
    size_t n; /* differences */
};

/* ---- showing ---- */

/* A value as JSON in one line. */
static void add_value(struct buf *text, const struct value *value)
{
    if (value->kind == VALUE_STRING)
        buf_add_json(text, value_text(value));
    else
        buf_add(text, value_text(value));
    for (char *at = text->p; at && *at; at++) {
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
    }
}

static void print_value(const struct value *value, bool whole)
{
    struct buf text = buf_new(TEXT_MAX_BYTES);

    add_value(&text, value);
    struct bytes all = text.p ? buf_bytes(&text) : BYTES("");
    struct bytes shown = whole ? all : utf8_cut(all, SHOWN_BYTES);
    if (whole)
        printf("%.*s", (int)shown.len, shown.p);
    else
        schema_print_text(shown, 0);
    if (shown.len < all.len)
        printf("…");
    buf_free(&text);
}

static void print_json(const struct diff *diff, const struct value *from, const struct value *to)
{
    struct buf pointer = buf_new(2 * POINTER_MAX_BYTES);

    buf_add_json(&pointer, diff->pointer.p ? buf_bytes(&diff->pointer) : BYTES(""));
    printf("%s{\"op\":\"%s\",\"pointer\":%s", diff->n ? ",\n" : "\n",
           !from ? "add"
           : !to ? "remove"
                 : "replace",
           pointer.failed ? "null" : pointer.p);
    if (from) {
        printf(",\"from\":");
        print_value(from, true);
    }
    if (to) {
        printf(",\"to\":");
        print_value(to, true);
    }
    printf("}");
    buf_free(&pointer);
}

static void tell(struct diff *diff, const struct value *from, const struct value *to)
{
    if (diff->json) {
        print_json(diff, from, to);
    } else {
        printf("%c ", !from ? '+' : !to ? '-' : '~');
        schema_print_text(diff->pointer.len ? buf_bytes(&diff->pointer) : BYTES("(all)"), 0);
        printf(": ");
        if (from)
            print_value(from, false);
        if (from && to)
            printf(" -> ");
        if (to)
            print_value(to, false);
        printf("\n");
    }
    diff->n++;
}

/* ---- comparing ---- */

static void compare(struct diff *diff, const struct value *from, const struct value *to);

/* Goes down to a member or element and back. from or to may be NULL. */
static void descend(struct diff *diff, struct bytes name, const struct value *from, const struct value *to)
{
    size_t len = diff->pointer.len;

    buf_add_text(&diff->pointer, "/");
    for (size_t i = 0; i < name.len; i++) { /* RFC 6901, section 3 */
        if (name.p[i] == '~' || name.p[i] == '/')
            buf_add_text(&diff->pointer, name.p[i] == '~' ? "~0" : "~1");
        else
            buf_add(&diff->pointer, (struct bytes){ name.p + i, 1 });
    }
    if (from && to)
        compare(diff, from, to);
    else
        tell(diff, from, to);
    diff->pointer.len = len;
    diff->pointer.p[len] = '\0';
}

static void compare_objects(struct diff *diff, const struct value *from, const struct value *to)
{
    const struct value *name = from + 1;

    for (uint32_t i = 0; i < from->n; i++, name = value_next(value_next(name)))
        descend(diff, value_text(name), name + 1, value_member(to, value_text(name), name->n));
    name = to + 1;
    for (uint32_t i = 0; i < to->n; i++, name = value_next(value_next(name))) {
        if (!value_member(from, value_text(name), name->n))
            descend(diff, value_text(name), NULL, name + 1);
    }
}

static void compare_arrays(struct diff *diff, const struct value *from, const struct value *to)
{
    const struct value *a = from + 1, *b = to + 1;

    for (uint32_t i = 0; i < from->n || i < to->n; i++) {
        char index[16];
        snprintf(index, sizeof index, "%u", (unsigned)i);
        descend(diff, bytes_of(index), i < from->n ? a : NULL, i < to->n ? b : NULL);
        a = i < from->n ? value_next(a) : a;
        b = i < to->n ? value_next(b) : b;
    }
}

static void compare(struct diff *diff, const struct value *from, const struct value *to)
{
    if (from->kind == to->kind && from->kind == VALUE_OBJECT)
        compare_objects(diff, from, to);
    else if (from->kind == to->kind && from->kind == VALUE_ARRAY)
        compare_arrays(diff, from, to);
    else if (from->kind != to->kind || !bytes_equal(value_text(from), value_text(to)))
        tell(diff, from, to);
}

/* ---- what is compared ---- */

static enum status get(struct command_call *call, size_t version, struct event_schema *schema)
{
    enum status st = event_schema_get(call->db, bytes_of(call->operands[0]), version, &call->arena, schema);

    if (st == STATUS_OK)
        return st;
    if (st != STATUS_NOT_FOUND)
        return command_failed("schema diff", call->db, st);
    if (version)
        fprintf(stderr, "synchrony: schema diff: %s has no version %zu\n", call->operands[0], version);
    else
        fprintf(stderr, "synchrony: schema diff: %s has no schema\n", call->operands[0]);
    return st;
}

/* By default the version in force and the one before it; with a file, the one in force and the file. */
static enum status read_both(struct command_call *call, struct event_schema *from, struct event_schema *to)
{
    const struct schema_args *args = call->args;

    if (call->n_operands == 2) {
        if (args->to) {
            fprintf(stderr, "synchrony: schema diff: --to is not for a FILE\n");
            return STATUS_USAGE;
        }
        enum status st = get(call, args->from, from);
        *to = *from;
        return st == STATUS_OK ? schema_read_file(call, call->operands[1], &to->text) : st;
    }
    enum status st = get(call, args->to, to);
    if (st != STATUS_OK)
        return st;
    return get(call, args->from ? args->from : to->version > 1 ? to->version - 1 : to->version, from);
}

enum status schema_diff(struct command_call *call)
{
    struct diff diff = { .pointer = buf_new(POINTER_MAX_BYTES), .json = call->json };
    struct event_schema from = { .text = { "", 0 } }, to = { .text = { "", 0 } };
    const struct value *from_root, *to_root;
    enum status st = read_both(call, &from, &to);

    if (st == STATUS_OK)
        st = schema_read_tree(call, "the former schema", from.text, &from_root);
    if (st == STATUS_OK)
        st = schema_read_tree(call, call->n_operands == 2 ? call->operands[1] : "the schema", to.text, &to_root);
    if (st == STATUS_OK && call->json)
        printf("[");
    if (st == STATUS_OK && !call->json && from.mode != to.mode)
        printf("~ mode: %s -> %s\n", event_schema_mode_name(from.mode), event_schema_mode_name(to.mode));
    if (st == STATUS_OK)
        compare(&diff, from_root, to_root);
    if (st == STATUS_OK && call->json)
        printf("%s]\n", diff.n ? "\n" : "");
    else if (st == STATUS_OK && !diff.n && from.mode == to.mode)
        printf("The schemas say the same.\n");
    buf_free(&diff.pointer);
    return st;
}
