/* The escapes of ECMA-262's regular expressions that stand for a property of Unicode (section 21.2.1, UnicodePropertyValueExpression), in
 * PCRE2's words. Whether there is such a property is seen when PCRE2 compiles it. */
#ifndef SYNCHRONY_MODEL_ECMA_PROPERTY_H
#define SYNCHRONY_MODEL_ECMA_PROPERTY_H

#include <stddef.h>

#include "base/bytes.h"

/* Translates the escape that text, which begins with \p or \P, begins with: \p{L}, \p{Letter}, \p{gc=Letter}, \p{Script=Greek},
 * \P{ASCII}. Appends it to to. Returns its length in text; or 0 with *fault, static. */
size_t ecma_property_translate(struct bytes text, struct buf *to, const char **fault);

#endif
