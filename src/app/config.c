#include "app/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/origin.h"
#include "store/db.h"

#define DEFAULT_PATH SYNCHRONY_SYSCONFDIR "/synchrony/synchrony.conf"

enum { FILE_MAX_BYTES = 1024 * 1024, FILE_PIECE_BYTES = 8 * 1024, IDENTITY_MAX_BYTES = 4 * 1024 * 1024 };

static const struct config defaults = {
    .writer_connections = 2,
    .reader_connections = 4,
    .connect_timeout_s = 2,
    .write_timeout_ms = 5000,
    .read_timeout_ms = 60000,
    .pool_timeout_ms = 1000,
    .client_timeout_ms = 30000,
    .group_max_events = 1000,
    .group_max_bytes = 2 * 1024 * 1024,
    .queue_max_bytes = 1024L * 1024 * 1024,
    .async_body_max_bytes = 64 * 1024 * 1024,
    .async_batch_max_events = 100000,
    .batch_retention_s = 86400,
    .quarantine_max_rows = 100000,
    .quarantine_retention_s = 2592000,
    .quarantine_payload_max_bytes = 16 * 1024,
    .quarantine_rate = 10,
    .log_successes_per_s = 10,
    .keys_max_age_s = 86400,
    .address_rate = 0,
    .address_burst = 1000,
    .address_daily_quota = 0,
    .rate_limit_slots = 262144,
    .limits = LIMITS_DEFAULT,
    .log_level = LOG_LEVEL_INFO,
};

/* The options that are whole numbers: their bounds, and where they go. */
struct number_option {
    const char *name;
    long min;
    long max;
    size_t offset;
    bool is_size; /* a size_t, else an int */
};

#define SIZE(name_, field, min_, max_)                                                                     \
    {                                                                                                      \
        .name = name_, .min = min_, .max = max_, .offset = offsetof(struct config, field), .is_size = true \
    }
#define INT(name_, field, min_, max_)                                                     \
    {                                                                                     \
        .name = name_, .min = min_, .max = max_, .offset = offsetof(struct config, field) \
    }

static const struct number_option number_options[] = {
    SIZE("writer_connections", writer_connections, 1, 64),
    SIZE("reader_connections", reader_connections, 1, 64),
    INT("connect_timeout_s", connect_timeout_s, 1, 60),
    INT("write_timeout_ms", write_timeout_ms, 100, 600000),
    INT("read_timeout_ms", read_timeout_ms, 100, 3600000),
    INT("pool_timeout_ms", pool_timeout_ms, 1, 60000),
    INT("log_successes_per_s", log_successes_per_s, 0, 1000000),
    INT("client_timeout_ms", client_timeout_ms, 100, 600000),
    SIZE("group_max_events", group_max_events, 1, 10000),
    SIZE("group_max_bytes", group_max_bytes, 1024, 64L * 1024 * 1024),
    SIZE("queue_max_bytes", queue_max_bytes, 1024L * 1024, 1099511627776),
    SIZE("async_body_max_bytes", async_body_max_bytes, 1024, 1073741824),
    SIZE("async_batch_max_events", async_batch_max_events, 1, 10000000),
    INT("batch_retention_s", batch_retention_s, 60, 31622400),
    SIZE("quarantine_max_rows", quarantine_max_rows, 0, 100000000),
    INT("quarantine_retention_s", quarantine_retention_s, 60, 315360000),
    SIZE("quarantine_payload_max_bytes", quarantine_payload_max_bytes, 0, 16L * 1024 * 1024),
    SIZE("quarantine_rate", quarantine_rate, 1, 100000),
    INT("keys_max_age_s", keys_max_age_s, 10, 31622400),
    SIZE("address_rate", address_rate, 0, 1000000),
    SIZE("address_burst", address_burst, 1, 1000000),
    SIZE("address_daily_quota", address_daily_quota, 0, 1000000000000),
    SIZE("rate_limit_slots", rate_limit_slots, 1024, 16777216),
    SIZE("body_max_bytes", limits.body_max_bytes, 1024, 64L * 1024 * 1024),
    SIZE("event_max_bytes", limits.event_max_bytes, 256, 16L * 1024 * 1024),
    SIZE("batch_max_events", limits.batch_max_events, 1, 100000),
    SIZE("nesting_max", limits.nesting_max, 1, LIMIT_NESTING - 1),
    SIZE("members_max", limits.members_max, 2, LIMIT_MEMBERS),
    SIZE("values_max", limits.values_max, 3, 10000000),
    SIZE("event_type_max_bytes", limits.event_type_max_bytes, 1, LIMIT_KEY_BYTES),
    SIZE("session_id_max_bytes", limits.session_id_max_bytes, 1, LIMIT_KEY_BYTES),
    SIZE("page_url_max_bytes", limits.page_url_max_bytes, 1, 65536),
};

