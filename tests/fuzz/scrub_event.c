/* scrub_event, all the way that an event goes. What holds of each event that json_guard passes: with and without the quick looks the same
 * comes out; that is an event of the same shape, with the same key; scrubbing it again changes nothing. And of a valid number that is planted
 * in it, in any of the ways that the manual says are found, nothing is left.
 *
 * An input that begins as JSON does is tried as it is. Of any other the first bytes say which number is planted, how it is written and
 * where, the rest is what stands around it. */
#include "model/scrub.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 16 * 1024 * 1024, TEXT_MAX_BYTES = 64 * 1024, N_RULES = 4 };

static const struct limits limits = LIMITS_DEFAULT;

static const struct scrub *rules_of(size_t i)
{
    static const struct bytes parameters[] = { BYTES("a"), BYTES("b*") };
    static struct scrub_pattern patterns[2];
    static struct scrub rules[N_RULES] = {
        { .cards = SCRUB_MASK, .ibans = SCRUB_MASK },
        { .cards = SCRUB_MASK, .ibans = SCRUB_MASK, .parameters = parameters, .n_parameters = 2 },
        { .cards = SCRUB_MASK, .ibans = SCRUB_MASK, .patterns = patterns },
        { .cards = SCRUB_REJECT, .ibans = SCRUB_MASK },
    };

    if (!rules[2].n_patterns) {
        struct problem problem;
        MUST(scrub_pattern_read(BYTES("customer:mask:KD-[0-9]{8}"), &patterns[0], &problem) == STATUS_OK);
        MUST(scrub_pattern_read(BYTES("tail:mask:[0-9]{4}x"), &patterns[1], &problem) == STATUS_OK);
        rules[2].n_patterns = 2;
    }
    return &rules[i];
}

/* ---- shapes ---- */

/* The next token: what it begins with, '0' for a number; the end is a NUL. */
static char next_token(struct bytes text, size_t *at)
{
    while (*at < text.len && strchr(" \t\r\n", text.p[*at]))
        ++*at;
    if (*at == text.len)
        return '\0';
    char c = text.p[(*at)++];
    if (c == '"') {
        while (text.p[*at] != '"')
            *at += text.p[*at] == '\\' ? 2 : 1;
        ++*at;
        return c;
    }
    if (strchr("{}[],:", c))
        return c;
    while (*at < text.len && !strchr(" \t\r\n{}[],:\"", text.p[*at]))
        ++*at;
    return c == '-' || (c >= '0' && c <= '9') ? '0' : c;
}

static bool have_same_shape(struct bytes before, struct bytes after)
{
    size_t at = 0, to = 0;
    char old, new;

    do {
        old = next_token(before, &at);
        new = next_token(after, &to);
        if (old != new && !(old == '0' && new == '"'))
            return false;
    } while (old);
    return true;
}

/* ---- what holds of every event ---- */

struct scrubbed {
    enum status st;
    struct bytes text; /* the event's own */
    const struct guard_element *element;
    struct scrub_report report;
    struct problem problem;
    bool is_changed;
};

static struct scrubbed scrub(const struct scrub *rules, bool is_thorough, struct bytes text, const struct guard_element *element,
                             struct arena *arena)
{
    struct scrubber scrubber = { .scrub = rules, .is_thorough = is_thorough };
    struct scrubbed done = { .element = element };
    struct bytes whole = text;

    done.st = scrub_event(&scrubber, &limits, arena, &whole, &done.element, &done.report, &done.problem);
    done.is_changed = whole.p != text.p;
    done.text = (struct bytes){ whole.p + done.element->text.begin, done.element->text.end - done.element->text.begin };
    scrubber_free(&scrubber);
    return done;
}

static struct bytes member(const struct scrubbed *done, enum guard_member which)
{
    struct guard_span span = done->element->members[which];
    const char *text = done->text.p - done->element->text.begin;

    return span.begin < span.end ? (struct bytes){ text + done->element->values[which], span.end - done->element->values[which] }
                                 : (struct bytes){ 0 };
}

static void check_places(const struct scrubbed *done, struct arena *arena)
{
    struct guard_result scan;

    MUST(guard_scan(done->text, &limits, arena, &scan) == STATUS_OK && !scan.is_array);
    MUST(scan.elements[0].fault.status == STATUS_OK);
    struct scrubbed again = { .text = done->text, .element = &scan.elements[0] };
    for (enum guard_member i = 0; i < GUARD_MEMBER_COUNT; i++)
        MUST(bytes_equal(member(done, i), member(&again, i)));
}

