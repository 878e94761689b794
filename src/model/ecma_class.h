/* The classes of ECMA-262's regular expressions, and the sets that stand for one: [a-z\d], \d, \p{L} (section 21.2.1, CharacterClass and
 * CharacterClassEscape). */
#ifndef SYNCHRONY_MODEL_ECMA_CLASS_H
#define SYNCHRONY_MODEL_ECMA_CLASS_H

#include "model/ecma_reading.h"

/* Does \d, \D, \w, \W, \s, \S, \p{…} or \P{…} come next? */
bool ecma_class_set_follows(const struct ecma_reading *reading);

/* Such a set, written as it stands in a class. Returns false for a fault. */
bool ecma_class_set(struct ecma_reading *reading);

/* The class that begins at reading->at. Returns false for a fault. */
bool ecma_class_translate(struct ecma_reading *reading);

#endif