/* The options that are texts, and where each goes. Those with a variable that wins over them are connection strings. */
static const struct {
    const char *name;
    const char *variable;
    size_t offset;
} text_options[] = {
    { "writer_database", "SYNCHRONY_WRITER_DATABASE", offsetof(struct config, writer_database) },
    { "reader_database", "SYNCHRONY_READER_DATABASE", offsetof(struct config, reader_database) },
    { "owner_database", "SYNCHRONY_OWNER_DATABASE", offsetof(struct config, owner_database) },
    { "run_directory", NULL, offsetof(struct config, run_directory) },
    { "queue_directory", NULL, offsetof(struct config, queue_directory) },
    { "log_to", NULL, offsetof(struct config, log_to) },
    { "log_session_key_file", NULL, offsetof(struct config, log_session_key_file) },
};

/* The options that are one of a few words, which stand for an enumeration's values in their order. */
static const struct choice_option {
    const char *name;
    size_t offset; /* of an enumeration */
    const char *start;
    const char *words; /* for people, too: separated by ", " */
} choice_options[] = {
#define CHOICE(name_, field, start_, words_)                                                          \
    {                                                                                                 \
        .name = name_, .offset = offsetof(struct config, field), .start = (start_), .words = (words_) \
    }
    CHOICE("csv_byte_order_mark", csv_byte_order_mark, "false", "false, true"),
    CHOICE("csv_neutralise", csv_neutralise, "true", "false, true"),
    CHOICE("shared_reads", shared_reads, "true", "false, true"),
    CHOICE("event_types", event_types, "any", "any, listed"),
    CHOICE("scrub_cards", scrub.cards, "mask", "off, mask, reject"),
    CHOICE("scrub_ibans", scrub.ibans, "mask", "off, mask, reject"),
    CHOICE("access", access, "open", "open, ingest, keys"),
    CHOICE("trust_remote_user", trust_remote_user, "false", "false, true"),
    CHOICE("audit_reads", audit_reads, "true", "false, true"),
    CHOICE("audit_required", audit_required, "false", "false, true"),
    CHOICE("log_level", log_level, "info", "debug, info, warn, error"),
    CHOICE("readiness", readiness, "write", "ask, write"),
    CHOICE("metrics", metrics, "local", "off, local, all"),
};

#define ALLOWED_ORIGINS "allowed_origins"
#define PAGE_URL_PARAMETERS "page_url_parameters"
#define SCRUB_PATTERN_LIST "scrub_patterns"

enum {
    N_NUMBERS = sizeof number_options / sizeof number_options[0],
    N_TEXTS = sizeof text_options / sizeof text_options[0],
    N_CHOICES = sizeof choice_options / sizeof choice_options[0],
    N_OPTIONS = N_NUMBERS + N_TEXTS + N_CHOICES + 4 /* the three above and the end */
};

static long number_get(const struct config *config, const struct number_option *option)
{
    const void *at = (const char *)config + option->offset;

    return option->is_size ? (long)*(const size_t *)at : *(const int *)at;
}

static void number_set(struct config *config, const struct number_option *option, long value)
{
    void *at = (char *)config + option->offset;

    if (option->is_size)
        *(size_t *)at = (size_t)value;
    else
        *(int *)at = (int)value;
}

static char **text_at(struct config *config, size_t i)
{
    void *at = (char *)config + text_options[i].offset;

    return at;
}

/* Returns which of the option's words it is, or -1. */
static int choice_of(const struct choice_option *option, struct bytes value)
{
    struct bytes words = bytes_of(option->words);
    struct bytes word;

    for (int i = 0; bytes_cut(&words, ',', &word); i++) {
        if (bytes_equal(bytes_trim(word, " "), value))
            return i;
    }
    return -1;
}