static struct scrubbed check(const struct scrub *rules, struct bytes text, const struct guard_element *element, struct arena *arena)
{
    struct scrubbed before = { .text = { text.p + element->text.begin, element->text.end - element->text.begin },
                               .element = element };
    struct scrubbed done = scrub(rules, false, text, element, arena), thorough = scrub(rules, true, text, element, arena);

    MUST(done.st == STATUS_OK || done.st == STATUS_SENSITIVE);
    MUST(done.st == thorough.st && done.is_changed == thorough.is_changed);
    MUST(bytes_equal(done.text, thorough.text));
    MUST(memcmp(done.report.counts, thorough.report.counts, sizeof done.report.counts) == 0);
    if (done.st == STATUS_SENSITIVE) {
        MUST(!done.is_changed && done.problem.pointer);
        MUST(done.report.refused_by == thorough.report.refused_by);
        return done;
    }
    check_places(&done, arena);
    MUST(have_same_shape(before.text, done.text));
    MUST(bytes_equal(member(&before, GUARD_EVENT_TYPE), member(&done, GUARD_EVENT_TYPE)));
    MUST(bytes_equal(member(&before, GUARD_SESSION_ID), member(&done, GUARD_SESSION_ID)));
    const char *whole = done.text.p - done.element->text.begin;
    struct scrubbed again = scrub(rules, true, (struct bytes){ whole, done.element->text.end }, done.element, arena);
    MUST(again.st == STATUS_OK && !again.is_changed);
    return done;
}

static void try_all(struct bytes text, struct arena *arena)
{
    struct guard_result scan;

    if (guard_scan(text, &limits, arena, &scan) != STATUS_OK)
        return;
    for (size_t i = 0; i < scan.n_elements && i < 8; i++) {
        for (size_t n = 0; n < N_RULES && scan.elements[i].fault.status == STATUS_OK; n++)
            (void)check(rules_of(n), text, &scan.elements[i], arena);
    }
}

/* ---- a number that is planted ---- */

enum place { PLACE_VALUE, PLACE_NAME, PLACE_PAGE_URL, PLACE_DEEP, PLACE_SESSION_ID, PLACE_EVENT_TYPE, PLACE_NUMBER, PLACE_COUNT };

enum writing {
    AS_IT_IS,
    ESCAPED,
    SEPARATORS_ESCAPED,
    PERCENT,
    PERCENT_TWICE,
    PERCENT_THRICE,
    ALL_PERCENT,
    INNER_ESCAPED, /* as in JSON within the string */
    INNER_SEPARATORS,
    FULL_WIDTH,
    WRITING_COUNT
};

struct input {
    const uint8_t *data;
    size_t len;
};

static unsigned take(struct input *input, unsigned n)
{
    unsigned byte = input->len ? input->data[0] : 0;

    input->data += input->len != 0;
    input->len -= input->len != 0;
    return byte % n;
}

/* A number of a card, in groups of `group` digits; its check digit is looked for. */
static size_t make_card(struct input *input, unsigned group, char *to)
{
    static const struct {
        char prefix[5];
        unsigned n;
    } schemes[] = {
        { "4", 16 },    { "4", 13 },    { "4", 19 },  { "51", 16 }, { "2221", 16 }, { "34", 15 }, { "37", 15 },   { "36", 14 },
        { "3800", 14 }, { "3528", 16 }, { "62", 16 }, { "62", 19 }, { "6759", 18 }, { "50", 13 }, { "2200", 17 }, { "9792", 16 },
    };
    unsigned scheme = take(input, sizeof schemes / sizeof schemes[0]), n = schemes[scheme].n;
    char digits[20];
    size_t len = 0;

    for (unsigned i = 0; i < n - 1; i++)
        digits[i] = i < strlen(schemes[scheme].prefix) ? schemes[scheme].prefix[i] : (char)('0' + take(input, 10));
    unsigned sum = 0;
    for (unsigned i = 0; i < n - 1; i++) {
        unsigned digit = (unsigned)(digits[n - 2 - i] - '0') * (i % 2 ? 1 : 2);
        sum += digit > 9 ? digit - 9 : digit;
    }
    digits[n - 1] = (char)('0' + (10 - sum % 10) % 10);
    for (unsigned i = 0; i < n; i++) {
        if (i && group && i % group == 0)
            to[len++] = ' ';
        to[len++] = digits[i];
    }
    to[len] = '\0';
    return len;
}

static unsigned rest_of(const char *number, unsigned rest)
{
    for (; *number; number++)
        rest = *number <= '9' ? (rest * 10 + (unsigned)(*number - '0')) % 97 : (rest * 100 + (unsigned)(*number - 'A') + 10) % 97;
    return rest;
}

