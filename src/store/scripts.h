/* The scripts that the programs carry: db/roles.sql and db/migrations/, word for word. */
#ifndef SYNCHRONY_STORE_SCRIPTS_H
#define SYNCHRONY_STORE_SCRIPTS_H

#include <stddef.h>

struct db_script_text {
    const char *name; /* "roles", "0001_events" … */
    const char *sql;
};

extern const struct db_script_text db_scripts[];
extern const size_t db_scripts_count;

#endif