/* ---- what libconfuse calls ---- */

static int validate_scrub_pattern(cfg_t *cfg, cfg_opt_t *opt)
{
    struct scrub_pattern pattern;
    struct problem problem = { 0 };
    unsigned n = cfg_opt_size(opt);
    enum status st = scrub_pattern_read(bytes_of(cfg_opt_getnstr(opt, n - 1)), &pattern, &problem);

    if (st == STATUS_OK)
        scrub_pattern_free(&pattern);
    if (st == STATUS_OK && n <= SCRUB_PATTERNS_MAX)
        return 0;
    if (st == STATUS_OK)
        cfg_error(cfg, "%s: there may be at most %d", opt->name, SCRUB_PATTERNS_MAX);
    else
        cfg_error(cfg, "%s: %s", opt->name, st == STATUS_CONFIG ? problem.details : status_info(st)->sentence);
    return -1;
}

/* One file is read at a time; libconfuse hands no context to its error function. */
static FILE *error_stream;

static void PRINTF_LIKE(2, 0) print_error(cfg_t *cfg, const char *format, va_list args)
{
    fprintf(error_stream, "%s:%d: ", cfg->filename ? cfg->filename : "configuration", cfg->line);
    vfprintf(error_stream, format, args);
    fputc('\n', error_stream);
}

static int validate_number(cfg_t *cfg, cfg_opt_t *opt)
{
    const struct number_option *option = number_options;
    long value = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);

    while (strcmp(option->name, opt->name) != 0)
        option++;
    if (value >= option->min && value <= option->max)
        return 0;
    cfg_error(cfg, "%s must lie within %ld and %ld, got %ld", opt->name, option->min, option->max, value);
    return -1;
}

static int validate_choice(cfg_t *cfg, cfg_opt_t *opt)
{
    const struct choice_option *option = choice_options;
    const char *value = cfg_opt_getnstr(opt, 0);

    while (strcmp(option->name, opt->name) != 0)
        option++;
    if (choice_of(option, bytes_of(value)) >= 0)
        return 0;
    cfg_error(cfg, "%s must be one of %s, got '%s'", opt->name, option->words, value);
    return -1;
}

static int validate_conninfo(cfg_t *cfg, cfg_opt_t *opt)
{
    char fault[256];

    if (!db_conninfo_error(cfg_opt_getnstr(opt, 0), fault, sizeof fault))
        return 0;
    cfg_error(cfg, "%s is no connection string: %s", opt->name, fault);
    return -1;
}

static int validate_origin(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

    if (origin_pattern_is_valid(bytes_of(value)))
        return 0;
    cfg_error(cfg, "%s: an origin is scheme://host[:port] in lower case, or scheme://*.domain[:port], got '%s'", opt->name, value);
    return -1;
}

/* ---- the file's text ---- */

/* Blanks what stands before end, but for its lines' ends. Returns end. */
static char *blank(char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at != '\n')
            *at = ' ';
    }
    return at;
}

