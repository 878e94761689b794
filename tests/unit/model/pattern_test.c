#include "model/pattern.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/unit/suite.h"
#include "tests/unit/unit.h"

static struct pattern *compiled(int line, struct bytes text)
{
    struct pattern *pattern = NULL;
    struct pattern_fault fault = { 0 };
    char *copy = exact_copy(text);

    enum status st = pattern_new((struct bytes){ copy, text.len }, &pattern, &fault);
    cr_expect_eq(st, STATUS_OK, "line %d: \"%.*s\" is refused at %zu: %s", line, (int)text.len, text.p, fault.offset, fault.reason);
    free(copy);
    return pattern;
}

static enum pattern_outcome outcome(int line, struct bytes pattern_text, struct bytes text)
{
    struct pattern *pattern = compiled(line, pattern_text);
    struct pattern_scratch *scratch = pattern_scratch_new();
    char *copy = exact_copy(text);
    enum pattern_outcome found =
        pattern && scratch ? pattern_match(pattern, scratch, (struct bytes){ copy, text.len }) : PATTERN_TOO_COSTLY;

    free(copy);
    pattern_scratch_free(scratch);
    pattern_free(pattern);
    return found;
}

#define YES(pattern, text)                                 \
    {                                                      \
        __LINE__, TEXT(pattern), TEXT(text), PATTERN_MATCH \
    }
#define NO(pattern, text)                                     \
    {                                                         \
        __LINE__, TEXT(pattern), TEXT(text), PATTERN_NO_MATCH \
    }

