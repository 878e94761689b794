#include "app/config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* ---- what is read ---- */

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

/* A file with the text, in a folder of its own. To be removed. */
struct file {
    char folder[32];
    char path[64];
};

static struct file file_with(struct bytes text)
{
    struct file file = { .folder = "/tmp/config_test.XXXXXX" };
    FILE *stream;

    cr_assert_not_null(mkdtemp(file.folder));
    snprintf(file.path, sizeof file.path, "%s/synchrony.conf", file.folder);
    stream = fopen(file.path, "w");
    cr_assert_not_null(stream);
    cr_assert_eq(fwrite(text.p, 1, text.len, stream), text.len);
    cr_assert_eq(fclose(stream), 0);
    return file;
}

static void file_remove(const struct file *file)
{
    unlink(file->path);
    rmdir(file->folder);
}

/* What came of reading a text. */
struct reading {
    struct config config;
    enum status st;
    char errors[4096]; /* the file's name replaced by "FILE" */
};

static void replace_path(char *text, const char *path)
{
    for (char *at; (at = strstr(text, path)) != NULL;) {
        memcpy(at, "FILE", 4);
        memmove(at + 4, at + strlen(path), strlen(at + strlen(path)) + 1);
    }
}

static struct reading read_path(const char *path, config_environment *environment)
{
    struct reading reading = { .st = STATUS_INTERNAL };
    FILE *errors = fmemopen(reading.errors, sizeof reading.errors - 1, "w");

    cr_assert_not_null(errors);
    reading.st = config_read(path, environment, errors, &reading.config);
    fclose(errors);
    return reading;
}

static struct reading read_text(struct bytes text)
{
    struct file file = file_with(text);
    struct reading reading = read_path(file.path, no_variable);

    replace_path(reading.errors, file.path);
    file_remove(&file);
    return reading;
}

/* ---- defaults and options ---- */

Test(config, defaults)
{
    struct reading reading = read_text(BYTES(""));
    const struct limits limits = LIMITS_DEFAULT;

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_TEXT(__LINE__, reading.errors, "");
    EXPECT_TEXT(__LINE__, reading.config.writer_database, "");
    EXPECT_TEXT(__LINE__, reading.config.reader_database, "");
    EXPECT_TEXT(__LINE__, reading.config.owner_database, "");
    EXPECT_TEXT(__LINE__, reading.config.run_directory, "");
    EXPECT_TEXT(__LINE__, reading.config.queue_directory, "");
    EXPECT_INT(__LINE__, reading.config.queue_max_bytes, 1024L * 1024 * 1024);
    EXPECT_INT(__LINE__, reading.config.connect_timeout_s, 2);
    EXPECT_INT(__LINE__, reading.config.write_timeout_ms, 5000);
    EXPECT_INT(__LINE__, reading.config.read_timeout_ms, 60000);
    EXPECT_INT(__LINE__, reading.config.pool_timeout_ms, 1000);
    EXPECT_INT(__LINE__, reading.config.read_wait_ms, 20000);
    EXPECT_INT(__LINE__, reading.config.n_allowed_origins, 0);
    EXPECT_INT(__LINE__, reading.config.scrub.cards, SCRUB_MASK);
    EXPECT_INT(__LINE__, reading.config.scrub.ibans, SCRUB_MASK);
    EXPECT_INT(__LINE__, reading.config.scrub.n_patterns + reading.config.scrub.n_parameters, 0);
    EXPECT_INT(__LINE__, reading.config.log_level, LOG_LEVEL_INFO);
    EXPECT_INT(__LINE__, memcmp(&reading.config.limits, &limits, sizeof limits), 0);
    config_free(&reading.config);
}

Test(config, limits_by_default_are_those_published)
{
    const struct limits limits = LIMITS_DEFAULT;

    EXPECT_INT(__LINE__, limits.body_max_bytes, 1048576);
    EXPECT_INT(__LINE__, limits.event_max_bytes, 65536);
    EXPECT_INT(__LINE__, limits.batch_max_events, 1000);
    EXPECT_INT(__LINE__, limits.nesting_max, 32);
    EXPECT_INT(__LINE__, limits.members_max, 256);
    EXPECT_INT(__LINE__, limits.values_max, 100000);
    EXPECT_INT(__LINE__, limits.event_type_max_bytes, 128);
    EXPECT_INT(__LINE__, limits.session_id_max_bytes, 256);
    EXPECT_INT(__LINE__, limits.page_url_max_bytes, 2048);
}

