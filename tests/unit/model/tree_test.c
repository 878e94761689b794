#include "model/tree.h"

#include "tests/unit/unit.h"
#include <stdio.h>

static struct arena arena;

static void setup(void)
{
    arena = arena_new(16 * 1024 * 1024);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(tree, .init = setup, .fini = teardown);

/* Reads an exact copy, which must outlive the tree. */
static enum status read(struct tree *tree, struct bytes text, char **copy)
{
    *copy = exact_copy(text);
    return tree_read(tree, (struct bytes){ *copy, text.len }, &arena);
}

/* A tree as a line: kinds, counts, decoded texts of strings and numbers. */
static void put(struct buf *to, const struct value *value)
{
    const struct value *child = value + 1;

    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE:
        buf_add(to, value_text(value));
        break;
    case VALUE_NUMBER:
        buf_add_text(to, value->is_digits ? "i" : "n");
        buf_add(to, value_text(value));
        break;
    case VALUE_STRING:
        buf_add_format(to, "'%.*s'%zu", (int)value->len, value->p, value_characters(value));
        break;
    case VALUE_ARRAY:
        buf_add_format(to, "[%u", value->n);
        for (uint32_t i = 0; i < value->n; i++, child = value_next(child)) {
            buf_add_text(to, " ");
            put(to, child);
        }
        buf_add_text(to, "]");
        break;
    case VALUE_OBJECT:
        buf_add_format(to, "{%u", value->n);
        for (uint32_t i = 0; i < value->n; i++, child = value_next(child + 1)) {
            buf_add_format(to, " %.*s:", (int)child->len, child->p);
            put(to, child + 1);
        }
        buf_add_text(to, "}");
        break;
    }
}

Test(tree, reads_what_json_is)
{
    static const struct {
        int line;
        struct bytes text;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("{}"), "{0}" },
        { __LINE__, TEXT(" [ ] "), "[0]" },
        { __LINE__, TEXT("null"), "null" },
        { __LINE__, TEXT("true"), "true" },
        { __LINE__, TEXT("\t\r\nfalse\n"), "false" },
        { __LINE__, TEXT("-0"), "i-0" },
        { __LINE__, TEXT("12"), "i12" },
        { __LINE__, TEXT("1.50"), "n1.50" },
        { __LINE__, TEXT("[1e5,2E-3]"), "[2 n1e5 n2E-3]" },
        { __LINE__, TEXT("\"\""), "''0" },
        { __LINE__, TEXT("\"seven b\""), "'seven b'7" },
        { __LINE__, TEXT("\"eight by\""), "'eight by'8" },
        { __LINE__, TEXT("\"1234567890123456\""), "'1234567890123456'16" },
        { __LINE__, TEXT("\"\\\"\""), "'\"'1" },
        { __LINE__, TEXT("\"1234567\\\\\""), "'1234567\\'8" },
        { __LINE__, TEXT("\"12345678\\\"90123456789\\\\\\\"\""), "'12345678\"90123456789\\\"'22" },
        { __LINE__, TEXT("\"\\u00e4\\ud83d\\ude00\\n\\/\""), "'\xc3\xa4\xf0\x9f\x98\x80\n/'4" },
        { __LINE__, TEXT("\"\xc3\xa4\""), "'\xc3\xa4'1" },
        { __LINE__, TEXT("\"1234567\xc3\xa4\""), "'1234567\xc3\xa4'8" },
        { __LINE__, TEXT("\"123\xf0\x9f\x98\x80 and more\""), "'123\xf0\x9f\x98\x80 and more'13" },
        { __LINE__, TEXT("{\"a\":{\"b\":[1,{\"c\":null}],\"d\":\"e\"},\"f\":[]}"), "{2 a:{2 b:[2 i1 {1 c:null}] d:'e'1} f:[0]}" },
        { __LINE__, TEXT("{ \"a\" : [ [ ] , [ 1 , 2 ] ] , \"\\u0062\" : true } "), "{2 a:[2 [0] [2 i1 i2]] b:true}" },
        { __LINE__, TEXT("{\",]}:\":\"{[,:\"}"), "{1 ,]}::'{[,:'4}" },
        { __LINE__, TEXT("[[[[]]],[]]"), "[2 [1 [1 [0]]] [0]]" },
    };
    struct tree tree = { 0 };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf line = buf_new(1024);
        char *copy;
        EXPECT_STATUS(cases[i].line, read(&tree, cases[i].text, &copy), STATUS_OK);
        put(&line, tree.values);
        EXPECT_TEXT(cases[i].line, line.p, cases[i].want);
        EXPECT_INT(cases[i].line, tree.values[0].span, tree.n);
        buf_free(&line);
        free(copy);
    }
}

