/* The keywords of JSON Schema draft-07: what each must look like, and which are refused. Private to model/schema. */
#ifndef SYNCHRONY_MODEL_SCHEMA_KEYWORDS_H
#define SYNCHRONY_MODEL_SCHEMA_KEYWORDS_H

#include "base/bytes.h"
#include "model/tree.h"

enum keyword {
    KEYWORD_ADDITIONAL_ITEMS,
    KEYWORD_ADDITIONAL_PROPERTIES,
    KEYWORD_ALL_OF,
    KEYWORD_ANY_OF,
    KEYWORD_CONST,
    KEYWORD_CONTAINS,
    KEYWORD_DEFINITIONS,
    KEYWORD_DEPENDENCIES,
    KEYWORD_ELSE,
    KEYWORD_ENUM,
    KEYWORD_EXCLUSIVE_MAXIMUM,
    KEYWORD_EXCLUSIVE_MINIMUM,
    KEYWORD_FORMAT,
    KEYWORD_ID,
    KEYWORD_IF,
    KEYWORD_ITEMS,
    KEYWORD_MAXIMUM,
    KEYWORD_MAX_ITEMS,
    KEYWORD_MAX_LENGTH,
    KEYWORD_MAX_PROPERTIES,
    KEYWORD_MINIMUM,
    KEYWORD_MIN_ITEMS,
    KEYWORD_MIN_LENGTH,
    KEYWORD_MIN_PROPERTIES,
    KEYWORD_MULTIPLE_OF,
    KEYWORD_NOT,
    KEYWORD_ONE_OF,
    KEYWORD_PATTERN,
    KEYWORD_PATTERN_PROPERTIES,
    KEYWORD_PROPERTIES,
    KEYWORD_PROPERTY_NAMES,
    KEYWORD_REF,
    KEYWORD_REQUIRED,
    KEYWORD_SCHEMA,
    KEYWORD_SENSITIVE,
    KEYWORD_THEN,
    KEYWORD_TYPE,
    KEYWORD_UNIQUE_ITEMS,
    KEYWORD_COUNT,
    KEYWORD_ANNOTATION /* any other that may stand in a schema */
};

/* Where schemas stand in the value of a keyword. */
enum keyword_holds {
    HOLDS_NONE,
    HOLDS_SCHEMA,
    HOLDS_ARRAY,
    HOLDS_MAP,
    HOLDS_EITHER /* a schema, or an array */,
    HOLDS_DEPENDENCIES
};

const char *keyword_name(enum keyword keyword);
enum keyword_holds keyword_holds(enum keyword keyword);

/* Which keyword a name is. Returns NULL, or why it is refused: a clause, in reason where it had to be made. */
const char *keyword_find(struct bytes name, enum keyword *keyword, char reason[256]);

/* Has the value the keyword's form? Schemas in it are not looked at but for their kind, nor what strings say. Returns NULL, or what was
 * expected; *culprit is the value at fault. */
const char *keyword_check(enum keyword keyword, const struct value *value, const struct value **culprit);

#endif