Test(pattern, means_what_ecma_262_says)
{
    static const struct {
        int line;
        struct bytes pattern, text;
        enum pattern_outcome want;
    } cases[] = {
        YES("", ""),
        YES("", "a"),
        YES("a+", "xxaayy"), /* unanchored */
        YES("^a*$", "aaa"),
        NO("^a*$", "abc"),
        YES("b$", "ab"),
        NO("b$", "ab\n"), /* the very end */
        NO("^b", "a\nb"),
        YES("a|b", "xb"),
        NO("^a|b$", "xax"),
        YES("^a|^b", "b"),
        NO("^a|^b", "xb"),
        YES("^a|", "b"),
        YES("|^a", "b"),
        YES("(^a|b)", "xb"),
        YES("^a|(?:^c|b)", "xb"),
        YES("^(?:a|b)|c", "xc"),
        YES("^(a|b)$", "b"),
        YES("^(?:ab){2,3}$", "ababab"),
        NO("^(?:ab){2,3}$", "ab"),
        YES("^a{2}$", "aa"),
        YES("^a{2,}$", "aaaa"),
        NO("^a{0}$", "a"),
        YES("^a{1,2}?$", "aa"),
        YES("^a+?b??c*?$", "aac"),
        YES("^a{0003}$", "aaa"),

        YES("^.$", "\xc3\xa9"), /* by code points */
        YES("^.$", "\xf0\x9f\x98\x80"),
        YES("^[\xf0\x9f\x98\x80]$", "\xf0\x9f\x98\x80"),
        YES("^\xc3\xa9{2}$", "\xc3\xa9\xc3\xa9"),
        NO("^.$", "\n"),
        NO("^.$", "\r"),
        NO("^.$", "\xe2\x80\xa8"),
        NO("^.$", "\xe2\x80\xa9"),
        YES("^.$", "\x0b"),
        YES("^.$", "\xc2\x85"),
        YES("^.$", "\0"),
        YES("a\0b", "a\0b"),

        YES("^\\d$", "7"),
        NO("^\\d$", "\xdf\x80"), /* NKO DIGIT ZERO */
        YES("^\\D$", "\xdf\x80"),
        YES("^\\w$", "_"),
        NO("^\\w$", "\xc3\xa9"),
        YES("^\\W$", "\xc3\xa9"),
        NO("^\\W$", "a"),
        YES("^\\s$", " "),
        YES("^\\s$", "\t"),
        YES("^\\s$", "\x0b"),
        YES("^\\s$", "\x0c"),
        YES("^\\s$", "\xc2\xa0"),
        YES("^\\s$", "\xe2\x80\x83"),
        YES("^\\s$", "\xe2\x80\xa9"),
        YES("^\\s$", "\xe3\x80\x80"),
        YES("^\\s$", "\xef\xbb\xbf"),
        NO("^\\s$", "\x01"),
        NO("^\\s$", "\xc2\x85"),
        NO("^\\s$", "\xe2\x80\x93"),
        NO("^\\S$", "\xef\xbb\xbf"),
        NO("^\\S$", "\xe2\x80\x8a"),
        NO("^\\S$", " "),
        YES("^\\S$", "\xe2\x80\x93"),
        YES("^\\S$", "\x01"),
        YES("^\\S$", "\xf4\x8f\xbf\xbf"),
        YES("^[\\s\\d]+$", "1 \xef\xbb\xbf"),
        NO("^[^\\s]$", "\xef\xbb\xbf"),
        YES("^[\\S]$", "x"),
        NO("^[\\S]$", "\xc2\xa0"),
        YES("^[^\\S]$", "\xc2\xa0"),
        YES("^[\\s\\S]$", "\n"),
        YES("^[\\D]$", "\xdf\x80"),
        YES("\\bfoo\\b", "a foo."),
        NO("\\bfoo\\b", "afoo"),
        YES("\\Bo", "fo"),
        YES("^\\p{Letter}cole$", "\xc3\xa9"
                                 "cole"),
        YES("^\\p{L}\\p{Ll}\\P{Lu}$", "\xc3\xa9\xc3\xa9x"),
        YES("^\\p{gc=Decimal_Number}\\p{digit}\\p{General_Category=Nd}$", "\xdf\x80"
                                                                          "42"),
        YES("^\\p{Script=Greek}\\p{sc=Grek}\\p{Script_Extensions=Greek}\\p{scx=Grek}$", "\xce\xb1\xce\xb2\xce\xb3\xce\xb4"),
        YES("^[\\p{Lu}\\p{Punctuation}]+$", "\xc3\x89!A"),
        YES("^\\p{ASCII}\\p{Alphabetic}\\p{Any}$", "a\xc3\xa9\n"),
        YES("^\\p{LC}\\p{Cased_Letter}$", "aA"),

        YES("^\\t\\n\\v\\f\\r$", "\t\n\x0b\x0c\r"),
        NO("^\\v$", "\n"),
        YES("^\\cC\\cj\\x41\\u0042$", "\x03\nAB"),
        YES("^\\ud83d\\ude00\\u{1F600}\\u{41}$", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                                 "A"),
        YES("^[\\ud83d\\ude00]$", "\xf0\x9f\x98\x80"),
        YES("^\\0$", "\0"),
        YES("^\\/\\.\\-\\_\\@\\\"\\ ?$", "/.-_@\""),
        YES("^\\^\\$\\\\\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|$", "^$\\*+?()[]{}|"),
        YES("^#a b$", "#a b"),

        YES("^[a-c]$", "b"),
        NO("^[^a-c]$", "b"),
        YES("^[a\\-c]$", "-"),
        YES("^[-a]$", "-"),
        YES("^[a-]$", "-"),
        YES("^[\\w-]$", "-"),
        YES("^[\\w-.]+$", "a-."),
        YES("^[a-\\d]+$", "a-5"),
        NO("^[a-\\d]+$", "b"),
        YES("^[a^]$", "^"),
        YES("^[[]$", "["),
        YES("^[[:alpha:]]$", ":]"), /* no POSIX classes: a "[", ":", a, l, p or h, and a "]" behind it */
        NO("^[[:alpha:]]$", "b"),
        YES("^[\\]]$", "]"),
        YES("^[\\b]$", "\b"),
        YES("^[.]$", "."),
        NO("^[.]$", "x"),
        YES("^[&&~~||]$", "|"),
        NO("[]", "a"),
        YES("^a[]?$", "a"),
        YES("^[^]$", "\n"),
        YES("^[^][^]$", "a\xf0\x9f\x98\x80"),
        YES("^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9"),

        YES("^]}{$", "]}{"), /* themselves */
        YES("^a{,3}$", "a{,3}"),
        YES("^a{x}$", "a{x}"),
        YES("^{}$", "{}"),

        YES("^(?=.*\\d)(?!.*x).{3}$", "ab1"),
        NO("^(?=.*\\d)(?!.*x).{3}$", "x12"),
        YES("(?<=a)b", "ab"),
        NO("(?<!a)b", "ab"),
        YES("^(?=a)*a$", "a"),
        YES("^(?:(?=a)a)*$", "aa"), /* one right behind the other */
        YES("^((?:(?!b)(?:a)))$", "a"),
        YES("(?<=(?:a))(?<!(?:b))c", "ac"),
        YES("^(a|b)\\1$", "bb"),
        NO("^(a|b)\\1$", "ab"),
        YES("^(?:(a)|b)\\1$", "b"), /* a group that took no part is empty */
        YES("^(?<first>a|b)\\k<first>$", "aa"),
        YES("^(?<first>a|b)\\1$", "aa"),
        YES("^(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10$", "abcdefghijj"),
        YES("^(a)\\1[1]$", "aa1"),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_INT(cases[i].line, outcome(cases[i].line, cases[i].pattern, cases[i].text), cases[i].want);
}

Test(pattern, refuses_what_ecma_262_does_not_know)
{
    static const struct {
        int line;
        struct bytes pattern;
        size_t offset;
        const char *reason;
    } cases[] = {
        { __LINE__, TEXT("^\\S(|(.|\\n)*\\S)\\Z"), 15, "no such escape" },
        { __LINE__, TEXT("a\\a"), 1, "no such escape" },
        { __LINE__, TEXT("\\A"), 0, "no such escape" },
        { __LINE__, TEXT("\\z"), 0, "no such escape" },
        { __LINE__, TEXT("\\Qa\\E"), 0, "no such escape" },
        { __LINE__, TEXT("\\K"), 0, "no such escape" },
        { __LINE__, TEXT("\\G"), 0, "no such escape" },
        { __LINE__, TEXT("\\h"), 0, "no such escape" },
        { __LINE__, TEXT("\\R"), 0, "no such escape" },
        { __LINE__, TEXT("\\X"), 0, "no such escape" },
        { __LINE__, TEXT("\\C"), 0, "no such escape" },
        { __LINE__, TEXT("\\N"), 0, "no such escape" },
        { __LINE__, TEXT("\\e"), 0, "no such escape" },
        { __LINE__, TEXT("\\o{101}"), 0, "no such escape" },
        { __LINE__, TEXT("\\g1"), 0, "no such escape" },
        { __LINE__, TEXT("\\\xc3\xa9"), 0, "no such escape" },
        { __LINE__, TEXT("[\\B]"), 1, "no such escape" },
        { __LINE__, TEXT("[\\1]"), 1, "no such escape" },
        { __LINE__, TEXT("[\\k]"), 1, "no such escape" },
        { __LINE__, TEXT("a\\"), 1, "a character was expected behind \\" },
        { __LINE__, TEXT("\\c1"), 0, "a letter was expected behind \\c" },
        { __LINE__, TEXT("\\c"), 0, "a letter was expected behind \\c" },
        { __LINE__, TEXT("\\x4"), 0, "two hexadecimal digits were expected behind \\x" },
        { __LINE__, TEXT("\\x{41}"), 0, "two hexadecimal digits were expected behind \\x" },
        { __LINE__, TEXT("\\u004"), 0, "four hexadecimal digits were expected behind \\u" },
        { __LINE__, TEXT("\\u{}"), 0, "\\u{…} takes the hexadecimal digits of a code point" },
        { __LINE__, TEXT("\\u{110000}"), 0, "\\u{…} takes the hexadecimal digits of a code point" },
        { __LINE__, TEXT("\\u{41"), 0, "\\u{…} takes the hexadecimal digits of a code point" },
        { __LINE__, TEXT("\\ud800"), 0, "a lone surrogate is no character" },
        { __LINE__, TEXT("\\ud800\\u0041"), 0, "a lone surrogate is no character" },
        { __LINE__, TEXT("[\\udc00]"), 1, "a lone surrogate is no character" },
        { __LINE__, TEXT("\\01"), 0, "octal escapes are not supported" },
        { __LINE__, TEXT("\\1"), 0, "no such group" },
        { __LINE__, TEXT("(a)\\2"), 3, "no such group" },
        { __LINE__, TEXT("(a)\\99999999999999999999"), 3, "no such group" },
        { __LINE__, TEXT("\\k"), 0, "a group's name in angle brackets was expected" },
        { __LINE__, TEXT("\\k<1a>"), 0, "a group's name is 1 to 32 letters, digits and underscores" },
        { __LINE__, TEXT("\\p"), 0, "\\p is followed by a property in braces" },
        { __LINE__, TEXT("\\pL"), 0, "\\p is followed by a property in braces" },
        { __LINE__, TEXT("\\p{}"), 0, "\\p is followed by a property in braces" },
        { __LINE__, TEXT("\\p{^L}"), 0, "\\p is followed by a property in braces" },
        { __LINE__, TEXT("\\p{L"), 0, "\\p is followed by a property in braces" },
        { __LINE__, TEXT("\\p{x=y}"), 0, "a property with a value is gc, sc or scx" },
        { __LINE__, TEXT("(a"), 2, "a group is not closed" },
        { __LINE__, TEXT("a)"), 1, "a group is closed that was not opened" },
        { __LINE__, TEXT("^(abc]"), 6, "a group is not closed" },
        { __LINE__, TEXT("[a"), 0, "a class is not closed" },
        { __LINE__, TEXT("[a-"), 0, "a class is not closed" },
        { __LINE__, TEXT("[]a"), 3, NULL }, /* nothing, then an "a": well-formed */
        { __LINE__, TEXT("[z-a]"), 1, "a range of characters is out of order" },
        { __LINE__, TEXT("*"), 0, "there is nothing to repeat" },
        { __LINE__, TEXT("a**"), 2, "there is nothing to repeat" },
        { __LINE__, TEXT("a*+"), 2, "there is nothing to repeat" },
        { __LINE__, TEXT("a???"), 3, "there is nothing to repeat" },
        { __LINE__, TEXT("(*UTF)a"), 1, "there is nothing to repeat" },
        { __LINE__, TEXT("(*LIMIT_MATCH=99)a"), 1, "there is nothing to repeat" },
        { __LINE__, TEXT("|*"), 1, "there is nothing to repeat" },
        { __LINE__, TEXT("^*"), 1, "there is nothing to repeat" },
        { __LINE__, TEXT("a$+"), 2, "there is nothing to repeat" },
        { __LINE__, TEXT("\\b?"), 2, "there is nothing to repeat" },
        { __LINE__, TEXT("(?<=a)*"), 6, "there is nothing to repeat" },
        { __LINE__, TEXT("{1}"), 0, "there is nothing to repeat" },
        { __LINE__, TEXT("a{2,1}"), 1, "a quantifier's bounds are out of order" },
        { __LINE__, TEXT("a{65536}"), 1, "a quantifier counts to 65535 at most" },
        { __LINE__, TEXT("a{1,99999999999999999999}"), 1, "a quantifier counts to 65535 at most" },
        { __LINE__, TEXT("(?i)a"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?>a)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?#a)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?P<a>b)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?R)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?1)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?|a)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?C1)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?'a'b)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?(1)a)"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?"), 0, "no such kind of group" },
        { __LINE__, TEXT("(?<a"), 0, "a group's name is 1 to 32 letters, digits and underscores" },
        { __LINE__, TEXT("(?<>a)"), 0, "a group's name is 1 to 32 letters, digits and underscores" },
        { __LINE__, TEXT("(?<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>a)"), 0,
          "a group's name is 1 to 32 letters, digits and underscores" },
        { __LINE__, TEXT("a\xff"), 1, "not valid UTF-8" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pattern *pattern = NULL;
        struct pattern_fault fault = { .offset = cases[i].offset, .reason = "" };
        char *copy = exact_copy(cases[i].pattern);
        enum status st = pattern_new((struct bytes){ copy, cases[i].pattern.len }, &pattern, &fault);
        EXPECT_STATUS(cases[i].line, st, cases[i].reason ? STATUS_UNPROCESSABLE : STATUS_OK);
        EXPECT_TEXT(cases[i].line, fault.reason, cases[i].reason ? cases[i].reason : "");
        EXPECT_INT(cases[i].line, fault.offset, cases[i].offset);
        EXPECT(cases[i].line, pattern_is_valid((struct bytes){ copy, cases[i].pattern.len }) == !cases[i].reason);
        pattern_free(pattern);
        free(copy);
    }
}

/* What PCRE2 has to say itself. */
Test(pattern, refuses_what_cannot_be_compiled)
{
    static const struct {
        int line;
        const char *pattern;
    } cases[] = {
        { __LINE__, "(?<a>b)(?<a>c)" },
        { __LINE__, "\\k<nobody>" },
        { __LINE__, "(?<=a+)b" },
        { __LINE__, "\\p{NoSuchProperty}" },
        { __LINE__, "\\p{sc=NoSuchScript}" },
        { __LINE__, "((((a{500}){500}){500}){500})" }, /* too large */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pattern *pattern = NULL;
        struct pattern_fault fault = { 0 };
        EXPECT_STATUS(cases[i].line, pattern_new(bytes_of(cases[i].pattern), &pattern, &fault), STATUS_UNPROCESSABLE);
        EXPECT(cases[i].line, !pattern && fault.reason[0]);
    }
}

Test(pattern, length_and_nesting_are_bounded)
{
    char *text = repeated('a', PATTERN_MAX_BYTES + 1);
    char nested[300];

    cr_expect(pattern_is_valid((struct bytes){ text, PATTERN_MAX_BYTES }));
    cr_expect_not(pattern_is_valid((struct bytes){ text, PATTERN_MAX_BYTES + 1 }));
    for (size_t i = 0; i < PATTERN_MAX_BYTES; i += 2) {
        text[i] = '\\';
        text[i + 1] = 'S';
    }
    (void)pattern_is_valid((struct bytes){ text, PATTERN_MAX_BYTES }); /* what grows most; too large for PCRE2 or not */
    free(text);

    memset(nested, '(', 64);
    memset(nested + 64, ')', 64);
    cr_expect(pattern_is_valid((struct bytes){ nested, 128 }));
    memset(nested, '(', 65);
    memset(nested + 65, ')', 65);
    cr_expect_not(pattern_is_valid((struct bytes){ nested, 130 }));
}

/* Each ends, either way; that it ends soon is what makes the test end. */
Test(pattern, cost_is_bounded)
{
    static const struct {
        int line;
        const char *pattern;
    } cases[] = {
        { __LINE__, "^(a+)+$" },
        { __LINE__, "(a*)*b" },
        { __LINE__, "(a|aa)+$" },
        { __LINE__, "(.*)(.*)(.*)(.*)(.*)x" },
        { __LINE__, "a*a*a*a*a*a*[bc]" },
        { __LINE__, "a*[bc]" },
        { __LINE__, "^(([a-z])+.)+[A-Z]([a-z])+$" },
        { __LINE__, "(a?){64}a{64}b" },
        { __LINE__, "^(.?){400}b$" },
        { __LINE__, "(?=(a+))\\1*b" },
        { __LINE__, "(a|b|ab)*c" },
        { __LINE__, "(?:a{0,1000}){0,20}[bc]" },
        { __LINE__, "(?:(?=a*)a)*[bc]" },
        { __LINE__, "(?:(?![a-z]*[0-9])a)*c" },
    };
    enum { LEN = 65536 };
    char *text = repeated('a', LEN);

    text[LEN - 1] = '!';
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT(cases[i].line, outcome(cases[i].line, bytes_of(cases[i].pattern), (struct bytes){ text, LEN }) != PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("^(a+)+$"), (struct bytes){ text, LEN }), PATTERN_TOO_COSTLY);
    free(text);
}

/* What is harmless is not given up in the longest texts either. */
Test(pattern, long_texts_are_matched)
{
    enum { LEN = 65536 };
    char *text = repeated('a', LEN);

    text[LEN - 1] = '!';
    struct bytes long_text = { text, LEN };
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("^.*$"), long_text), PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("^[a-z!]+$"), long_text), PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("^a+!$"), long_text), PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("!"), long_text), PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("b"), long_text), PATTERN_NO_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("[b-z]"), long_text), PATTERN_NO_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("\\S"), long_text), PATTERN_MATCH);
    EXPECT_INT(__LINE__, outcome(__LINE__, BYTES("^a{60000}"), long_text), PATTERN_MATCH);
    free(text);
}