/* Every option that is a number: where it goes, and its bounds. */
static const struct number {
    int line;
    const char *name;
    size_t offset;
    bool is_size;
    long min, max;
} numbers[] = {
#define SIZE(name_, field, min_, max_)                                    \
    {                                                                     \
        __LINE__, name_, offsetof(struct config, field), true, min_, max_ \
    }
#define INT(name_, min_, max_)                                              \
    {                                                                       \
        __LINE__, #name_, offsetof(struct config, name_), false, min_, max_ \
    }
    SIZE("writer_connections", writer_connections, 1, 64),
    SIZE("reader_connections", reader_connections, 1, 64),
    INT(connect_timeout_s, 1, 60),
    INT(write_timeout_ms, 100, 600000),
    INT(read_timeout_ms, 100, 3600000),
    INT(pool_timeout_ms, 1, 60000),
    INT(read_wait_ms, 0, 600000),
    INT(client_timeout_ms, 100, 600000),
    SIZE("group_max_events", group_max_events, 1, 10000),
    SIZE("group_max_bytes", group_max_bytes, 1024, 67108864),
    SIZE("body_max_bytes", limits.body_max_bytes, 1024, 67108864),
    SIZE("event_max_bytes", limits.event_max_bytes, 256, 16777216),
    SIZE("batch_max_events", limits.batch_max_events, 1, 100000),
    SIZE("nesting_max", limits.nesting_max, 1, 511),
    SIZE("members_max", limits.members_max, 2, 1024),
    SIZE("values_max", limits.values_max, 3, 10000000),
    SIZE("event_type_max_bytes", limits.event_type_max_bytes, 1, 1024),
    SIZE("session_id_max_bytes", limits.session_id_max_bytes, 1, 1024),
    SIZE("page_url_max_bytes", limits.page_url_max_bytes, 1, 65536),
#undef INT
#undef SIZE
};

static long value_of(const struct config *config, const struct number *number)
{
    const void *at = (const char *)config + number->offset;

    return number->is_size ? (long)*(const size_t *)at : *(const int *)at;
}

static struct reading read_number(const char *name, long value)
{
    char text[128];

    snprintf(text, sizeof text, "\n%s = %ld\n", name, value);
    return read_text(bytes_of(text));
}

Test(config, every_number_takes_its_least_and_greatest_value)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const long values[] = { numbers[i].min, numbers[i].min + 1, numbers[i].max };
        for (size_t v = 0; v < COUNT_OF(values); v++) {
            struct reading reading = read_number(numbers[i].name, values[v]);
            EXPECT_STATUS(numbers[i].line, reading.st, STATUS_OK);
            EXPECT_INT(numbers[i].line, value_of(&reading.config, &numbers[i]), values[v]);
            EXPECT_TEXT(numbers[i].line, reading.errors, "");
            config_free(&reading.config);
        }
    }
}

Test(config, every_number_out_of_range_is_refused_with_its_line)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const long values[] = { numbers[i].min - 1, numbers[i].max + 1, -1, 0x7fffffffffffffff };
        for (size_t v = 0; v < COUNT_OF(values); v++) {
            char want[256];
            struct reading reading = read_number(numbers[i].name, values[v]);
            snprintf(want, sizeof want, "FILE:2: %s must lie within %ld and %ld, got %ld\n", numbers[i].name, numbers[i].min,
                     numbers[i].max, values[v]);
            EXPECT_STATUS(numbers[i].line, reading.st, STATUS_CONFIG);
            EXPECT_TEXT(numbers[i].line, reading.errors, want);
            config_free(&reading.config);
        }
    }
}

/* Options are told apart: setting one leaves all others at their defaults. */
Test(config, every_number_goes_to_its_own_place)
{
    struct reading defaults = read_text(BYTES(""));

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reading reading = read_number(numbers[i].name, numbers[i].min + 1);
        for (size_t other = 0; other < COUNT_OF(numbers); other++) {
            if (other != i)
                EXPECT_INT(numbers[i].line, value_of(&reading.config, &numbers[other]),
                           value_of(&defaults.config, &numbers[other]));
        }
        config_free(&reading.config);
    }
    config_free(&defaults.config);
}

