#include "ctl/command.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { ARGUMENTS_MAX = 8, TEXT_BYTES = 512 };

#define USAGE "usage: synchrony house ACTION\n\n  details\n"

/* ---- a command ---- */

struct args {
    const char *colour;
};

static struct args args;
static char seen[TEXT_BYTES]; /* by the action that was run; "": none was */

static enum status see(struct command_call *call)
{
    size_t len =
        (size_t)snprintf(seen, sizeof seen, "%s%s%s", call->what, args.colour ? args.colour : "", call->json ? "+json" : "");

    for (size_t i = 0; i < call->n_operands; i++)
        len += (size_t)snprintf(seen + len, sizeof seen - len, "|%s", call->operands[i]);
    return STATUS_CONFLICT; /* the action's own */
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    struct args *asked = call->args;

    EXPECT_INT(__LINE__, option, 'c');
    asked->colour = value;
    return *value == '=' ? STATUS_OK : command_refuse(call, "a colour begins with =", value);
}

static const struct option long_options[] = {
    { "colour", required_argument, NULL, 'c' },
    { "json", no_argument, NULL, 'j' },
    { 0 },
};
static const struct command_action actions[] = {
    { "paint", "cj", 1, 2, see },
    { "clean", "j", 0, 0, see },
    { "say", NULL, 1, 1, see },
};
static const struct command house = {
    .name = "house",
    .usage = "house ACTION",
    .details = "  details\n",
    COMMAND_ACTIONS(actions),
    .options = long_options,
    .args = &args,
    .take_option = take_option,
};

static const struct command_action only = { .options = "cj", .max_operands = 1, .run = see };
static const struct command door = {
    .name = "door",
    .usage = "door [FILE]",
    .details = "  details\n",
    .actions = &only,
    .options = long_options,
    .args = &args,
    .take_option = take_option,
};

/* ---- its call ---- */

/* Runs it; said is what it printed. */
static enum status run(const struct command *command, const char *const *arguments, char said[TEXT_BYTES])
{
    char *argv[ARGUMENTS_MAX + 2] = { (char[]){ "synchrony" } };
    int argc = 1, kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO);
    FILE *file = tmpfile();

    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    *seen = '\0';
    args = (struct args){ 0 };
    optind = 0; /* getopt_long starts anew */
    fflush(stdout);
    cr_assert(file && dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    enum status st = command_run(command, NULL, argc, argv);
    fflush(stdout);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    rewind(file);
    said[fread(said, 1, TEXT_BYTES - 1, file)] = '\0';
    fclose(file);
    return st;
}

Test(command, runs_an_action_with_what_it_takes_and_nothing_else)
{
    static const struct {
        int line;
        const struct command *command;
        const char *arguments[ARGUMENTS_MAX];
        enum status want;
        const char *seen;
        const char *said;
    } cases[] = {
        { __LINE__, &house, { "paint", "a" }, STATUS_CONFLICT, "house paint|a", "" },
        { __LINE__, &house, { "paint", "a", "--colour", "=red", "b", "--json" }, STATUS_CONFLICT, "house paint=red+json|a|b", "" },
        { __LINE__, &house, { "paint", "--colour==red", "--", "--json" }, STATUS_CONFLICT, "house paint=red|--json", "" },
        { __LINE__, &house, { "clean" }, STATUS_CONFLICT, "house clean", "" },
        { __LINE__, &house, { "say", "--json" }, STATUS_CONFLICT, "house say|--json", "" },
        { __LINE__, &house, { "say", "--" }, STATUS_CONFLICT, "house say|--", "" },
        { __LINE__, &house, { "clean", "--help" }, STATUS_OK, "", USAGE },
        { __LINE__, &house, { "paint", "-h" }, STATUS_OK, "", USAGE },
        { __LINE__, &house, { NULL }, STATUS_USAGE, "", USAGE },
        { __LINE__, &house, { "burn", "a" }, STATUS_USAGE, "", "synchrony: house: unknown action: burn\n" USAGE },
        { __LINE__, &house, { "paint" }, STATUS_USAGE, "", USAGE },
        { __LINE__, &house, { "paint", "a", "b", "c" }, STATUS_USAGE, "", USAGE },
        { __LINE__, &house, { "clean", "a" }, STATUS_USAGE, "", USAGE },
        { __LINE__,
          &house,
          { "clean", "--colour", "=red" },
          STATUS_USAGE,
          "",
          "synchrony: house clean has no such option\n" USAGE },
        { __LINE__, &house, { "clean", "--size" }, STATUS_USAGE, "", "synchrony: unrecognized option '--size'\n" USAGE },
        { __LINE__,
          &house,
          { "paint", "--colour" },
          STATUS_USAGE,
          "",
          "synchrony: option '--colour' requires an argument\n" USAGE },
        { __LINE__,
          &house,
          { "paint", "--colour", "red", "a" },
          STATUS_USAGE,
          "",
          "synchrony: house: a colour begins with =, got 'red'\n" },
        { __LINE__, &door, { NULL }, STATUS_CONFLICT, "door", "" },
        { __LINE__, &door, { "--json", "a" }, STATUS_CONFLICT, "door+json|a", "" },
        { __LINE__, &door, { "a", "b" }, STATUS_USAGE, "", "usage: synchrony door [FILE]\n" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char said[TEXT_BYTES];
        EXPECT_STATUS(cases[i].line, run(cases[i].command, cases[i].arguments, said), cases[i].want);
        EXPECT_TEXT(cases[i].line, seen, cases[i].seen);
        EXPECT_TEXT(cases[i].line, said, cases[i].said);
    }
}

/* ---- what it needs ---- */

static enum status go_around(struct command_call *call)
{
    enum status st = call->action->run(call);

    snprintf(seen, sizeof seen, "%s", st == STATUS_CONFLICT ? "around" : "");
    return STATUS_OK;
}

Test(command, runs_nothing_without_what_it_needs)
{
    static const struct {
        int line;
        enum command_needs needs;
        const char *seen;
    } cases[] = {
        { __LINE__, COMMAND_NEEDS_NOTHING, "around" },
        { __LINE__, COMMAND_NEEDS_CONFIG, "" },
        { __LINE__, COMMAND_NEEDS_OWNER, "" },
    };
    char *argv[] = { (char[]){ "synchrony" }, NULL };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct command command = door;
        command.needs = cases[i].needs;
        command.around = go_around;
        *seen = '\0';
        optind = 0;
        EXPECT_STATUS(cases[i].line, command_run(&command, "/nonexistent/synchrony.conf", 1, argv),
                      *cases[i].seen ? STATUS_OK : STATUS_CONFIG);
        EXPECT_TEXT(cases[i].line, seen, cases[i].seen);
    }
}
