/* What the actions of `synchrony schema` share. */
#ifndef SYNCHRONY_CTL_SCHEMA_H
#define SYNCHRONY_CTL_SCHEMA_H

#include "app/catalogue.h"
#include "ctl/command.h"

/* What was not said is NULL or 0. */
struct schema_args {
    const char *type;
    const char *mode;
    const char *author;
    const char *note;
    const char *since;
    size_t from;
    size_t to;
    size_t limit;
    bool history;
};

enum status schema_put(struct command_call *call) MUST_USE;
enum status schema_disable(struct command_call *call) MUST_USE;
enum status schema_diff(struct command_call *call) MUST_USE;
enum status schema_check(struct command_call *call) MUST_USE;

/* Reads a schema's file; "-": standard input. Returns STATUS_USAGE, having said why, where it cannot be read. */
enum status schema_read_file(struct command_call *call, const char *path, struct bytes *text) MUST_USE;

/* The type that a file is for: its name without the folder and ".json". */
struct bytes schema_type_of(const char *path);

/* The catalogue as it is: its fingerprint and the schemas in force, with room for n_more behind them. */
enum status schema_read_catalogue(struct command_call *call, size_t n_more, char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1],
                                  struct event_schema **schemas, size_t *n) MUST_USE;

/* Compiles schemas to a catalogue; says what is wrong with which, naming it by names[i] where that is not NULL. */
enum status schema_compile(const char *what, const struct event_schema *schemas, size_t n, const char *const *names,
                           struct catalogue **catalogue) MUST_USE;

/* A schema's text as a tree. Returns STATUS_INVALID_SCHEMA, having said why, where it is no JSON. */
enum status schema_read_tree(struct command_call *call, const char *name, struct bytes text, const struct value **root) MUST_USE;

/* Prints a text so that it cannot speak to a terminal: what is no printing ASCII or UTF-8 becomes "?". */
void schema_print_text(struct bytes text, int width);

#endif
