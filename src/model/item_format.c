#include "model/item_format.h"

#include "model/csv.h"
#include "model/properties.h"
#include "model/timestamp.h"

/* An item has 16 MiB at most; as a cell each of its quotes stands twice. The type may be any that a query asks for, escaped. */
enum { ITEM_MAX_BYTES = 64 * 1024 * 1024, OPENING_MAX_BYTES = 1024 * 1024, KEPT_BYTES = 64 * 1024 };

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define CSV_HEADER                                                                                                   \
    "event_type,session_id,event_id,occurred_at,received_at,page_url,user_agent,event_properties,device_info,other_" \
    "members" CSV_LINE_END

struct item_format item_format_new(enum representation representation, struct bytes event_type, const struct csv_options *csv)
{
    struct item_format format = {
        .representation = representation,
        .csv = *csv,
        .opening = buf_new(OPENING_MAX_BYTES),
        .item = buf_new(ITEM_MAX_BYTES),
    };

    if (representation == REPRESENTATION_CSV) {
        csv_add_cell(&format.opening, event_type, csv->neutralise);
        return format;
    }
    buf_add_text(&format.opening, "{\"event_type\": ");
    buf_add_json(&format.opening, event_type);
    buf_add_text(&format.opening, ", \"session_id\": ");
    return format;
}

void item_format_free(struct item_format *format)
{
    buf_free(&format->opening);
    buf_free(&format->item);
}

bool item_format_failed(const struct item_format *format)
{
    return format->opening.failed || format->item.failed;
}

void item_format_restart(struct item_format *format)
{
    format->n_items = 0;
}

/* ---- JSON ---- */

/* The members behind the key are given on as the database has printed them: they are most of the text. */
static void next_json(struct item_format *format, const struct item *item, struct bytes parts[2])
{
    struct buf *text = &format->item;

    buf_add(text, buf_bytes(&format->opening));
    buf_add_json(text, item->session_id);
    parts[1] = item->properties;
    if (item->properties.len > 2) {
        buf_add(text, BYTES(", "));
        parts[1].p++; /* its brace */
        parts[1].len--;
    } else {
        parts[1] = BYTES("}");
    }
}

/* ---- CSV ---- */

enum column { PAGE_URL, USER_AGENT, EVENT_PROPERTIES, DEVICE_INFO, COLUMN_COUNT };

/* The members that have a column of their own. */
static const struct bytes columns[] = {
    [PAGE_URL] = BYTES("page_url"),
    [USER_AGENT] = BYTES("user_agent"),
    [EVENT_PROPERTIES] = BYTES("event_properties"),
    [DEVICE_INFO] = BYTES("device_info"),
};
_Static_assert(sizeof columns / sizeof columns[0] == COLUMN_COUNT, "a name for each column");

static void add_text_cell(struct item_format *format, struct bytes text)
{
    buf_add_text(&format->item, ",");
    csv_add_cell(&format->item, text, format->csv.neutralise);
}

/* A string as its text, anything else as JSON. */
static void add_value_cell(struct item_format *format, struct bytes value)
{
    struct buf text = buf_new(ITEM_MAX_BYTES);

    if (value.len && value.p[0] == '"') {
        properties_add_string(&text, value);
        format->item.failed |= text.failed;
        value = buf_bytes(&text);
    }
    add_text_cell(format, value);
    buf_free(&text);
}

static void add_time_cell(struct item_format *format, int64_t time_us)
{
    char text[TIMESTAMP_TEXT_BYTES + 1];

    timestamp_format(time_us, text);
    add_text_cell(format, bytes_of(text));
}

/* An object of the members that have no column; empty where there is none. */
static void add_others_cell(struct item_format *format, struct bytes properties)
{
    struct buf others = buf_new(ITEM_MAX_BYTES);
    struct property property;

    while (properties_next(&properties, &property)) {
        unsigned column = 0;
        while (column < COLUMN_COUNT && !bytes_equal(property.name, columns[column]))
            column++;
        if (column < COLUMN_COUNT)
            continue;
        buf_add_text(&others, others.len ? ", " : "{");
        buf_add(&others, property.whole);
    }
    if (others.len)
        buf_add_text(&others, "}");
    format->item.failed |= others.failed;
    add_text_cell(format, buf_bytes(&others));
    buf_free(&others);
}

static void next_csv(struct item_format *format, const struct item *item)
{
    struct bytes values[COLUMN_COUNT] = { 0 };
    struct bytes rest = item->properties;
    struct property property;
    char id[UUID_TEXT_BYTES + 1];

    while (properties_next(&rest, &property)) {
        for (unsigned column = 0; column < COLUMN_COUNT; column++) {
            if (bytes_equal(property.name, columns[column]))
                values[column] = property.value;
        }
    }
    uuid_format(&item->event_id, id);
    buf_add(&format->item, buf_bytes(&format->opening));
    add_text_cell(format, item->session_id);
    add_text_cell(format, bytes_of(id));
    add_time_cell(format, item->occurred_at_us);
    add_time_cell(format, item->received_at_us);
    for (unsigned column = 0; column < COLUMN_COUNT; column++)
        add_value_cell(format, values[column]);
    add_others_cell(format, item->properties);
    buf_add_text(&format->item, CSV_LINE_END);
}

/* ---- what stands between, before and behind ---- */

static void add_separator(struct item_format *format)
{
    static const struct bytes firsts[] = {
        [REPRESENTATION_JSON] = BYTES("["), [REPRESENTATION_NDJSON] = BYTES(""), [REPRESENTATION_CSV] = BYTES(CSV_HEADER)
    };
    static const struct bytes others[] = {
        [REPRESENTATION_JSON] = BYTES(", "), [REPRESENTATION_NDJSON] = BYTES("\n"), [REPRESENTATION_CSV] = BYTES("")
    };

    if (!format->n_items && format->representation == REPRESENTATION_CSV && format->csv.byte_order_mark)
        buf_add_text(&format->item, BYTE_ORDER_MARK);
    buf_add(&format->item, format->n_items ? others[format->representation] : firsts[format->representation]);
}

/* One large item is not to be remembered by its memory. */
static void begin_text(struct item_format *format)
{
    if (format->item.capacity > KEPT_BYTES)
        buf_free(&format->item);
    buf_reset(&format->item);
    add_separator(format);
}

void item_format_next(struct item_format *format, const struct item *item, struct bytes parts[2])
{
    begin_text(format);
    parts[1] = BYTES("");
    if (format->representation == REPRESENTATION_CSV)
        next_csv(format, item);
    else
        next_json(format, item, parts);
    parts[0] = buf_bytes(&format->item);
    format->n_items++;
}

struct bytes item_format_end(struct item_format *format)
{
    static const struct bytes ends[] = {
        [REPRESENTATION_JSON] = BYTES("]"), [REPRESENTATION_NDJSON] = BYTES("\n"), [REPRESENTATION_CSV] = BYTES("")
    };

    if (format->n_items)
        return ends[format->representation];
    begin_text(format);
    if (format->representation == REPRESENTATION_JSON)
        buf_add_text(&format->item, "]");
    return buf_bytes(&format->item);
}
