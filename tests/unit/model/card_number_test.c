#include "model/card_number.h"

#include <stdio.h>

#include "tests/unit/unit.h"

/* Numbers that schemes and processors publish for tests; those marked so have a check digit computed for them. */
Test(card_number, numbers_of_each_scheme_are_found)
{
    static const struct {
        int line;
        const char *digits;
    } cases[] = {
        { __LINE__, "4111111111111111" },    /* Visa */
        { __LINE__, "4012888888881881" },    /* Visa */
        { __LINE__, "4222222222222" },       /* Visa, 13 digits */
        { __LINE__, "4000000000000000006" }, /* Visa, 19 digits */
        { __LINE__, "5555555555554444" },    /* Mastercard */
        { __LINE__, "5105105105105100" },    /* Mastercard */
        { __LINE__, "2223003122003222" },    /* Mastercard */
        { __LINE__, "378282246310005" },     /* American Express */
        { __LINE__, "371449635398431" },     /* American Express */
        { __LINE__, "30569309025904" },      /* Diners Club */
        { __LINE__, "38520000023237" },      /* Diners Club */
        { __LINE__, "36227206271667" },      /* Diners Club */
        { __LINE__, "30950000000000" },      /* Diners Club, computed */
        { __LINE__, "6011111111111117" },    /* Discover */
        { __LINE__, "6445644564456445" },    /* Discover */
        { __LINE__, "3530111333300000" },    /* JCB */
        { __LINE__, "3566002020360505" },    /* JCB */
        { __LINE__, "6200000000000005" },    /* UnionPay */
        { __LINE__, "6205500000000000004" }, /* UnionPay, 19 digits */
        { __LINE__, "8171999927660000" },    /* UnionPay */
        { __LINE__, "6304000000000000" },    /* Maestro */
        { __LINE__, "6759649826438453" },    /* Maestro */
        { __LINE__, "6759123456787" },       /* Maestro, 13 digits, computed */
        { __LINE__, "6799990100000000019" }, /* Maestro, 19 digits */
        { __LINE__, "5000000000005" },       /* Maestro, 13 digits, computed */
        { __LINE__, "2201382000000013" },    /* Mir */
        { __LINE__, "9792030000000000" },    /* Troy, computed */
        { __LINE__, "8600123456789012" },    /* UzCard, computed */
        { __LINE__, "9860123456789015" },    /* Humo, computed */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(bytes_of(cases[i].digits));
        struct bytes text = { copy, strlen(cases[i].digits) };
        struct span found = { 0 };
        size_t from = 0;
        EXPECT(cases[i].line, card_number_is(text));
        EXPECT(cases[i].line, card_number_next(text, &from, &found));
        EXPECT(cases[i].line, found.begin == 0 && found.end == text.len && from == text.len);
        EXPECT(cases[i].line, !card_number_next(text, &from, &found));
        /* Any other last digit is a near miss. */
        copy[text.len - 1] = (char)('0' + (copy[text.len - 1] - '0' + 1) % 10);
        EXPECT(cases[i].line, !card_number_is(text));
        free(copy);
    }
}

