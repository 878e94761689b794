/* The options of synchrony.conf that fill a member of struct config each, as tables: their names, bounds and defaults. Left to others: the
 * file that sets them, and the options that are lists (app/config). */
#ifndef SYNCHRONY_APP_CONFIG_OPTION_H
#define SYNCHRONY_APP_CONFIG_OPTION_H

#include "app/config.h"

extern const struct config config_defaults;

/* The tables end with an option without a name. Together they have at most CONFIG_OPTIONS_MAX. */
enum { CONFIG_OPTIONS_MAX = 128 };

/* A whole number. */
struct number_option {
    const char *name;
    long min;
    long max;
    size_t offset;
    bool is_size; /* a size_t, else an int */
};

extern const struct number_option config_numbers[];

long number_option_get(const struct number_option *option, const struct config *config);
void number_option_set(const struct number_option *option, struct config *config, long value);

/* A text. Those with a variable that wins over them are connection strings. */
struct text_option {
    const char *name;
    const char *variable;
    size_t offset;
};

extern const struct text_option config_texts[];

char **text_option_at(const struct text_option *option, struct config *config);

/* One of a few words, which stand for an enumeration's values in their order. */
struct choice_option {
    const char *name;
    size_t offset; /* of an enumeration */
    const char *start;
    const char *words; /* for people, too: separated by ", " */
};

extern const struct choice_option config_choices[];

/* Which of the option's words it is, or -1. */
int choice_option_of(const struct choice_option *option, struct bytes value);
void choice_option_set(const struct choice_option *option, struct config *config, int choice);

#endif