/* An IBAN of one of some forms, in groups likewise. */
static size_t make_iban(struct input *input, unsigned group, char *to)
{
    static const char *const forms[] = { "DEnnnnnnnnnnnnnnnnnn", "GBaaaannnnnnnnnnnnnn", "MTaaaannnnncccccccccccccccccc",
                                         "NOnnnnnnnnnnn", "BRnnnnnnnnnnnnnnnnnnnnnnnac" };
    const char *form = forms[take(input, sizeof forms / sizeof forms[0])];
    char account[40] = "", head[7] = { form[0], form[1], '0', '0' };
    bool is_lower = take(input, 2);
    size_t len = 0, n = strlen(form) - 2;

    for (size_t i = 0; i < n; i++) {
        unsigned c = take(input, form[i + 2] == 'n' ? 10 : 26);
        bool is_digit = form[i + 2] == 'n' || (form[i + 2] == 'c' && c < 10);
        account[i] = (char)(is_digit ? '0' + c : 'A' + c);
    }
    unsigned check = 98 - rest_of(head, rest_of(account, 0));
    head[2] = (char)('0' + check / 10);
    head[3] = (char)('0' + check % 10);
    for (size_t i = 0; i < n + 4; i++) {
        if (i && group && i % group == 0)
            to[len++] = ' ';
        char c = i < 4 ? head[i] : account[i - 4];
        to[len++] = (char)(is_lower && c > '9' ? c | 0x20 : c);
    }
    to[len] = '\0';
    return len;
}

static void add_percent(struct buf *to, struct bytes text, unsigned times)
{
    for (size_t i = 0; i < text.len; i++) {
        buf_add_text(to, "%");
        for (unsigned n = 1; n < times; n++)
            buf_add_text(to, "25");
        buf_add_format(to, "%02X", (unsigned char)text.p[i]);
    }
}

/* One character, of the JSON text that stands for it, and its code. */
struct character {
    struct bytes text;
    unsigned code;
};

static const struct character separators[] = {
    { BYTES(" "), ' ' },
    { BYTES("-"), '-' },
    { BYTES("."), '.' },
    { BYTES("_"), '_' },
    { BYTES("+"), '+' },
    { BYTES("\t"), '\t' },
    { BYTES("\xc2\xa0"), 0xa0 },
    { BYTES("\xc2\xad"), 0xad },
    { BYTES("\xe2\x80\x89"), 0x2009 },
    { BYTES("\xe2\x80\x8b"), 0x200b },
    { BYTES("\xe2\x80\x93"), 0x2013 },
    { BYTES("\xe2\x80\xaf"), 0x202f },
    { BYTES("\xe2\x88\x92"), 0x2212 },
    { BYTES("\xe2\x81\xa0"), 0x2060 },
    { BYTES("\xef\xbb\xbf"), 0xfeff },
};

static void add_character(struct buf *to, const struct character *c, enum writing writing, bool is_separator)
{
    if (writing == ALL_PERCENT || (is_separator && writing >= PERCENT && writing <= PERCENT_THRICE))
        add_percent(to, c->text, writing == ALL_PERCENT ? 1 : writing - PERCENT + 1);
    else if (writing == ESCAPED || (is_separator && (writing == SEPARATORS_ESCAPED || c->code < ' ')))
        buf_add_format(to, "\\u%04x", c->code);
    else if (writing == INNER_ESCAPED || (is_separator && writing == INNER_SEPARATORS))
        buf_add_format(to, "\\\\u%04x", c->code);
    else if (writing == FULL_WIDTH && c->code >= '0' && c->code <= '9')
        buf_add_format(to, "\xef\xbc%c", (int)(0x90 + c->code - '0'));
    else
        buf_add(to, c->text);
}

static void add_number(struct buf *to, struct input *input, const char *number)
{
    const struct character *separator = &separators[take(input, sizeof separators / sizeof separators[0])];
    enum writing writing = take(input, WRITING_COUNT);
    unsigned times = 1 + take(input, 3);

    for (; *number; number++) {
        struct character c = { { number, 1 }, (unsigned char)*number };
        for (unsigned i = 0; i < (*number == ' ' ? times : 1); i++)
            add_character(to, *number == ' ' ? separator : &c, writing, *number == ' ');
    }
}

/* As the content of a string; angle brackets are for the number alone. */
static void add_surroundings(struct buf *to, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"')
            buf_add_text(to, "\\\"");
        else if (data[i] < ' ' || data[i] >= 0x7f)
            buf_add_format(to, "\\u%04x", data[i] ? data[i] : 1u);
        else
            buf_add_format(to, data[i] == '\\' ? "\\\\" : "%c", data[i] == '<' || data[i] == '>' ? '|' : data[i]);
    }
}