static char *skip_string(char *at)
{
    char quote = *at++;

    while (*at && *at != quote)
        at += at[0] == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* libconfuse 3.3 counts the line of a comment several times, so that an error behind it would name another line, and does not know
 * comments within a list. So it is given none. */
static void blank_comments(char *text)
{
    for (char *at = text; *at;) {
        bool begins = at == text || strchr(" \t\r\n", at[-1]); /* "//" within a word, as in a URI, is no comment */
        const char *end = strncmp(at, "/*", 2) == 0 ? strstr(at + 2, "*/") : NULL;
        if (*at == '"' || *at == '\'')
            at = skip_string(at);
        else if (*at == '#' || (begins && strncmp(at, "//", 2) == 0))
            at = blank(at, at + strcspn(at, "\n"));
        else if (end)
            at = blank(at, end + 2);
        else
            at++;
    }
}

/* Returns whether it could be read. Where text has failed there is no memory, or more than its ceiling. */
static bool read_file(const char *path, struct buf *text)
{
    char piece[FILE_PIECE_BYTES];
    FILE *file = fopen(path, "r");
    size_t n = 1;

    if (!file)
        return false;
    while (n > 0 && !text->failed) {
        n = fread(piece, 1, sizeof piece, file);
        buf_add(text, (struct bytes){ piece, n });
    }
    bool done = !ferror(file);
    fclose(file);
    return done;
}

/* ---- reading ---- */

static enum status parse_text(cfg_t *cfg, const char *path, struct buf *text)
{
    blank_comments(text->p);
    FILE *stream = fmemopen(text->p, text->len, "r");
    cfg->filename = strdup(path); /* for the errors; cfg_free frees it */
    enum status st = STATUS_NO_MEMORY;

    if (stream && cfg->filename)
        st = cfg_parse_fp(cfg, stream) == CFG_SUCCESS ? STATUS_OK : STATUS_CONFIG;
    if (stream)
        fclose(stream);
    return st;
}

static enum status parse_file(cfg_t *cfg, const char *path, FILE *errors)
{
    struct buf text = buf_new(FILE_MAX_BYTES);
    enum status st = STATUS_CONFIG;

    if (!read_file(path, &text))
        fprintf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
    else if (text.len + FILE_PIECE_BYTES > FILE_MAX_BYTES)
        fprintf(errors, "%s: cannot be read: larger than %d bytes\n", path, FILE_MAX_BYTES - FILE_PIECE_BYTES);
    else
        st = text.failed ? STATUS_NO_MEMORY : parse_text(cfg, path, &text);
    buf_free(&text);
    return st;
}

static cfg_t *parser_new(cfg_opt_t options[N_OPTIONS])
{
    size_t n = 0;

    for (size_t i = 0; i < N_TEXTS; i++)
        options[n++] = (cfg_opt_t)CFG_STR(text_options[i].name, "", CFGF_NONE);
    for (size_t i = 0; i < N_NUMBERS; i++)
        options[n++] = (cfg_opt_t)CFG_INT(number_options[i].name, number_get(&defaults, &number_options[i]), CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(ALLOWED_ORIGINS, NULL, CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(PAGE_URL_PARAMETERS, NULL, CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(SCRUB_PATTERN_LIST, NULL, CFGF_NONE);
    for (size_t i = 0; i < N_CHOICES; i++)
        options[n++] = (cfg_opt_t)CFG_STR(choice_options[i].name, choice_options[i].start, CFGF_NONE);
    options[n] = (cfg_opt_t)CFG_END();

    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    if (!cfg)
        return NULL;
    cfg_set_error_function(cfg, print_error);
    for (size_t i = 0; i < N_NUMBERS; i++)
        cfg_set_validate_func(cfg, number_options[i].name, validate_number);
    for (size_t i = 0; i < N_TEXTS; i++) {
        if (text_options[i].variable)
            cfg_set_validate_func(cfg, text_options[i].name, validate_conninfo);
    }
    for (size_t i = 0; i < N_CHOICES; i++)
        cfg_set_validate_func(cfg, choice_options[i].name, validate_choice);
    cfg_set_validate_func(cfg, ALLOWED_ORIGINS, validate_origin);
    cfg_set_validate_func(cfg, SCRUB_PATTERN_LIST, validate_scrub_pattern);
    return cfg;
}

/* *texts is the caller's to free, whatever is returned. */
static enum status take_list(cfg_t *cfg, const char *name, struct bytes **texts, size_t *n)
{
    size_t n_set = cfg_size(cfg, name);

    *n = 0;
    *texts = n_set ? calloc(n_set, sizeof **texts) : NULL;
    for (; *texts && *n < n_set; ++*n) {
        char *text = strdup(cfg_getnstr(cfg, name, (unsigned)*n));
        if (!text)
            return STATUS_NO_MEMORY;
        (*texts)[*n] = bytes_of(text);
    }
    return n_set && !*texts ? STATUS_NO_MEMORY : STATUS_OK;
}

static void free_list(struct bytes *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((char *)texts[i].p);
    free(texts);
}

/* Each was compiled before, when it was read. */
static enum status take_patterns(cfg_t *cfg, struct config *config)
{
    size_t n = cfg_size(cfg, SCRUB_PATTERN_LIST);
    struct scrub_pattern *patterns = n ? calloc(n, sizeof *patterns) : NULL;
    struct problem problem;
    enum status st = n && !patterns ? STATUS_NO_MEMORY : STATUS_OK;

    config->scrub.patterns = patterns;
    for (size_t i = 0; st == STATUS_OK && i < n; i++) {
        st = scrub_pattern_read(bytes_of(cfg_getnstr(cfg, SCRUB_PATTERN_LIST, (unsigned)i)), &patterns[i], &problem);
        config->scrub.n_patterns += st == STATUS_OK;
    }
    return st;
}

static void free_patterns(struct config *config)
{
    struct scrub_pattern *patterns = (struct scrub_pattern *)config->scrub.patterns;

    for (size_t i = 0; i < config->scrub.n_patterns; i++)
        scrub_pattern_free(&patterns[i]);
    free(patterns);
}

static enum status take_lists(cfg_t *cfg, struct config *config)
{
    struct bytes *parameters;
    enum status st = take_list(cfg, ALLOWED_ORIGINS, &config->allowed_origins, &config->n_allowed_origins);

    if (st == STATUS_OK) {
        st = take_list(cfg, PAGE_URL_PARAMETERS, &parameters, &config->scrub.n_parameters);
        config->scrub.parameters = parameters;
    }
    return st == STATUS_OK ? take_patterns(cfg, config) : st;
}

/* A variable that is set to nothing counts as not set. */
static const char *setting(config_environment *environment, const char *name)
{
    const char *value = name ? environment(name) : NULL;

    return value && *value ? value : NULL;
}

static enum status take_texts(cfg_t *cfg, config_environment *environment, FILE *errors, struct config *config)
{
    enum status st = STATUS_OK;
    char fault[256];

    for (size_t i = 0; i < N_TEXTS; i++) {
        const char *value = setting(environment, text_options[i].variable);
        if (value && db_conninfo_error(value, fault, sizeof fault)) {
            fprintf(errors, "%s of the environment is no connection string: %s\n", text_options[i].variable, fault);
            st = STATUS_CONFIG;
        }
        char **text = text_at(config, i);
        *text = strdup(value ? value : cfg_getstr(cfg, text_options[i].name));
        if (!*text)
            return STATUS_NO_MEMORY;
    }
    return st;
}

static enum status identify_database(config_environment *environment, struct config *config)
{
    static const char *const variables[] = {
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSERVICEFILE"
    };
    struct buf text = buf_new(IDENTITY_MAX_BYTES);

    buf_add_text(&text, config->writer_database);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = environment(variables[i]);
        buf_add_format(&text, "\n%s=%s", variables[i], value ? value : "");
    }
    config->database_identity = text.failed ? NULL : strdup(text.p);
    buf_free(&text);
    return config->database_identity ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status take(cfg_t *cfg, config_environment *environment, FILE *errors, struct config *config)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        number_set(config, &number_options[i], cfg_getint(cfg, number_options[i].name));
    for (size_t i = 0; i < N_CHOICES; i++) {
        int choice = choice_of(&choice_options[i], bytes_of(cfg_getstr(cfg, choice_options[i].name)));
        memcpy((char *)config + choice_options[i].offset, &choice, sizeof choice);
    }

    enum status st = take_texts(cfg, environment, errors, config);
    if (st == STATUS_OK)
        st = identify_database(environment, config);
    return st == STATUS_OK ? take_lists(cfg, config) : st;
}

const char *config_path(const char *path, config_environment *environment)
{
    if (!path)
        path = setting(environment, "SYNCHRONY_CONF");
    /* Only a file that is not there is left out; one that cannot be reached is an error. */
    if (!path && (access(DEFAULT_PATH, F_OK) == 0 || errno != ENOENT))
        path = DEFAULT_PATH;
    return path;
}

enum status config_read(const char *path, config_environment *environment, FILE *errors, struct config *config)
{
    cfg_opt_t options[N_OPTIONS];

    *config = defaults;
    error_stream = errors;
    path = config_path(path, environment);
    cfg_t *cfg = parser_new(options);
    if (!cfg)
        return STATUS_NO_MEMORY;

    enum status st = path ? parse_file(cfg, path, errors) : STATUS_OK;
    if (st == STATUS_OK)
        st = take(cfg, environment, errors, config);
    cfg_free(cfg);
    return st;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < N_TEXTS; i++)
        free(*text_at(config, i));
    free(config->database_identity);
    free_list(config->allowed_origins, config->n_allowed_origins);
    free_list((struct bytes *)config->scrub.parameters, config->scrub.n_parameters);
    free_patterns(config);
    *config = defaults;
}
