/* A JSON text as a tree, to be looked into. The only door to json-c.
 *
 * Reads only what json_guard has passed: on its own json-c would accept texts that are no JSON. */
#ifndef SYNCHRONY_MODEL_JSON_DOCUMENT_H
#define SYNCHRONY_MODEL_JSON_DOCUMENT_H

#include "base/bytes.h"

enum document_kind {
    DOCUMENT_ABSENT, /* there is no such member */
    DOCUMENT_NULL,
    DOCUMENT_BOOLEAN,
    DOCUMENT_NUMBER,
    DOCUMENT_STRING,
    DOCUMENT_ARRAY,
    DOCUMENT_OBJECT
};

struct document; /* a tree, or a place in one */
struct document_reader;

/* A reader is used by one thread at a time. Returns NULL without memory. */
struct document_reader *document_reader_new(void);
void document_reader_free(struct document_reader *reader);

/* Reads a text whose value is an object or an array; json-c may look at the byte behind it, so there must be one, whatever it is.
 * *document is the caller's to free.
 * Returns STATUS_INTERNAL when json-c refuses the text, which after json_guard is a fault of ours, or STATUS_NO_MEMORY. */
enum status document_read(struct document_reader *reader, struct bytes text, struct document **document) MUST_USE;
void document_free(struct document *document);

/* The member of an object. *text is set for strings alone: the decoded UTF-8, borrowed until the document is freed. */
enum document_kind document_member(const struct document *object, const char *name, struct bytes *text);

#endif
