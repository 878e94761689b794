/* The schemas of a set as they were written: texts, places, names by which references find them. Private to model/schema. */
#ifndef SYNCHRONY_MODEL_SCHEMA_SET_H
#define SYNCHRONY_MODEL_SCHEMA_SET_H

#include "model/schema.h"
#include "model/schema_keywords.h"
#include "model/schema_program.h"

/* What is known of a value of a document that is a schema, or is referred to as one. */
struct schema_site {
    const struct bytes *base; /* URI that references in it start from; NULL: it was not looked at as a schema */
    struct schema *schema;    /* NULL: not compiled yet */
};

struct schema_document {
    struct schema_document *next;
    struct bytes uri; /* as it was added */
    struct tree tree;
    struct schema_site *sites;   /* one for each value */
    const struct schema *schema; /* once it is compiled */
};

/* A name that a reference may use. */
struct schema_id {
    struct schema_id *next;
    uint32_t hash;
    struct bytes uri;      /* without a fragment */
    struct bytes fragment; /* "" of a whole schema */
    struct schema_place place;
};

/* A schema that has its memory, and waits to be filled in. */
struct schema_task {
    struct schema_task *next;
    struct schema_place place;
    struct schema *schema;
};

struct schema_owned_pattern {
    struct schema_owned_pattern *next;
    struct pattern *pattern;
};

enum { SCHEMA_ID_BUCKETS = 1024 };

struct schema_set {
    struct arena arena;
    struct schema_document *documents; /* in the order in which they came */
    struct schema_document **end;      /* where the next is linked in */
    struct schema_id **ids;            /* buckets; NULL before the first */
    struct schema_owned_pattern *patterns;
    struct schema_task *tasks; /* to be done */
    struct schema_task *done;  /* in the order in which they were */
    struct schema_task **done_end;
    struct schema_fault *fault; /* while it is compiled */
};

/* Fills the set's fault: value, in document, is at fault, or its member of that keyword. */
enum status schema_refuse(struct schema_set *set, struct schema_place at, const char *keyword, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The member of a schema's object, or NULL. */
const struct value *schema_member(const struct value *object, enum keyword keyword);

/* Looks through a schema and those in it: form of the keywords, names and bases. base is what is around it. */
enum status schema_scan(struct schema_set *set, struct schema_place at, const struct bytes *base) MUST_USE;

/* Gives a schema a name. keyword is "" where no keyword gives it. */
enum status schema_name(struct schema_set *set, struct schema_place at, struct bytes uri, struct bytes fragment,
                        const char *keyword) MUST_USE;

/* Gives a schema the names that its $id says. *base is what is around it, and then its own. */
enum status schema_identify(struct schema_set *set, struct schema_place at, const struct bytes **base) MUST_USE;

/* Finds what "$ref", the value at ref in the schema at from, leads to. */
enum status schema_refer(struct schema_set *set, struct schema_place from, const struct value *ref,
                         struct schema_place *target) MUST_USE;

/* Reads a text and puts its document into the set, under uri. */
enum status schema_document_add(struct schema_set *set, struct bytes uri, struct bytes text) MUST_USE;

/* Names the document and looks through it. */
enum status schema_document_scan(struct schema_set *set, const struct schema_document *document) MUST_USE;

static inline struct schema_site *schema_site(struct schema_place place)
{
    return &place.document->sites[place.value - place.document->tree.values];
}

#endif
