#include "model/csv.h"

#include <string.h>

static bool holds_any(struct bytes text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] && strchr(set, text.p[i]))
            return true;
    }
    return false;
}

/* With leading or trailing blanks too: some programs would take them off. */
static bool needs_quotes(struct bytes text)
{
    return text.len && (text.p[0] == ' ' || text.p[text.len - 1] == ' ' || holds_any(text, ",\"\r\n"));
}

/* With every quote doubled. */
static void add_quoted(struct buf *buf, struct bytes text)
{
    struct bytes piece;

    while (bytes_cut(&text, '"', &piece)) {
        buf_add(buf, piece);
        if (text.p)
            buf_add_text(buf, "\"\"");
    }
}

void csv_add_cell(struct buf *buf, struct bytes text, bool neutralise)
{
    bool is_formula = text.len && text.p[0] && strchr("=+-@\t\r", text.p[0]);
    bool quoted = needs_quotes(text);

    if (quoted)
        buf_add_text(buf, "\"");
    if (is_formula && neutralise)
        buf_add_text(buf, "'");
    if (quoted)
        add_quoted(buf, text);
    else
        buf_add(buf, text);
    if (quoted)
        buf_add_text(buf, "\"");
}