static void *match_many(void *argument)
{
    const struct pattern *pattern = argument;
    struct pattern_scratch *scratch = pattern_scratch_new();
    intptr_t n = 0;

    for (int i = 0; scratch && i < 1000; i++)
        n += pattern_match(pattern, scratch, BYTES("x12-34")) == PATTERN_MATCH &&
             pattern_match(pattern, scratch, BYTES("12 34")) == PATTERN_NO_MATCH;
    pattern_scratch_free(scratch);
    return (void *)n;
}

Test(pattern, one_pattern_serves_many_threads)
{
    struct pattern *pattern = compiled(__LINE__, BYTES("(\\d+)-(?:3|4)"));
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, match_many, pattern), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *n = NULL;
        cr_assert_eq(pthread_join(threads[i], &n), 0);
        cr_expect_eq((intptr_t)n, 1000);
    }
    pattern_free(pattern);
}

static void judge(const struct suite_case *given)
{
    struct json_object *text = json_object_object_get(given->schema, "pattern");

    if (json_object_is_type(given->data, json_type_string))
        cr_expect_eq(outcome(__LINE__, suite_text(text), suite_text(given->data)), given->valid ? PATTERN_MATCH : PATTERN_NO_MATCH,
                     "%s: %s", given->file, given->description);
}

Test(pattern, the_suite_agrees)
{
    suite_skip_unless_installed();
    cr_expect_geq(suite_each("pattern.json", judge), 4);
}