static void add_string(struct buf *to, struct input *input, const char *number)
{
    struct input rest = *input;
    struct buf written = buf_new(4096);

    add_number(&written, &rest, number);
    buf_add_text(to, "\"");
    add_surroundings(to, rest.data, rest.len / 2);
    buf_add_text(to, "<");
    buf_add(to, buf_bytes(&written));
    buf_add_text(to, ">");
    add_surroundings(to, rest.data + rest.len / 2, rest.len - rest.len / 2);
    buf_add_text(to, "\"");
    buf_free(&written);
}

static void add_json_number(struct buf *to, struct input *input, const char *number)
{
    static const char *const tails[] = { "", ".0", ".000", "e0", "E+0" };
    bool has_point = take(input, 4) == 0;

    buf_add_text(to, take(input, 2) ? "-" : "");
    if (has_point)
        buf_add_format(to, "%c.%se%zu", number[0], number + 1, strlen(number) - 1);
    else
        buf_add_format(to, "%s%s", number, tails[take(input, sizeof tails / sizeof tails[0])]);
}

static void add_member(struct buf *to, const char *name, bool is_planted, struct input *input, const char *number)
{
    buf_add_format(to, "\"%s\":", name);
    if (is_planted)
        add_string(to, input, number);
    else
        buf_add_text(to, "\"s\"");
}

static void plant(struct buf *to, struct input *input, enum place place, const char *number)
{
    buf_add_text(to, "{");
    add_member(to, "event_type", place == PLACE_EVENT_TYPE, input, number);
    buf_add_text(to, ",");
    add_member(to, "session_id", place == PLACE_SESSION_ID, input, number);
    buf_add_text(to, ",");
    add_member(to, "page_url", place == PLACE_PAGE_URL, input, number);
    if (place == PLACE_VALUE || place == PLACE_NAME) {
        buf_add_text(to, place == PLACE_VALUE ? ",\"v\":" : ",");
        add_string(to, input, number);
        buf_add_text(to, place == PLACE_VALUE ? "" : ":1");
    }
    if (place == PLACE_DEEP) {
        buf_add_text(to, ",\"event_properties\":{\"l\":[1,{\"x\":[true,");
        add_string(to, input, number);
        buf_add_text(to, "]}]}");
    }
    if (place == PLACE_NUMBER) {
        buf_add_text(to, ",\"n\":[");
        add_json_number(to, input, number);
        buf_add_text(to, "]");
    }
    buf_add_text(to, "}");
}

static void check_planted(const struct scrubbed *done, const struct scrub *rules, enum place place, bool is_card)
{
    bool is_refused = place == PLACE_SESSION_ID || place == PLACE_EVENT_TYPE || (is_card && rules->cards == SCRUB_REJECT);
    const char *mask = place == PLACE_NUMBER ? "[\"*card*\"]" : is_card ? "<*card*>" : "<*iban*>";

    if (is_refused)
        MUST(done->st == STATUS_SENSITIVE);
    if (done->st == STATUS_OK && !memmem(done->text.p, done->text.len, mask, strlen(mask)))
        MUST(place == PLACE_PAGE_URL && rules->n_parameters && !memchr(done->text.p, '<', done->text.len));
}

static void try_planted(struct input input, struct arena *arena)
{
    enum place place = take(&input, PLACE_COUNT);
    static const unsigned groups[] = { 0, 4, 5, 6 };
    unsigned group = place == PLACE_NUMBER ? 0 : groups[take(&input, 4)];
    bool is_card = place == PLACE_NUMBER || take(&input, 3);
    struct buf text = buf_new(TEXT_MAX_BYTES);
    struct guard_result scan;
    char number[80];

    (void)(is_card ? make_card(&input, group, number) : make_iban(&input, group, number));
    plant(&text, &input, place, number);
    MUST(!text.failed && guard_scan(buf_bytes(&text), &limits, arena, &scan) == STATUS_OK);
    for (size_t n = 0; n < N_RULES && scan.elements[0].fault.status == STATUS_OK; n++) {
        struct scrubbed done = check(rules_of(n), buf_bytes(&text), &scan.elements[0], arena);
        check_planted(&done, rules_of(n), place, is_card);
    }
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = arena_new(ARENA_BYTES);

    if (size && strchr("{[\"", data[0]) && data[0])
        try_all(fuzz_input(data, size), &arena);
    else
        try_planted((struct input){ data, size }, &arena);
    arena_free(&arena);
    return 0;
}
