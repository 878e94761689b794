/* The metaschema of draft-07: what a schema itself looks like. Written by the draft's section on each keyword; says what the draft's own
 * file says, without its titles and defaults. */
#include "model/schema_program.h"

#define COUNT "{\"type\":\"integer\",\"minimum\":0}"
#define SELF "{\"$ref\":\"#\"}"
#define SELF_MAP "{\"type\":\"object\",\"additionalProperties\":" SELF "}"
#define SELVES "{\"$ref\":\"#/definitions/schemaArray\"}"
#define NAMES "{\"$ref\":\"#/definitions/stringArray\"}"
#define NUMBER "{\"type\":\"number\"}"
#define STRING "{\"type\":\"string\"}"
#define BOOLEAN "{\"type\":\"boolean\"}"
#define REFERENCE "{\"type\":\"string\",\"format\":\"uri-reference\"}"
#define PATTERNS "{\"type\":\"object\",\"additionalProperties\":" SELF ",\"propertyNames\":{\"format\":\"regex\"}}"

static const char text[] =
    "{\"$schema\":\"" SCHEMA_DRAFT07_URI "#\",\"$id\":\"" SCHEMA_DRAFT07_URI "#\",\"type\":[\"object\",\"boolean\"],"
    "\"definitions\":{"
    "\"schemaArray\":{\"type\":\"array\",\"minItems\":1,\"items\":" SELF "},"
    "\"nonNegativeInteger\":" COUNT ","
    "\"nonNegativeIntegerDefault0\":" COUNT ","
    "\"simpleTypes\":{\"enum\":[\"array\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\"string\"]},"
    "\"stringArray\":{\"type\":\"array\",\"items\":" STRING ",\"uniqueItems\":true}},"
    "\"properties\":{"
    "\"$id\":" REFERENCE ",\"$schema\":{\"type\":\"string\",\"format\":\"uri\"},\"$ref\":" REFERENCE ",\"$comment\":" STRING ","
    "\"title\":" STRING ",\"description\":" STRING ",\"default\":true,\"readOnly\":" BOOLEAN ",\"examples\":{\"type\":\"array\"},"
    "\"multipleOf\":{\"type\":\"number\",\"exclusiveMinimum\":0},"
    "\"maximum\":" NUMBER ",\"exclusiveMaximum\":" NUMBER ",\"minimum\":" NUMBER ",\"exclusiveMinimum\":" NUMBER ","
    "\"maxLength\":" COUNT ",\"minLength\":" COUNT ",\"pattern\":{\"type\":\"string\",\"format\":\"regex\"},"
    "\"additionalItems\":" SELF ",\"items\":{\"anyOf\":[" SELF "," SELVES "]},"
    "\"maxItems\":" COUNT ",\"minItems\":" COUNT ",\"uniqueItems\":" BOOLEAN ",\"contains\":" SELF ","
    "\"maxProperties\":" COUNT ",\"minProperties\":" COUNT ",\"required\":" NAMES ","
    "\"additionalProperties\":" SELF ",\"definitions\":" SELF_MAP ",\"properties\":" SELF_MAP ","
    "\"patternProperties\":" PATTERNS ","
    "\"dependencies\":{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[" SELF "," NAMES "]}},"
    "\"propertyNames\":" SELF ",\"const\":true,\"enum\":{\"type\":\"array\"},"
    "\"type\":{\"anyOf\":[{\"$ref\":\"#/definitions/simpleTypes\"},"
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/simpleTypes\"},\"minItems\":1,\"uniqueItems\":true}]},"
    "\"format\":" STRING ",\"contentMediaType\":" STRING ",\"contentEncoding\":" STRING ","
    "\"if\":" SELF ",\"then\":" SELF ",\"else\":" SELF ",\"allOf\":" SELVES ",\"anyOf\":" SELVES ",\"oneOf\":" SELVES
    ",\"not\":" SELF "}}";

struct bytes schema_draft07_text(void)
{
    return (struct bytes){ text, sizeof text - 1 };
}