Test(config, texts_and_lists)
{
    struct reading reading = read_text(BYTES("writer_database = \"host=/run dbname='a b'\"\n"
                                             "reader_database = 'service=r'\n"
                                             "owner_database = postgresql://owner@db.example/synchrony\n"
                                             "run_directory = \"/run/synchrony\"\n"
                                             "allowed_origins = { \"https://a.example\",\n\"http://b.example:8080\" }\n"
                                             "scrub_patterns = { 'c:mask:\\bKD-[0-9]{8}', \"d:reject:x\" }\n"
                                             "page_url_parameters = { lang, \"utm_*\" }\n"
                                             "log_level = \"error\"\n"));

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_TEXT(__LINE__, reading.errors, "");
    cr_assert_eq(reading.config.scrub.n_patterns, 2);
    EXPECT_TEXT(__LINE__, reading.config.scrub.patterns[0].name, "c");
    EXPECT_INT(__LINE__, reading.config.scrub.patterns[1].action, SCRUB_REJECT);
    cr_assert_eq(reading.config.scrub.n_parameters, 2);
    EXPECT_BYTES(__LINE__, reading.config.scrub.parameters[1], BYTES("utm_*"));
    EXPECT_TEXT(__LINE__, reading.config.writer_database, "host=/run dbname='a b'");
    EXPECT_TEXT(__LINE__, reading.config.reader_database, "service=r");
    EXPECT_TEXT(__LINE__, reading.config.owner_database, "postgresql://owner@db.example/synchrony");
    EXPECT_TEXT(__LINE__, reading.config.run_directory, "/run/synchrony");
    EXPECT_INT(__LINE__, reading.config.log_level, LOG_LEVEL_ERROR);
    cr_assert_eq(reading.config.n_allowed_origins, 2);
    EXPECT_BYTES(__LINE__, reading.config.allowed_origins[0], BYTES("https://a.example"));
    EXPECT_BYTES(__LINE__, reading.config.allowed_origins[1], BYTES("http://b.example:8080"));
    config_free(&reading.config);
}

Test(config, every_log_level)
{
    static const struct {
        int line;
        struct bytes text;
        enum log_level want;
    } cases[] = {
        { __LINE__, TEXT("log_level = debug"), LOG_LEVEL_DEBUG },
        { __LINE__, TEXT("log_level = \"info\""), LOG_LEVEL_INFO },
        { __LINE__, TEXT("log_level = 'warn'"), LOG_LEVEL_WARN },
        { __LINE__, TEXT("log_level=error"), LOG_LEVEL_ERROR },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reading reading = read_text(cases[i].text);
        EXPECT_STATUS(cases[i].line, reading.st, STATUS_OK);
        EXPECT_INT(cases[i].line, reading.config.log_level, cases[i].want);
        config_free(&reading.config);
    }
}

/* ---- comments, white space ---- */

Test(config, comments_and_white_space_are_no_settings)
{
    static const struct {
        int line;
        struct bytes text;
        const char *run_directory;
        size_t group_max_events;
    } cases[] = {
        { __LINE__, TEXT("# group_max_events = 0\ngroup_max_events = 5\n"), "", 5 },
        { __LINE__, TEXT("#group_max_events = 0"), "", 1000 },
        { __LINE__, TEXT("#"), "", 1000 },
        { __LINE__, TEXT("########\n#\n\n"), "", 1000 },
        { __LINE__, TEXT("group_max_events = 5 # group_max_events = 6\n"), "", 5 },
        { __LINE__, TEXT("group_max_events = 5# a\n"), "", 5 },
        { __LINE__, TEXT("group_max_events = # a\n 5\n"), "", 5 },
        { __LINE__, TEXT("\t group_max_events\t=\n5"), "", 5 },
        { __LINE__, TEXT("// it's \"a comment\n group_max_events = 5\n"), "", 5 },
        { __LINE__, TEXT("/* it's \"a\n * comment */ group_max_events = 5 /**/\n"), "", 5 },
        { __LINE__, TEXT("# it's \"a comment\ngroup_max_events = 5\n"), "", 5 },
        { __LINE__, TEXT("run_directory = \"a # b\"\n"), "a # b", 1000 },
        { __LINE__, TEXT("run_directory = 'a # b /* c */ // d'\n"), "a # b /* c */ // d", 1000 },
        { __LINE__, TEXT("run_directory = \"a \\\" # b\" # c\n"), "a \" # b", 1000 },
        { __LINE__, TEXT("run_directory = 'a \\' # b' # c\n"), "a ' # b", 1000 },
        { __LINE__, TEXT("run_directory = \"'\" # c'\ngroup_max_events = 5"), "'", 5 },
        { __LINE__, TEXT("run_directory = postgresql://h//x\ngroup_max_events = 5"), "postgresql://h//x", 5 },
        { __LINE__, TEXT("run_directory = \"a\nb\""), "a\nb", 1000 },
        { __LINE__, TEXT("group_max_events = 4\ngroup_max_events = 5\n"), "", 5 }, /* the last one counts */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reading reading = read_text(cases[i].text);
        EXPECT_STATUS(cases[i].line, reading.st, STATUS_OK);
        EXPECT_TEXT(cases[i].line, reading.errors, "");
        EXPECT_TEXT(cases[i].line, reading.config.run_directory, cases[i].run_directory);
        EXPECT_INT(cases[i].line, reading.config.group_max_events, cases[i].group_max_events);
        config_free(&reading.config);
    }
}

