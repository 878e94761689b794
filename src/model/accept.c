#include "model/accept.h"

#define WHITE_SPACE " \t"

enum { QUALITY_MAX = 1000, NO_MATCH = -1 };

static const struct {
    struct bytes type;
    struct bytes subtype;
    const char *content_type;
} offers[] = {
    [REPRESENTATION_JSON] = { BYTES("application"), BYTES("json"), "application/json" },
    [REPRESENTATION_NDJSON] = { BYTES("application"), BYTES("x-ndjson"), "application/x-ndjson" },
    [REPRESENTATION_CSV] = { BYTES("text"), BYTES("csv"), "text/csv; charset=utf-8; header=present" },
};
_Static_assert(sizeof offers / sizeof offers[0] == REPRESENTATION_COUNT, "a row for each representation");

const char *representation_type(enum representation representation)
{
    return offers[representation].content_type;
}

/* Cuts at the first separator that does not stand in a quoted string. Returns false at the end. */
static bool cut(struct bytes *text, char separator, struct bytes *head)
{
    bool is_quoted = false;
    size_t at = 0;

    if (!text->p)
        return false;
    for (; at < text->len && (is_quoted || text->p[at] != separator); at++) {
        if (text->p[at] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && text->p[at] == '\\' && at + 1 < text->len)
            at++;
    }
    *head = (struct bytes){ text->p, at };
    *text = at < text->len ? (struct bytes){ text->p + at + 1, text->len - at - 1 } : (struct bytes){ 0 };
    return true;
}

/* A weight: 0 or 1 with up to three decimals, in thousandths. Returns false for anything else. */
static bool quality_read(struct bytes text, int *quality)
{
    int scale = 100;

    if (text.len < 1 || text.len > 5 || (text.p[0] != '0' && text.p[0] != '1') || (text.len > 1 && text.p[1] != '.'))
        return false;
    *quality = (text.p[0] - '0') * QUALITY_MAX;
    for (size_t i = 2; i < text.len; i++, scale /= 10) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        *quality += (text.p[i] - '0') * scale;
    }
    return *quality <= QUALITY_MAX;
}

struct range {
    struct bytes type;
    struct bytes subtype;
    int quality;
};

static bool range_read(struct bytes text, struct range *range)
{
    struct bytes name, parameter;

    range->quality = QUALITY_MAX;
    if (!cut(&text, ';', &range->subtype) || !cut(&range->subtype, '/', &range->type))
        return false;
    range->type = bytes_trim(range->type, WHITE_SPACE);
    range->subtype = bytes_trim(range->subtype, WHITE_SPACE);
    while (cut(&text, ';', &parameter)) {
        bool has_value = cut(&parameter, '=', &name) && parameter.p;
        if (bytes_equal_nocase(bytes_trim(name, WHITE_SPACE), BYTES("q")) &&
            !(has_value && quality_read(bytes_trim(parameter, WHITE_SPACE), &range->quality)))
            return false;
    }
    return range->type.len && range->subtype.len;
}

/* How closely a range names an offer: 2 by name, 1 by type, 0 as one of all; NO_MATCH. */
static int closeness(const struct range *range, enum representation offer)
{
    bool any_subtype = bytes_equal(range->subtype, BYTES("*"));

    if (bytes_equal(range->type, BYTES("*")))
        return any_subtype ? 0 : NO_MATCH;
    if (!bytes_equal_nocase(range->type, offers[offer].type))
        return NO_MATCH;
    if (any_subtype)
        return 1;
    return bytes_equal_nocase(range->subtype, offers[offer].subtype) ? 2 : NO_MATCH;
}

bool accept_choose(struct bytes accept, enum representation *chosen)
{
    int closest[REPRESENTATION_COUNT] = { NO_MATCH, NO_MATCH, NO_MATCH };
    int qualities[REPRESENTATION_COUNT] = { 0 };
    struct bytes member;
    struct range range;
    bool has_range = false;
    int best = 0;

    while (cut(&accept, ',', &member)) {
        if (!range_read(member, &range))
            continue;
        has_range = true;
        for (unsigned i = 0; i < REPRESENTATION_COUNT; i++) {
            int close = closeness(&range, (enum representation)i);
            if (close == NO_MATCH || close < closest[i])
                continue;
            /* Of two that are as close the better one: such a list says the same thing twice. */
            if (close > closest[i] || range.quality > qualities[i])
                qualities[i] = range.quality;
            closest[i] = close;
        }
    }
    *chosen = REPRESENTATION_JSON;
    for (unsigned i = 0; i < REPRESENTATION_COUNT && has_range; i++) {
        if (qualities[i] > best) {
            best = qualities[i];
            *chosen = (enum representation)i;
        }
    }
    return !has_range || best > 0;
}
