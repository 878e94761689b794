#include "model/iban.h"

#include "tests/unit/unit.h"

/* The examples of the registry of IBAN formats (ISO 13616), as many countries as it has one for. */
static const char *const examples[] = {
    "AD1200012030200359100100",
    "AE070331234567890123456",
    "AL47212110090000000235698741",
    "AT611904300234573201",
    "AZ21NABZ00000000137010001944",
    "BA391290079401028494",
    "BE68539007547034",
    "BG80BNBG96611020345678",
    "BH67BMAG00001299123456",
    "BR9700360305000010009795493P1",
    "BY13NBRB3600900000002Z00AB00",
    "CH9300762011623852957",
    "CR05015202001026284066",
    "CY17002001280000001200527600",
    "CZ6508000000192000145399",
    "DE89370400440532013000",
    "DK5000400440116243",
    "DO28BAGR00000001212453611324",
    "EE382200221020145685",
    "EG380019000500000000263180002",
    "ES9121000418450200051332",
    "FI2112345600000785",
    "FO6264600001631634",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "GE29NB0000000101904917",
    "GI75NWBK000000007099453",
    "GL8964710001000206",
    "GR1601101250000000012300695",
    "GT82TRAJ01020000001210029690",
    "HR1210010051863000160",
    "HU42117730161111101800000000",
    "IE29AIBK93115212345678",
    "IL620108000000099999999",
    "IQ98NBIQ850123456789012",
    "IS140159260076545510730339",
    "IT60X0542811101000000123456",
    "JO94CBJO0010000000000131000302",
    "KW81CBKU0000000000001234560101",
    "KZ86125KZT5004100100",
    "LB62099900000001001901229114",
    "LC55HEMM000100010012001200023015",
    "LI21088100002324013AA",
    "LT121000011101001000",
    "LU280019400644750000",
    "LV80BANK0000435195001",
    "MC5811222000010123456789030",
    "MD24AG000225100013104168",
    "ME25505000012345678951",
    "MK07250120000058984",
    "MR1300020001010000123456753",
    "MT84MALT011000012345MTLCAST001S",
    "MU17BOMM0101101030300200000MUR",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "PK36SCBL0000001123456702",
    "PL61109010140000071219812874",
    "PS92PALS000000000400123456702",
    "PT50000201231234567890154",
    "QA58DOHB00001234567890ABCDEFG",
    "RO49AAAA1B31007593840000",
    "RS35260005601001611379",
    "SA0380000000608010167519",
    "SC18SSCB11010000000000001497USD",
    "SE4550000000058398257466",
    "SI56263300012039086",
    "SK3112000000198742637541",
    "SM86U0322509800000000270100",
    "SV62CENR00000000000000700025",
    "TL380080012345678910157",
    "TN5910006035183598478831",
    "TR330006100519786457841326",
    "UA213223130000026007233566001",
    "VA59001123000012345678",
    "VG96VPVG0000012345678901",
    "XK051212012345678906",
};

static bool finds_whole(struct bytes text)
{
    char *copy = exact_copy(text);
    struct span found = { 0 };
    size_t from = 0;
    bool is_found = iban_next((struct bytes){ copy, text.len }, &from, &found);

    free(copy);
    return is_found && found.begin == 0 && found.end == text.len && from == text.len;
}

Test(iban, examples_of_the_registry_are_found_however_written)
{
    static const char *const separators[] = { " ", "-", ".", "\xc2\xa0" };

    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        char text[128];
        size_t len = strlen(examples[i]);
        memcpy(text, examples[i], len);
        cr_expect(finds_whole((struct bytes){ text, len }), "%s", examples[i]);
        for (size_t at = 0; at < len; at++)
            text[at] = (char)(text[at] >= 'A' ? text[at] | 0x20 : text[at]);
        cr_expect(finds_whole((struct bytes){ text, len }), "%s in lower case", examples[i]);
        for (size_t s = 0; s < COUNT_OF(separators); s++) {
            struct buf grouped = buf_new(sizeof text);
            for (size_t at = 0; at < len; at += 4) {
                buf_add_text(&grouped, at ? separators[s] : "");
                buf_add(&grouped, (struct bytes){ examples[i] + at, len - at < 4 ? len - at : 4 });
            }
            cr_expect(finds_whole(buf_bytes(&grouped)), "%s", grouped.p);
            buf_free(&grouped);
        }
        /* Two digits exchanged, a digit more, a digit less: near misses. */
        memcpy(text, examples[i], len);
        text[len - 2] = (char)(text[len - 2] == '7' ? '8' : '7');
        cr_expect(!finds_whole((struct bytes){ text, len }), "%.*s", (int)len, text);
        memcpy(text, examples[i], len);
        text[len] = '1';
        cr_expect(!finds_whole((struct bytes){ text, len + 1 }), "%.*s", (int)len + 1, text);
        cr_expect(!finds_whole((struct bytes){ text, len - 1 }), "%.*s", (int)len - 1, text);
    }
}

Test(iban, numbers_are_told_from_what_is_like_them)
{
    static const struct {
        int line;
        const char *text;
        size_t begin;
        size_t end; /* 0: there is none */
    } cases[] = {
        { __LINE__, "to DE89370400440532013000.", 3, 25 },
        { __LINE__, "iban=DE89370400440532013000&x=1", 5, 27 },
        { __LINE__, "DE89 3704 0044 0532 0130 00 and more", 0, 27 },
        { __LINE__,
          "\xc3\xa4"
          "DE89370400440532013000\xc3\xa4",
          2, 24 },
        { __LINE__, "", 0, 0 },
        { __LINE__, "DE", 0, 0 },
        { __LINE__, "DE89", 0, 0 },
        { __LINE__, "xDE89370400440532013000", 0, 0 }, /* touched */
        { __LINE__, "DE89370400440532013000x", 0, 0 },
        { __LINE__, "1DE89370400440532013000", 0, 0 },
        { __LINE__, "DE8937040044053201300A", 0, 0 }, /* an account there has digits alone */
        { __LINE__, "ZZ89370400440532013000", 0, 0 }, /* no country */
        { __LINE__, "US89370400440532013000", 0, 0 }, /* none that takes part */
        { __LINE__, "be680900-7547-4034-8abc-0123456789ab", 0, 0 },
        { __LINE__, "e51a3435-f869-4f7c-be43-715603185811", 0, 0 }, /* the end of a UUID */
        { __LINE__, "urn:uuid:E51A3435-F869-4F7C-BE43-715603185811", 0, 0 },
        { __LINE__, "4f7c-be43-715603185811", 5, 22 }, /* of no UUID */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(bytes_of(cases[i].text));
        struct span found = { 0 };
        size_t from = 0;
        bool is_found = iban_next((struct bytes){ copy, strlen(cases[i].text) }, &from, &found);
        EXPECT(cases[i].line, is_found == (cases[i].end > 0));
        EXPECT(cases[i].line, !is_found || (found.begin == cases[i].begin && found.end == cases[i].end));
        free(copy);
    }
}
