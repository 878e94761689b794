#include "model/ecma_property.h"

#include "model/ecma_escape.h"

/* Unicode's general categories under their long names, which PCRE2 does not know. */
static const struct {
    const char *name, *category;
} categories[] = {
    { "Letter", "L" },
    { "Cased_Letter", "L&" },
    { "Uppercase_Letter", "Lu" },
    { "Lowercase_Letter", "Ll" },
    { "Titlecase_Letter", "Lt" },
    { "Modifier_Letter", "Lm" },
    { "Other_Letter", "Lo" },
    { "Mark", "M" },
    { "Combining_Mark", "M" },
    { "Nonspacing_Mark", "Mn" },
    { "Spacing_Mark", "Mc" },
    { "Enclosing_Mark", "Me" },
    { "Number", "N" },
    { "Decimal_Number", "Nd" },
    { "digit", "Nd" },
    { "Letter_Number", "Nl" },
    { "Other_Number", "No" },
    { "Punctuation", "P" },
    { "punct", "P" },
    { "Connector_Punctuation", "Pc" },
    { "Dash_Punctuation", "Pd" },
    { "Open_Punctuation", "Ps" },
    { "Close_Punctuation", "Pe" },
    { "Initial_Punctuation", "Pi" },
    { "Final_Punctuation", "Pf" },
    { "Other_Punctuation", "Po" },
    { "Symbol", "S" },
    { "Math_Symbol", "Sm" },
    { "Currency_Symbol", "Sc" },
    { "Modifier_Symbol", "Sk" },
    { "Other_Symbol", "So" },
    { "Separator", "Z" },
    { "Space_Separator", "Zs" },
    { "Line_Separator", "Zl" },
    { "Paragraph_Separator", "Zp" },
    { "Other", "C" },
    { "Control", "Cc" },
    { "cntrl", "Cc" },
    { "Format", "Cf" },
    { "Surrogate", "Cs" },
    { "Private_Use", "Co" },
    { "Unassigned", "Cn" },
    { "LC", "L&" },
};

static struct bytes category_of(struct bytes name)
{
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        if (bytes_equal(name, bytes_of(categories[i].name)))
            return bytes_of(categories[i].category);
    }
    return name;
}

enum { PREFIX_BYTES = 3 /* "\p{" */ };

static size_t none(const char **fault, const char *reason)
{
    *fault = reason;
    return 0;
}

static bool stands_in_name(char c)
{
    return ecma_is_letter(c) || ecma_is_digit(c) || c == '_' || c == '=';
}

/* What PCRE2 calls a property with a value; false for one that ECMA-262 does not have. */
static bool add_pair(struct buf *to, struct bytes name, struct bytes value)
{
    if (bytes_equal(name, BYTES("gc")) || bytes_equal(name, BYTES("General_Category"))) {
        buf_add(to, category_of(value));
        return true;
    }
    bool extensions = bytes_equal(name, BYTES("scx")) || bytes_equal(name, BYTES("Script_Extensions"));
    if (!extensions && !bytes_equal(name, BYTES("sc")) && !bytes_equal(name, BYTES("Script")))
        return false;
    buf_add_text(to, extensions ? "scx:" : "sc:");
    buf_add(to, value);
    return true;
}

size_t ecma_property_translate(struct bytes text, struct buf *to, const char **fault)
{
    size_t end = PREFIX_BYTES;
    struct bytes name;

    while (end < text.len && stands_in_name(text.p[end]))
        end++;
    if (end >= text.len || end == PREFIX_BYTES || text.p[2] != '{' || text.p[end] != '}')
        return none(fault, "\\p is followed by a property in braces");

    struct bytes value = { text.p + PREFIX_BYTES, end - PREFIX_BYTES };
    (void)bytes_cut(&value, '=', &name);
    buf_add(to, (struct bytes){ text.p, PREFIX_BYTES });
    if (!value.p)
        buf_add(to, category_of(name));
    else if (!add_pair(to, name, value))
        return none(fault, "a property with a value is gc, sc or scx");
    buf_add_text(to, "}");
    return end + 1;
}