/* ---- errors ---- */

Test(config, errors_name_file_and_line)
{
    static const struct {
        int line;
        struct bytes text;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("nonsense = 1\n"), "FILE:1: no such option 'nonsense'\n" },
        { __LINE__, TEXT("\n\nnonsense = 1\n"), "FILE:3: no such option 'nonsense'\n" },
        { __LINE__, TEXT("Group_max_events = 1\n"), "FILE:1: no such option 'Group_max_events'\n" },
        { __LINE__, TEXT("group_max_events = many\n"), "FILE:1: invalid integer value for option 'group_max_events'\n" },
        { __LINE__, TEXT("group_max_events = 1.5\n"), "FILE:1: invalid integer value for option 'group_max_events'\n" },
        { __LINE__, TEXT("group_max_events = 5k\n"), "FILE:1: invalid integer value for option 'group_max_events'\n" },
        { __LINE__, TEXT("group_max_events = 99999999999999999999\n"),
          "FILE:1: integer value for option 'group_max_events' is out of range\n" },
        { __LINE__, TEXT("group_max_events = {1}\n"), "FILE:1: unexpected token '{'\n" },
        { __LINE__, TEXT("writer_database = {\"a\"}\n"), "FILE:1: unexpected token '{'\n" },
        { __LINE__, TEXT("log_level = loud\n"), "FILE:1: log_level must be one of debug, info, warn, error, got 'loud'\n" },
        { __LINE__, TEXT("log_level = \"\"\n"), "FILE:1: log_level must be one of debug, info, warn, error, got ''\n" },
        { __LINE__, TEXT("group_max_events = 5 6\n"), "FILE:1: no such option '6'\n" },
        { __LINE__, TEXT("# a\nwriter_database = nonsense\n"),
          "FILE:2: writer_database is no connection string: missing \"=\" after \"nonsense\" in connection info string\n" },
        { __LINE__, TEXT("reader_database = \"hots=x\"\n"),
          "FILE:1: reader_database is no connection string: invalid connection option \"hots\"\n" },
        { __LINE__, TEXT("owner_database = \"dbname='x\"\n"),
          "FILE:1: owner_database is no connection string: unterminated quoted string in connection info string\n" },
        { __LINE__, TEXT("section {\n}\n"), "FILE:1: no such option 'section'\n" },
        { __LINE__, TEXT("include(\"/etc/passwd\")\n"), "FILE:1: no such option 'include'\n" },
        { __LINE__, TEXT("group_max_events = 5\ngroup_max_events = 0\n"),
          "FILE:2: group_max_events must lie within 1 and 10000, got 0\n" },
        /* behind comments of each kind, and strings over lines */
        { __LINE__, TEXT("# a\nnonsense = 1\n"), "FILE:2: no such option 'nonsense'\n" },
        { __LINE__, TEXT("# a\n# b\n\n#c\n  # d\nnonsense = 1\n"), "FILE:6: no such option 'nonsense'\n" },
        { __LINE__, TEXT("group_max_events = 5 # a\nnonsense = 1\n"), "FILE:2: no such option 'nonsense'\n" },
        { __LINE__, TEXT("// a\n// b\nnonsense = 1\n"), "FILE:3: no such option 'nonsense'\n" },
        { __LINE__, TEXT("/* a\n * b\n */\nnonsense = 1\n"), "FILE:4: no such option 'nonsense'\n" },
        { __LINE__, TEXT("/* a */ nonsense = 1\n"), "FILE:1: no such option 'nonsense'\n" },
        { __LINE__, TEXT("run_directory = \"a\nb\"\nnonsense = 1\n"), "FILE:3: no such option 'nonsense'\n" },
        { __LINE__, TEXT("run_directory = \"# a\n# b\"\nnonsense = 1\n"), "FILE:3: no such option 'nonsense'\n" },
        { __LINE__, TEXT("log_level = info\nscrub_patterns = {'a:mask:x',\n'b:mask:(x'}\n"),
          "FILE:3: scrub_patterns: b: a group is not closed at byte 2 of the expression\n" },
        { __LINE__, TEXT("scrub_patterns = {'mask'}\n"),
          "FILE:1: scrub_patterns: a pattern is NAME:ACTION:EXPRESSION, got 'mask'\n" },
        { __LINE__, TEXT("scrub_cards = hide\n"), "FILE:1: scrub_cards must be one of off, mask, reject, got 'hide'\n" },
        { __LINE__, TEXT("# a\nallowed_origins = {\n\"https://a.example\", # a\n\"b\"\n}\n"),
          "FILE:4: allowed_origins: an origin is scheme://host[:port] in lower case, or scheme://*.domain[:port], got 'b'\n" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reading reading = read_text(cases[i].text);
        EXPECT_STATUS(cases[i].line, reading.st, STATUS_CONFIG);
        EXPECT_TEXT(cases[i].line, reading.errors, cases[i].want);
        config_free(&reading.config);
    }
}

