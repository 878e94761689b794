/* The groups of ECMA-262's regular expressions, and what refers to them (section 21.2.1, Atom, Assertion and AtomEscape). */
#ifndef SYNCHRONY_MODEL_ECMA_GROUP_H
#define SYNCHRONY_MODEL_ECMA_GROUP_H

#include "model/ecma_reading.h"

/* Before all else: how many groups capture, and whether anything refers to one. */
void ecma_group_count_all(struct ecma_reading *reading);

/* "(" and what belongs to it, and ")". Return false for a fault. */
bool ecma_group_begin(struct ecma_reading *reading);
bool ecma_group_end(struct ecma_reading *reading);

/* \1 and \k<name>. Return false for a fault. */
bool ecma_group_reference(struct ecma_reading *reading);
bool ecma_group_named_reference(struct ecma_reading *reading);

#endif