Test(card_number, digits_of_no_scheme_are_no_card)
{
    static const struct {
        int line;
        const char *digits;
    } cases[] = {
        { __LINE__, "" },
        { __LINE__, "4" },
        { __LINE__, "0000000000000000" },     /* no scheme, though Luhn's sum is right */
        { __LINE__, "1000000000000008" },     /* microseconds begin so until 2033 */
        { __LINE__, "7000000000000005" },     /* fuel cards are not a bank's */
        { __LINE__, "4111111111111" },        /* 13 digits, wrong sum */
        { __LINE__, "411111111111116" },      /* 15: no length of Visa */
        { __LINE__, "5555555555554" },        /* 13: no length of Mastercard */
        { __LINE__, "2720999999999997" },     /* wrong sum */
        { __LINE__, "2721000000000004" },     /* behind Mastercard's range */
        { __LINE__, "42222222222222222220" }, /* 20 digits */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT(cases[i].line, !card_number_is(bytes_of(cases[i].digits)));
}

/* How many identifiers of random digits are taken for cards': the manual (synchrony.conf, scrub_cards) tells it of each length. */
Test(card_number, share_of_random_numbers_is_as_the_manual_says)
{
    static const int one_of[] = { [13] = 64, [14] = 117, [15] = 127, [16] = 22, [17] = 44, [18] = 44, [19] = 30 };
    char digits[CARD_NUMBER_MAX_DIGITS + 1];

    for (int n = CARD_NUMBER_MIN_DIGITS; n <= CARD_NUMBER_MAX_DIGITS; n++) {
        int found = 0;
        for (int prefix = 1000; prefix < 10000; prefix++) {
            for (int check = 0; check < 10; check++) {
                snprintf(digits, sizeof digits, "%d%0*d", prefix, n - 4, check);
                found += card_number_is((struct bytes){ digits, (size_t)n });
            }
        }
        cr_expect_eq((90000 + found / 2) / found, one_of[n], "%d of 90000 with %d digits", found, n);
    }
    for (int i = 0; i < 3; i++) {
        for (int check = 0; check < 10; check++) {
            snprintf(digits, sizeof digits, "%c%015d", "017"[i], check);
            cr_expect(!card_number_is((struct bytes){ digits, 16 }));
        }
    }
}

/* What is found is shown by brackets around it. */
static void bracket(struct bytes text, char *to)
{
    size_t from = 0, done = 0, len = 0;
    struct span found;

    while (card_number_next(text, &from, &found)) {
        memcpy(to + len, text.p + done, found.begin - done);
        len += found.begin - done;
        to[len++] = '[';
        memcpy(to + len, text.p + found.begin, found.end - found.begin);
        len += found.end - found.begin;
        to[len++] = ']';
        done = found.end;
    }
    memcpy(to + len, text.p + done, text.len - done);
    to[len + text.len - done] = '\0';
}

/* want NULL: nothing is found. */
static const struct {
    int line;
    const char *text;
    const char *want;
} texts[] = {
    /* groups */
    { __LINE__, "4111 1111 1111 1111", "[4111 1111 1111 1111]" },
    { __LINE__, "4111-1111-1111-1111", "[4111-1111-1111-1111]" },
    { __LINE__, "4111.1111.1111.1111", "[4111.1111.1111.1111]" },
    { __LINE__, "4111_1111_1111_1111", "[4111_1111_1111_1111]" },
    { __LINE__, "4111+1111+1111+1111", "[4111+1111+1111+1111]" },
    { __LINE__, "4111\t1111\t1111\t1111", "[4111\t1111\t1111\t1111]" },
    { __LINE__, "4111 - 1111 - 1111 - 1111", "[4111 - 1111 - 1111 - 1111]" },
    { __LINE__,
      "4111\xc2\xb7"
      "1111\xe2\x80\xa2"
      "1111\xe2\x81\x83"
      "1111",
      "[4111\xc2\xb7"
      "1111\xe2\x80\xa2"
      "1111\xe2\x81\x83"
      "1111]" },
    { __LINE__,
      "\xe2\x80\xad"
      "4111\xd8\x9c"
      "1111\xe2\x81\xa6"
      "1111\xe2\x80\xae"
      "1111\xe2\x80\xac",
      "\xe2\x80\xad[4111\xd8\x9c"
      "1111\xe2\x81\xa6"
      "1111\xe2\x80\xae"
      "1111]\xe2\x80\xac" },
    { __LINE__,
      "4111\xe2\x80\xa6"
      "1111\xe2\x80\xa6"
      "1111\xe2\x80\xa6"
      "1111",
      NULL }, /* an ellipsis leaves something out */
    { __LINE__, "4111 1111-1111 1111", "[4111 1111-1111 1111]" },
    { __LINE__,
      "4111\xc2\xa0"
      "1111\xc2\xa0"
      "1111\xc2\xa0"
      "1111",
      "[4111\xc2\xa0"
      "1111\xc2\xa0"
      "1111\xc2\xa0"
      "1111]" },
    { __LINE__,
      "1\xe2\x80"
      "4111111111111111",
      "1\xe2\x80[4111111111111111]" }, /* no character, so no separator that takes a digit along */
    { __LINE__,
      "4111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111\xe2\x80\xaf"
      "1111",
      "[4111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111\xe2\x80\xaf"
      "1111]" },
    { __LINE__, "3782 822463 10005", "[3782 822463 10005]" },
    { __LINE__, "3056 930902 5904", "[3056 930902 5904]" },
    { __LINE__, "62055 00000 00000 0004", "[62055 00000 00000 0004]" },
    { __LINE__, "41 11 11 11 11 11 11 11", "[41 11 11 11 11 11 11 11]" },
    { __LINE__, "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "[4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]" },
    { __LINE__, "4.111.111.111.111.111", "[4.111.111.111.111.111]" },
    { __LINE__, "4111    1111    1111    1111", NULL }, /* over three blanks are a table */
    { __LINE__, "4111/1111/1111/1111", NULL },
    { __LINE__, "4111,1111,1111,1111", NULL },
    /* what stands around */
    { __LINE__, "card 4111111111111111, please", "card [4111111111111111], please" },
    { __LINE__, "card4111111111111111x", "card[4111111111111111]x" },
    { __LINE__, "cc4111111111111111", "cc[4111111111111111]" },
    { __LINE__, "a=1&n=4111111111111111&b=2", "a=1&n=[4111111111111111]&b=2" },
    { __LINE__, "(4111111111111111)", "([4111111111111111])" },
    { __LINE__, "-4111111111111111.", "-[4111111111111111]." },
    { __LINE__,
      "\xc3\xa4"
      "4111111111111111\xc3\xa4",
      "\xc3\xa4[4111111111111111]\xc3\xa4" },
    { __LINE__, "4111111111111111 5555555555554444", "[4111111111111111] [5555555555554444]" },
    { __LINE__, "4111111111111111,5555555555554444", "[4111111111111111],[5555555555554444]" },
    { __LINE__, "4111 1111 1111 1111 12/27", "[4111 1111 1111 1111] 12/27" },
    { __LINE__, "12 4111 1111 1111 1111 7", "12 [4111 1111 1111 1111] 7" },
    { __LINE__, "1234 4111 1111 1111 1111 5678", "1234 [4111 1111 1111 1111] 5678" },
    { __LINE__, "4111111111111111.25", "[4111111111111111].25" },
    /* read in two ways: both are taken */
    { __LINE__, "5018 0000 0000 0009 4111 1111 1111 1111", "[5018 0000 0000 0009] [4111 1111 1111 1111]" },
    { __LINE__, "4000 0000 0000 0002 0000 0000 0002", "[4000 0000 0000 0002] 0000 0000 0002" },
    /* no cards */
    { __LINE__, "", NULL },
    { __LINE__, "411111111111111", NULL },
    { __LINE__, "41111111111111111", NULL },
    { __LINE__, "x41111111111111110000x", NULL },      /* 20 digits */
    { __LINE__, "1795354496789", NULL },               /* milliseconds */
    { __LINE__, "1795354496789001", NULL },            /* microseconds */
    { __LINE__, "1795354496789001234", NULL },         /* nanoseconds */
    { __LINE__, "2026-11-22 19:09:51.123456", NULL },  /* a time */
    { __LINE__, "20261122190951123", NULL },           /* a time */
    { __LINE__, "0.4111111111111111", NULL },          /* a fraction */
    { __LINE__, "5123456.7890123450", NULL },          /* a fraction: one dot */
    { __LINE__, "52.520008 13.404954", NULL },         /* a place */
    { __LINE__, "GA1.2.1234567890.1795354496", NULL }, /* a cookie */
    { __LINE__, "n+4222222222222", "n+[4222222222222]" },
    { __LINE__, "+4222222222222", NULL }, /* a telephone number */
    { __LINE__, "10 20 30 40 50 60 70 80 90 10 20 30", NULL },
    { __LINE__, "a4111111111111111bcdef01", NULL },                         /* 24 hexadecimal digits */
    { __LINE__, "4111111111111111a4111111111111111bcdef0123456789", NULL }, /* 48 */
    { __LINE__, "d4111111-1111-4111-8111-111111111111", NULL },             /* UUIDs */
    { __LINE__, "41111111-1111-1111-9111-111111111111", NULL },
    { __LINE__, "urn:uuid:550e8400-4111-1111-1111-111111111111", NULL },
};

Test(card_number, numbers_are_told_from_what_is_like_them)
{
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char *copy = exact_copy(bytes_of(texts[i].text));
        char got[256];
        bracket((struct bytes){ copy, strlen(texts[i].text) }, got);
        EXPECT_TEXT(texts[i].line, got, texts[i].want ? texts[i].want : texts[i].text);
        free(copy);
    }
}

/* A text of nothing but short groups is read from each of them, but never far. */
Test(card_number, long_lists_of_numbers_take_no_time)
{
    size_t len = 1024 * 1024, from = 0;
    char *text = repeated(' ', len);
    struct span found;

    for (size_t i = 0; i < len; i += 2)
        text[i] = (char)('0' + i / 2 % 10);
    cr_expect(!card_number_next((struct bytes){ text, len }, &from, &found));
    free(text);
}

/* Of each number in a long token it is asked whether the token is a hash. */
Test(card_number, long_tokens_full_of_numbers_take_no_time)
{
    static const struct bytes piece = BYTES("a4111111111111111bcdef01");
    size_t len = 10000 * piece.len, from = 0, n = 0;
    char *text = malloc(len);
    struct span found;

    cr_assert(text);
    for (size_t i = 0; i < len; i += piece.len)
        memcpy(text + i, piece.p, piece.len);
    while (card_number_next((struct bytes){ text, len }, &from, &found))
        n++;
    cr_expect_eq(n, 10000);
    from = 0;
    cr_expect(!card_number_next((struct bytes){ text, 1008 }, &from, &found));
    from = 0;
    cr_expect(card_number_next((struct bytes){ text, 1032 }, &from, &found)); /* no hash is so long */
    free(text);
}