/* The guard refuses these; here nothing is read past the end. */
Test(tree, ends_where_the_text_ends)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, TEXT("") },         { __LINE__, TEXT(" ") },    { __LINE__, TEXT("{") },      { __LINE__, TEXT("[1") },
        { __LINE__, TEXT("\"") },       { __LINE__, TEXT("\"\\") }, { __LINE__, TEXT("{\"a\"") }, { __LINE__, TEXT("{\"a\":") },
        { __LINE__, TEXT("{\"a\":}") }, { __LINE__, TEXT("1 2") },  { __LINE__, TEXT("]") },      { __LINE__, TEXT("[}1") },
        { __LINE__, TEXT("12345678") }, { __LINE__, TEXT("{\"a") }, { __LINE__, TEXT("{1") },     { __LINE__, TEXT("\"1234567\\") },
    };
    struct tree tree = { 0 };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy;
        enum status st = read(&tree, cases[i].text, &copy);
        EXPECT(cases[i].line, st == (cases[i].text.len == 8 ? STATUS_OK : STATUS_INTERNAL));
        free(copy);
    }
}

Test(tree, finds_members)
{
    struct tree tree = { 0 };
    struct buf text = buf_new(64 * 1024);

    buf_add_text(&text, "{");
    for (int i = 0; i < 300; i++)
        buf_add_format(&text, "%s\"name%d\":[%d,{\"x\":1}]", i ? "," : "", i, i);
    buf_add_text(&text, "}");
    cr_assert_eq(tree_read(&tree, buf_bytes(&text), &arena), STATUS_OK);
    for (int i = 0; i < 300; i++) {
        char name[32], want[32];
        snprintf(name, sizeof name, "name%d", i);
        snprintf(want, sizeof want, "%d", i);
        const struct value *value = value_member(tree.values, bytes_of(name), text_hash(bytes_of(name)));
        cr_assert(value && value->kind == VALUE_ARRAY && value->n == 2, "%s", name);
        EXPECT_BYTES(i, value_text(value + 1), bytes_of(want));
    }
    cr_expect_null(value_member(tree.values, BYTES("x"), text_hash(BYTES("x"))));
    buf_free(&text);
}

/* A batch reads event after event into the same memory. */
Test(tree, memory_is_used_again)
{
    struct tree tree = { 0 };

    cr_assert_eq(tree_read(&tree, BYTES("{\"a\":[1,2,3,4,5,6,7]}"), &arena), STATUS_OK);
    size_t used = arena.used_bytes;
    for (int i = 0; i < 100; i++)
        cr_assert_eq(tree_read(&tree, BYTES("{\"b\":{\"c\":\"d\"}}"), &arena), STATUS_OK);
    cr_expect_eq(arena.used_bytes, used);
}

Test(tree, says_when_memory_is_short)
{
    struct tree tree = { 0 };
    struct arena small = arena_new(16 * 1024);
    struct buf text = buf_new(64 * 1024);

    buf_add_text(&text, "[");
    for (int i = 0; i < 1000; i++)
        buf_add_text(&text, "1,");
    buf_add_text(&text, "1]");
    cr_expect_eq(tree_read(&tree, buf_bytes(&text), &small), STATUS_NO_MEMORY);
    small.ceiling = small.used_bytes;
    cr_expect_eq(tree_read(&tree, BYTES("\"\\n\""), &small), STATUS_NO_MEMORY);
    arena_free(&small);
    buf_free(&text);
}
