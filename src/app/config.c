#include "app/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/config_option.h"
#include "app/config_text.h"
#include "model/origin.h"
#include "store/db.h"

#define DEFAULT_PATH SYNCHRONY_SYSCONFDIR "/synchrony/synchrony.conf"

enum { IDENTITY_MAX_BYTES = 4 * 1024 * 1024 };

#define ALLOWED_ORIGINS "allowed_origins"
#define PAGE_URL_PARAMETERS "page_url_parameters"
#define SCRUB_PATTERN_LIST "scrub_patterns"

enum { PARSER_OPTIONS_MAX = CONFIG_OPTIONS_MAX + 4 /* the three above and the end */ };

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
    const struct number_option *option = config_numbers;
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
    const struct choice_option *option = config_choices;
    const char *value = cfg_opt_getnstr(opt, 0);

    while (strcmp(option->name, opt->name) != 0)
        option++;
    if (choice_option_of(option, bytes_of(value)) >= 0)
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

/* ---- reading ---- */

static enum status parse_text(cfg_t *cfg, const char *path, struct buf *text)
{
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
    struct buf text;
    enum status st = config_text_read(path, errors, &text);

    if (st == STATUS_OK)
        st = parse_text(cfg, path, &text);
    buf_free(&text);
    return st;
}

static cfg_t *parser_new(cfg_opt_t options[PARSER_OPTIONS_MAX])
{
    size_t n = 0;

    for (const struct text_option *text = config_texts; text->name; text++)
        options[n++] = (cfg_opt_t)CFG_STR(text->name, "", CFGF_NONE);
    for (const struct number_option *number = config_numbers; number->name; number++)
        options[n++] = (cfg_opt_t)CFG_INT(number->name, number_option_get(number, &config_defaults), CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(ALLOWED_ORIGINS, NULL, CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(PAGE_URL_PARAMETERS, NULL, CFGF_NONE);
    options[n++] = (cfg_opt_t)CFG_STR_LIST(SCRUB_PATTERN_LIST, NULL, CFGF_NONE);
    for (const struct choice_option *choice = config_choices; choice->name; choice++)
        options[n++] = (cfg_opt_t)CFG_STR(choice->name, choice->start, CFGF_NONE);
    options[n] = (cfg_opt_t)CFG_END();

    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    if (!cfg)
        return NULL;
    cfg_set_error_function(cfg, print_error);
    for (const struct number_option *number = config_numbers; number->name; number++)
        cfg_set_validate_func(cfg, number->name, validate_number);
    for (const struct text_option *text = config_texts; text->name; text++) {
        if (text->variable)
            cfg_set_validate_func(cfg, text->name, validate_conninfo);
    }
    for (const struct choice_option *choice = config_choices; choice->name; choice++)
        cfg_set_validate_func(cfg, choice->name, validate_choice);
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

    for (const struct text_option *option = config_texts; option->name; option++) {
        const char *value = setting(environment, option->variable);
        if (value && db_conninfo_error(value, fault, sizeof fault)) {
            fprintf(errors, "%s of the environment is no connection string: %s\n", option->variable, fault);
            st = STATUS_CONFIG;
        }
        char **text = text_option_at(option, config);
        *text = strdup(value ? value : cfg_getstr(cfg, option->name));
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
    for (const struct number_option *number = config_numbers; number->name; number++)
        number_option_set(number, config, cfg_getint(cfg, number->name));
    for (const struct choice_option *choice = config_choices; choice->name; choice++)
        choice_option_set(choice, config, choice_option_of(choice, bytes_of(cfg_getstr(cfg, choice->name))));

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
    cfg_opt_t options[PARSER_OPTIONS_MAX];

    *config = config_defaults;
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
    for (const struct text_option *text = config_texts; text->name; text++)
        free(*text_option_at(text, config));
    free(config->database_identity);
    free_list(config->allowed_origins, config->n_allowed_origins);
    free_list((struct bytes *)config->scrub.parameters, config->scrub.n_parameters);
    free_patterns(config);
    *config = config_defaults;
}