Test(config, text_that_ends_early_is_refused)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, TEXT("group_max_events") },           { __LINE__, TEXT("group_max_events =\n") },
        { __LINE__, TEXT("writer_database = \"open\n") }, { __LINE__, TEXT("writer_database = 'open\n") },
        { __LINE__, TEXT("allowed_origins = {\n") },      { __LINE__, TEXT("}\n") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reading reading = read_text(cases[i].text);
        EXPECT_STATUS(cases[i].line, reading.st, STATUS_CONFIG);
        cr_expect(strncmp(reading.errors, "FILE:", 5) == 0, "line %d: %s", cases[i].line, reading.errors);
        config_free(&reading.config);
    }
}

Test(config, an_origin_is_scheme_host_and_port)
{
    static const struct {
        int line;
        const char *origin;
        bool want;
    } cases[] = {
        { __LINE__, "https://a.example", true },
        { __LINE__, "http://localhost:3000", true },
        { __LINE__, "https://[::1]:8443", true },
        { __LINE__, "capacitor://localhost", true },
        { __LINE__, "https://a.example/", false },
        { __LINE__, "https://a.example/path", false },
        { __LINE__, "https://a.example?x", false },
        { __LINE__, "https://a.example#x", false },
        { __LINE__, "https://a.example b", false },
        { __LINE__, "https://*.a.example", true },
        { __LINE__, "https://*.example", false },
        { __LINE__, "https://A.example", false },
        { __LINE__, "https://", false },
        { __LINE__, "://a.example", false },
        { __LINE__, "a.example", false },
        { __LINE__, "//a.example", false },
        { __LINE__, "null", false },
        { __LINE__, "*", false },
        { __LINE__, "", false },
        { __LINE__, "https:a.example", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[128];
        snprintf(text, sizeof text, "allowed_origins = {\"%s\"}\n", cases[i].origin);
        struct reading reading = read_text(bytes_of(text));
        EXPECT_STATUS(cases[i].line, reading.st, cases[i].want ? STATUS_OK : STATUS_CONFIG);
        EXPECT_INT(cases[i].line, reading.config.n_allowed_origins, cases[i].want);
        config_free(&reading.config);
    }
}

Test(config, file_that_cannot_be_read_is_an_error)
{
    struct file file = file_with(BYTES(""));
    struct reading reading;

    reading = read_path(file.folder, no_variable);
    replace_path(reading.errors, file.folder);
    EXPECT_STATUS(__LINE__, reading.st, STATUS_CONFIG);
    EXPECT_TEXT(__LINE__, reading.errors, "FILE: cannot be read: Is a directory\n");
    config_free(&reading.config);

    file_remove(&file);
    reading = read_path(file.path, no_variable);
    replace_path(reading.errors, file.path);
    EXPECT_STATUS(__LINE__, reading.st, STATUS_CONFIG);
    EXPECT_TEXT(__LINE__, reading.errors, "FILE: cannot be read: No such file or directory\n");
    config_free(&reading.config);
}

Test(config, file_of_any_size_is_read_or_refused)
{
    static const struct {
        int line;
        size_t blanks;
        enum status want;
        const char *errors;
    } cases[] = {
        { __LINE__, 8 * 1024 - 22, STATUS_OK, "" }, /* as much as is read at once */
        { __LINE__, 1000000, STATUS_OK, "" },
        { __LINE__, 1048576, STATUS_CONFIG, "FILE: cannot be read: larger than 1040384 bytes\n" },
        { __LINE__, 10000000, STATUS_CONFIG, "FILE: cannot be read: larger than 1040384 bytes\n" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = buf_new(11000000);
        char *blanks = repeated(' ', cases[i].blanks);
        buf_add_text(&text, blanks);
        buf_add_text(&text, "group_max_events = 5\n\n");
        struct reading reading = read_text(buf_bytes(&text));
        EXPECT_STATUS(cases[i].line, reading.st, cases[i].want);
        EXPECT_TEXT(cases[i].line, reading.errors, cases[i].errors);
        EXPECT_INT(cases[i].line, reading.config.group_max_events, cases[i].want == STATUS_OK ? 5 : 1000);
        config_free(&reading.config);
        free(blanks);
        buf_free(&text);
    }
}

Test(config, file_that_is_no_text_is_refused)
{
    struct reading reading = read_text(BYTES("\x7f"
                                             "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0"));

    EXPECT_STATUS(__LINE__, reading.st, STATUS_CONFIG);
    config_free(&reading.config);
}

/* ---- the environment ---- */

static struct file environment_file;

static const char *all_variables(const char *name)
{
    if (strcmp(name, "SYNCHRONY_CONF") == 0)
        return environment_file.path;
    if (strcmp(name, "SYNCHRONY_WRITER_DATABASE") == 0)
        return "dbname=w";
    if (strcmp(name, "SYNCHRONY_READER_DATABASE") == 0)
        return "postgresql://r@h/r";
    return NULL;
}

Test(config, environment_wins_over_the_file)
{
    environment_file = file_with(BYTES("writer_database = \"dbname=a\"\nreader_database = \"dbname=b\"\n"
                                       "owner_database = \"dbname=c\"\nrun_directory = d\n"));
    struct reading reading = read_path(NULL, all_variables);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_TEXT(__LINE__, reading.config.writer_database, "dbname=w");
    EXPECT_TEXT(__LINE__, reading.config.reader_database, "postgresql://r@h/r");
    EXPECT_TEXT(__LINE__, reading.config.owner_database, "dbname=c");
    EXPECT_TEXT(__LINE__, reading.config.run_directory, "d");
    config_free(&reading.config);
    file_remove(&environment_file);
}

static const char *empty_variables(const char *name)
{
    return strcmp(name, "SYNCHRONY_CONF") == 0 ? environment_file.path : "";
}

Test(config, variable_that_is_empty_counts_as_not_set)
{
    environment_file = file_with(BYTES("writer_database = \"dbname=a\"\n"));
    struct reading reading = read_path(NULL, empty_variables);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_TEXT(__LINE__, reading.config.writer_database, "dbname=a");
    config_free(&reading.config);
    file_remove(&environment_file);
}

static const char *variable_of_libpq; /* that is set */

static const char *one_variable(const char *name)
{
    return variable_of_libpq && strcmp(name, variable_of_libpq) == 0 ? "x" : NULL;
}

Test(config, tells_databases_apart_by_all_that_leads_to_them)
{
    static const struct {
        int line;
        const char *variable;
        struct bytes text;
        const char *want;
    } cases[] = {
        { __LINE__, NULL, TEXT(""), "\nPGHOST=\nPGHOSTADDR=\nPGPORT=\nPGDATABASE=\nPGUSER=\nPGSERVICE=\nPGSERVICEFILE=" },
        { __LINE__, "PGHOST", TEXT("writer_database = \"dbname=a\"\n"),
          "dbname=a\nPGHOST=x\nPGHOSTADDR=\nPGPORT=\nPGDATABASE=\nPGUSER=\nPGSERVICE=\nPGSERVICEFILE=" },
        { __LINE__, "PGDATABASE", TEXT("reader_database = \"dbname=a\"\n"),
          "\nPGHOST=\nPGHOSTADDR=\nPGPORT=\nPGDATABASE=x\nPGUSER=\nPGSERVICE=\nPGSERVICEFILE=" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct file file = file_with(cases[i].text);
        variable_of_libpq = cases[i].variable;
        struct reading reading = read_path(file.path, one_variable);
        EXPECT_STATUS(cases[i].line, reading.st, STATUS_OK);
        EXPECT_TEXT(cases[i].line, reading.config.database_identity, cases[i].want);
        config_free(&reading.config);
        file_remove(&file);
    }
}

static const char *broken_variable(const char *name)
{
    return strcmp(name, "SYNCHRONY_READER_DATABASE") == 0 ? "nonsense" : NULL;
}

Test(config, connection_string_of_the_environment_is_checked_too)
{
    struct file file = file_with(BYTES(""));
    struct reading reading = read_path(file.path, broken_variable);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_CONFIG);
    EXPECT_TEXT(
        __LINE__, reading.errors,
        "SYNCHRONY_READER_DATABASE of the environment is no connection string: missing \"=\" after \"nonsense\" in connection info "
        "string\n");
    config_free(&reading.config);
    file_remove(&file);
}

static const char *named_file(const char *name)
{
    return strcmp(name, "SYNCHRONY_CONF") == 0 ? "/nonexistent/named.conf" : NULL;
}

static const char *empty_path(const char *name)
{
    (void)name;
    return "";
}

Test(config, path_is_the_argument_or_the_variable_or_the_default)
{
    static const char *const installed = SYNCHRONY_SYSCONFDIR "/synchrony/synchrony.conf";

    EXPECT_TEXT(__LINE__, config_path("/a", named_file), "/a");
    EXPECT_TEXT(__LINE__, config_path("/a", no_variable), "/a");
    EXPECT_TEXT(__LINE__, config_path(NULL, named_file), "/nonexistent/named.conf");
    EXPECT_TEXT(__LINE__, config_path(NULL, empty_path), access(installed, F_OK) == 0 ? installed : NULL);
    EXPECT_TEXT(__LINE__, config_path(NULL, no_variable), access(installed, F_OK) == 0 ? installed : NULL);
}

Test(config, named_file_that_is_missing_is_an_error)
{
    struct reading reading = read_path(NULL, named_file);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_CONFIG);
    EXPECT_TEXT(__LINE__, reading.errors, "/nonexistent/named.conf: cannot be read: No such file or directory\n");
    config_free(&reading.config);
}

Test(config, default_file_that_is_missing_is_none)
{
    if (config_path(NULL, no_variable))
        return; /* it is installed on this machine */
    struct reading reading = read_path(NULL, no_variable);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_TEXT(__LINE__, reading.errors, "");
    EXPECT_INT(__LINE__, reading.config.limits.body_max_bytes, 1048576);
    config_free(&reading.config);
}

/* ---- what is given back ---- */

Test(config, errors_leave_nothing_behind_for_the_next_file)
{
    for (int round = 0; round < 3; round++) {
        struct reading bad = read_text(BYTES("# a\nwriter_database = \"open\n"));
        EXPECT_STATUS(round, bad.st, STATUS_CONFIG);
        config_free(&bad.config);
        struct reading good = read_text(BYTES("group_max_events = 5\nallowed_origins = {\"https://a.example\"}\n"));
        EXPECT_STATUS(round, good.st, STATUS_OK);
        EXPECT_INT(round, good.config.group_max_events, 5);
        config_free(&good.config);
        config_free(&good.config);
    }
}

Test(config, without_memory_says_so_at_every_allocation)
{
    struct file file =
        file_with(BYTES("writer_database = \"dbname=a\"\nallowed_origins = {\"https://a.example\", \"https://b.example\"}\n"));
    char errors_text[4096];
    FILE *errors = fmemopen(errors_text, sizeof errors_text, "w");
    bool failed;
    int nth = 1;

    do {
        struct config config;
        failing_begin(nth++);
        enum status st = config_read(file.path, no_variable, errors, &config);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
        config_free(&config);
    } while (failed);
    cr_expect_gt(nth, 6);
    fclose(errors);
    file_remove(&file);
}
