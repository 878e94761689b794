#include "model/json_document.h"

#include "model/limits.h"
#include "tests/unit/unit.h"

Test(json_document, member_gives_kind_and_text)
{
    static const struct bytes text =
        TEXT("{\"null\":null,\"true\":true,\"false\":false,\"integer\":1,\"decimal\":1.5,\"string\":\"s\",\"empty\":\"\","
             "\"escaped\":\"\\u0061\\n\\u00e4\\ud83d\\ude00\\/\",\"array\":[],\"object\":{},\"\":\"no name\","
             "\"big\":18446744073709551615,\"n\\u0061me\":\"escaped name\",\"\xc3\xa4\":\"utf-8 name\"}");
    static const struct {
        int line;
        const char *name;
        enum document_kind kind;
        struct bytes text;
    } cases[] = {
        { __LINE__, "null", DOCUMENT_NULL, ABSENT },
        { __LINE__, "true", DOCUMENT_BOOLEAN, ABSENT },
        { __LINE__, "false", DOCUMENT_BOOLEAN, ABSENT },
        { __LINE__, "integer", DOCUMENT_NUMBER, ABSENT },
        { __LINE__, "decimal", DOCUMENT_NUMBER, ABSENT },
        { __LINE__, "big", DOCUMENT_NUMBER, ABSENT },
        { __LINE__, "string", DOCUMENT_STRING, TEXT("s") },
        { __LINE__, "empty", DOCUMENT_STRING, TEXT("") },
        { __LINE__, "escaped", DOCUMENT_STRING, TEXT("a\n\xc3\xa4\xf0\x9f\x98\x80/") },
        { __LINE__, "array", DOCUMENT_ARRAY, ABSENT },
        { __LINE__, "object", DOCUMENT_OBJECT, ABSENT },
        { __LINE__, "", DOCUMENT_STRING, TEXT("no name") },
        { __LINE__, "name", DOCUMENT_STRING, TEXT("escaped name") },
        { __LINE__, "\xc3\xa4", DOCUMENT_STRING, TEXT("utf-8 name") },
        { __LINE__, "absent", DOCUMENT_ABSENT, ABSENT },
        { __LINE__, "String", DOCUMENT_ABSENT, ABSENT },
        { __LINE__, "n\\u0061me", DOCUMENT_ABSENT, ABSENT },
    };
    struct document_reader *reader = document_reader_new();
    char *copy = exact_copy((struct bytes){ text.p, text.len + 1 }); /* with the byte that json-c may look at */
    struct document *document;

    cr_assert_eq(document_read(reader, (struct bytes){ copy, text.len }, &document), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes value = { 0 };
        EXPECT_INT(cases[i].line, document_member(document, cases[i].name, &value), cases[i].kind);
        EXPECT_BYTES(cases[i].line, value, cases[i].text);
    }
    document_free(document);
    document_reader_free(reader);
    free(copy);
}

Test(json_document, value_outlives_text_and_reader)
{
    struct bytes text = BYTES("{\"a\":\"a value that is longer than what json-c keeps in place\"}");
    struct document_reader *reader = document_reader_new();
    char *copy = exact_copy((struct bytes){ text.p, text.len + 1 }); /* with the byte that json-c may look at */
    struct document *document;
    struct bytes value;

    cr_assert_eq(document_read(reader, (struct bytes){ copy, text.len }, &document), STATUS_OK);
    free(copy);
    document_reader_free(reader);
    EXPECT_INT(__LINE__, document_member(document, "a", &value), DOCUMENT_STRING);
    EXPECT_BYTES(__LINE__, value, BYTES("a value that is longer than what json-c keeps in place"));
    document_free(document);
}

Test(json_document, refuses_broken_text_and_reads_on)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, TEXT("{") },         { __LINE__, TEXT("{\"a\"") },     { __LINE__, TEXT("{\"a\":tru}") },
        { __LINE__, TEXT("[1,]") },      { __LINE__, TEXT("{\"a\":1,}") }, { __LINE__, TEXT("") },
        { __LINE__, TEXT("{\"a\":\"") },
    };
    struct document_reader *reader = document_reader_new();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct document *document = (struct document *)reader;
        struct bytes value;
        EXPECT_STATUS(cases[i].line, document_read(reader, cases[i].text, &document), STATUS_INTERNAL);
        EXPECT(cases[i].line, document == NULL);
        /* what was left over of one text is no part of the next */
        cr_assert_eq(document_read(reader, BYTES("{\"b\":\"c\"}"), &document), STATUS_OK);
        EXPECT_INT(cases[i].line, document_member(document, "b", &value), DOCUMENT_STRING);
        EXPECT_INT(cases[i].line, document_member(document, "a", &value), DOCUMENT_ABSENT);
        document_free(document);
    }
    document_reader_free(reader);
}

/* As deep as json_guard lets a text be, whatever is configured. */
Test(json_document, reads_the_deepest_text_that_the_guard_passes)
{
    struct document_reader *reader = document_reader_new();
    struct document *document;
    struct buf buf = buf_new(64 * 1024);

    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_text(&buf, i + 1 < LIMIT_NESTING ? "{\"a\":" : "{\"a\":1");
    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_text(&buf, "}");
    cr_assert_not(buf.failed);
    EXPECT_STATUS(__LINE__, document_read(reader, buf_bytes(&buf), &document), STATUS_OK);
    document_free(document);
    buf_free(&buf);
    document_reader_free(reader);
}

Test(json_document, free_takes_null)
{
    document_free(NULL);
    document_reader_free(NULL);
}
