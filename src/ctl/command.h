/* A sub-command of synchrony. Each prints its own results to standard output and its errors, one line each, to standard error. */
#ifndef SYNCHRONY_CTL_COMMAND_H
#define SYNCHRONY_CTL_COMMAND_H

#include "app/config.h"
#include "base/status.h"
#include "store/db.h"

struct command {
    const char *name;
    const char *usage;   /* name and arguments */
    const char *summary; /* one line */
    const char *details; /* lines, for its own help; NULL: none */
    /* config_file is that of --config, or NULL. argv[0] is the sub-command's name. Returns the status whose exit code is to be given. */
    enum status (*run)(const char *config_file, int argc, char **argv);
};

extern const struct command command_doctor;
extern const struct command command_key;
extern const struct command command_log_id;
extern const struct command command_migrate;
extern const struct command command_partitions;
extern const struct command command_plan;
extern const struct command command_quarantine;
extern const struct command command_queue;
extern const struct command command_schema;
extern const struct command command_check_config;

/* Reads the configuration; its errors go to standard error. config is to be freed in any case. */
enum status command_config(const char *config_file, struct config *config) MUST_USE;

/* A connection as the owner, without a statement timeout: its work takes as long as it takes. NULL without memory. */
struct db *command_owner_db(const struct config *config);

/* Prints a partition that was made; a partition_reporter that counts in the size_t that context points to. */
void command_print_partition(void *context, struct bytes name);

/* Who runs this, as the operating system says, or sudo: for the record. Static. */
struct bytes command_os_user(void);

/* Prints the first column of a row, which is JSON, as an element of an array; a row_reporter that counts in the size_t that context points
 * to. Who lists closes the array. */
void command_print_json(void *context, const struct bytes *columns, size_t n);

/* Says on standard error what failed and why. Returns st. */
enum status command_failed(const char *what, const struct db *db, enum status st);

/* Says on standard error that the arguments are wrong. Returns STATUS_USAGE. */
enum status command_usage(const struct command *command);

#endif
