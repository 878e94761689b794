/* A sub-command of synchrony: a table of its actions, or an action that is the whole of it, and of what they take. command_run does what
 * all have in common: the choice of an action, options and operands, the configuration, the owner's connection. Each action prints its own
 * results to standard output and its errors, one line each, to standard error. */
#ifndef SYNCHRONY_CTL_COMMAND_H
#define SYNCHRONY_CTL_COMMAND_H

#include <getopt.h>

#include "app/config.h"
#include "base/arena.h"
#include "base/status.h"
#include "store/row_report.h"

/* An action that was asked for. */
struct command_call {
    const struct command *command;
    const struct command_action *action;
    char what[48];           /* "key create": begins what is said of it */
    const char *config_file; /* that of --config, or NULL */
    struct config config;    /* read where the command needs it */
    struct db *db;           /* the owner's connection, not open yet, where the command needs it */
    struct arena arena;
    char **operands;
    size_t n_operands;
    bool json;
    void *args; /* the command's own */
};

struct command_action {
    const char *name;    /* NULL: there is no other */
    const char *options; /* the letters of those that it takes; NULL: none, and what begins with a hyphen is an operand */
    size_t min_operands;
    size_t max_operands;
    /* Returns the status whose exit code is to be given. */
    enum status (*run)(struct command_call *call);
};

enum command_needs { COMMAND_NEEDS_NOTHING, COMMAND_NEEDS_CONFIG, COMMAND_NEEDS_OWNER };

struct command {
    const char *name;
    const char *usage;   /* name and arguments */
    const char *summary; /* one line */
    const char *details; /* lines, for its own help; NULL: none */
    enum command_needs needs;
    const struct command_action *actions;
    size_t n_actions;
    const struct option *options; /* of all actions, for getopt_long; 'j' is --json */
    void *args;                   /* what take_option sets, as it is before; a process runs one command */
    /* Takes an option other than --json. Returns STATUS_USAGE, having said why, where its value is wrong. */
    enum status (*take_option)(struct command_call *call, int option, const char *value);
    /* Runs the action with what all of them need before and behind; NULL: nothing. */
    enum status (*around)(struct command_call *call);
};

#define COMMAND_ACTIONS(table) .actions = (table), .n_actions = sizeof(table) / sizeof(table)[0]

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

/* Runs a command. argv[0]: the name that getopt_long begins its errors with. */
enum status command_run(const struct command *command, const char *config_file, int argc, char **argv) MUST_USE;

/* Reads the configuration; its errors go to standard error. config is to be freed in any case. */
enum status command_config(const char *config_file, struct config *config) MUST_USE;

/* The file that command_config reads; NULL: none. */
const char *command_config_path(const char *config_file);

/* Prints a partition that was made; a partition_reporter that counts in the size_t that context points to. */
void command_print_partition(void *context, struct bytes name);

/* Who runs this, as the operating system says, or sudo: for the record. Static. */
struct bytes command_os_user(void);

/* Prints all that list reports: with --json the first column of each, which is JSON, as an array; else by print_row, whose context is a
 * size_t, 0 at first, or none where there is nothing. */
enum status command_list(struct command_call *call, enum status (*list)(struct db *db, row_reporter *report, void *context),
                         row_reporter *print_row, const char *none) MUST_USE;

/* The same for who asks by himself: a row of the array, and the end of n rows. */
void command_print_json(void *context, const struct bytes *columns, size_t n);
void command_end_list(const struct command_call *call, size_t n_rows, const char *none);

/* Says on standard error what failed and why. Returns st. */
enum status command_failed(const char *what, const struct db *db, enum status st);

/* Says on standard error what an argument must be, and what it is. Returns STATUS_USAGE. */
enum status command_refuse(const struct command_call *call, const char *what, const char *value);

#endif
