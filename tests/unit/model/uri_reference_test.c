#include "model/uri_reference.h"

#include "tests/unit/unit.h"

/* RFC 3986, section 5.2. */
Test(uri_reference, resolves)
{
    static const struct {
        int line;
        const char *base;
        const char *reference;
        const char *want;
    } cases[] = {
        { __LINE__, "https://a.example/b/c/d?q", "g", "https://a.example/b/c/g" },
        { __LINE__, "https://a.example/b/c/d?q", "./g", "https://a.example/b/c/g" },
        { __LINE__, "https://a.example/b/c/d?q", "g/", "https://a.example/b/c/g/" },
        { __LINE__, "https://a.example/b/c/d?q", "/g", "https://a.example/g" },
        { __LINE__, "https://a.example/b/c/d?q", "//g", "https://g" },
        { __LINE__, "https://a.example/b/c/d?q", "?y", "https://a.example/b/c/d?y" },
        { __LINE__, "https://a.example/b/c/d?q", "g?y", "https://a.example/b/c/g?y" },
        { __LINE__, "https://a.example/b/c/d?q", "g?y/../z", "https://a.example/b/c/g?y/../z" },
        { __LINE__, "https://a.example/b/c/d?q", "", "https://a.example/b/c/d?q" },
        { __LINE__, "https://a.example/b/c/d?q", ".", "https://a.example/b/c/" },
        { __LINE__, "https://a.example/b/c/d?q", "./", "https://a.example/b/c/" },
        { __LINE__, "https://a.example/b/c/d?q", "..", "https://a.example/b/" },
        { __LINE__, "https://a.example/b/c/d?q", "../", "https://a.example/b/" },
        { __LINE__, "https://a.example/b/c/d?q", "../g", "https://a.example/b/g" },
        { __LINE__, "https://a.example/b/c/d?q", "../..", "https://a.example/" },
        { __LINE__, "https://a.example/b/c/d?q", "../../g", "https://a.example/g" },
        { __LINE__, "https://a.example/b/c/d?q", "../../../g", "https://a.example/g" },
        { __LINE__, "https://a.example/b/c/d?q", "/./g", "https://a.example/g" },
        { __LINE__, "https://a.example/b/c/d?q", "/../g", "https://a.example/g" },
        { __LINE__, "https://a.example/b/c/d?q", "g.", "https://a.example/b/c/g." },
        { __LINE__, "https://a.example/b/c/d?q", "..g", "https://a.example/b/c/..g" },
        { __LINE__, "https://a.example/b/c/d?q", "g/./h", "https://a.example/b/c/g/h" },
        { __LINE__, "https://a.example/b/c/d?q", "g/../h", "https://a.example/b/c/h" },
        { __LINE__, "https://a.example/b/c/d?q", "http:g", "http:g" },
        { __LINE__, "https://a.example/b/c/d?q", "urn:x:y", "urn:x:y" },
        { __LINE__, "https://a.example", "g", "https://a.example/g" },
        { __LINE__, "https://a.example", "?y", "https://a.example?y" },
        { __LINE__, "synchrony:/schemas/page_view", "click", "synchrony:/schemas/click" },
        { __LINE__, "urn:x:y", "", "urn:x:y" },
        { __LINE__, "urn:x:y", "z", "urn:z" },
    };
    struct arena arena = arena_new(64 * 1024);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *base = exact_copy(bytes_of(cases[i].base)), *reference = exact_copy(bytes_of(cases[i].reference));
        EXPECT_BYTES(cases[i].line,
                     uri_reference_resolve((struct bytes){ base, strlen(cases[i].base) },
                                           (struct bytes){ reference, strlen(cases[i].reference) }, &arena),
                     bytes_of(cases[i].want));
        free(base);
        free(reference);
    }
    arena_free(&arena);
}

Test(uri_reference, splits_at_the_first_sign)
{
    struct bytes fragment;

    EXPECT_BYTES(__LINE__, uri_reference_split(BYTES("a#b#c"), &fragment), BYTES("a"));
    EXPECT_BYTES(__LINE__, fragment, BYTES("b#c"));
    EXPECT_BYTES(__LINE__, uri_reference_split(BYTES("#"), &fragment), BYTES(""));
    EXPECT_BYTES(__LINE__, fragment, BYTES(""));
    EXPECT_BYTES(__LINE__, uri_reference_split(BYTES("a"), &fragment), BYTES("a"));
    EXPECT(__LINE__, fragment.p == NULL);
}

Test(uri_reference, knows_a_scheme)
{
    EXPECT(__LINE__, uri_reference_is_absolute(BYTES("urn:a")));
    EXPECT(__LINE__, !uri_reference_is_absolute(BYTES("a/b:c")));
    EXPECT(__LINE__, !uri_reference_is_absolute(BYTES(":a")));
    EXPECT(__LINE__, !uri_reference_is_absolute(BYTES("")));
}

Test(uri_reference, decodes_percent_escapes)
{
    static const struct {
        int line;
        struct bytes text;
        const char *want; /* NULL: refused */
    } cases[] = {
        { __LINE__, TEXT(""), "" },      { __LINE__, TEXT("a%25b"), "a%b" }, { __LINE__, TEXT("%c3%A4"), "\xc3\xa4" },
        { __LINE__, TEXT("%"), NULL },   { __LINE__, TEXT("a%2"), NULL },    { __LINE__, TEXT("%2g"), NULL },
        { __LINE__, TEXT("%g2"), NULL }, { __LINE__, TEXT("%%25"), NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = exact_copy(cases[i].text), to[16];
        size_t len = uri_reference_decode((struct bytes){ text, cases[i].text.len }, to);
        EXPECT(cases[i].line, (len == SIZE_MAX) == !cases[i].want);
        if (cases[i].want)
            EXPECT_BYTES(cases[i].line, ((struct bytes){ to, len }), bytes_of(cases[i].want));
        free(text);
    }
}
