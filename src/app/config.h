/* What an administrator sets: the file synchrony.conf and the environment, read once at start and then never changed.
 *
 * The only door to libconfuse. Left to others: how a setting is used. */
#ifndef SYNCHRONY_APP_CONFIG_H
#define SYNCHRONY_APP_CONFIG_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/status.h"
#include "model/limits.h"
#include "model/scrub.h"

/* Which event types are taken: any, or those alone that the event catalogue lists. */
enum config_event_types { EVENT_TYPES_ANY, EVENT_TYPES_LISTED };

/* What is either so or not. */
enum config_truth { CONFIG_FALSE, CONFIG_TRUE };

/* How /readyz finds out. */
enum config_readiness { CONFIG_READINESS_ASK, CONFIG_READINESS_WRITE };

/* Whom /metrics answers. */
enum config_metrics { CONFIG_METRICS_OFF, CONFIG_METRICS_LOCAL, CONFIG_METRICS_ALL };

enum config_access {
    CONFIG_ACCESS_OPEN,   /* everybody may everything */
    CONFIG_ACCESS_INGEST, /* everybody may store events, from the listed origins where there is a list; all else needs a key */
    CONFIG_ACCESS_KEYS    /* everything needs a key */
};

struct config {
    char *writer_database; /* libpq connection strings; owned, never NULL */
    char *reader_database;
    char *owner_database;
    char *
        database_identity; /* which database the writer's connection leads to: its string, and what libpq takes from the environment.
                              * For names of what processes share, so that those of different databases do not meet. Owned. */
    char *run_directory;   /* where processes of this host share state; owned; "": they share none */
    char *queue_directory; /* of the durable queue; owned; "": none */
    size_t queue_max_bytes;
    size_t async_body_max_bytes; /* of a batch on request, and of its events */
    size_t async_batch_max_events;
    int batch_retention_s;     /* how long a batch on request can be asked for once it is done */
    size_t writer_connections; /* per process, as are the readers' */
    size_t reader_connections;
    int connect_timeout_s;
    int write_timeout_ms;
    int read_timeout_ms;
    int pool_timeout_ms;
    int read_wait_ms; /* for a place among the long answers */
    int client_timeout_ms;
    size_t group_max_events; /* a group is closed when it has as many events or bytes */
    size_t group_max_bytes;
    struct limits limits;
    struct scrub scrub;            /* what is taken out of events; what it points to is owned */
    struct bytes *allowed_origins; /* owned, as is what they show; none: every origin */
    size_t n_allowed_origins;
    enum config_event_types event_types;
    enum config_truth csv_neutralise;
    enum config_truth csv_byte_order_mark;
    enum config_truth shared_reads;
    size_t quarantine_max_rows; /* 0: refused events are not kept */
    int quarantine_retention_s;
    size_t quarantine_payload_max_bytes;
    size_t quarantine_rate; /* events a second of a type and reason, per process */
    enum config_access access;
    enum config_truth trust_remote_user;
    enum config_truth audit_reads;
    enum config_truth audit_required;
    int keys_max_age_s;
    size_t address_rate; /* events a second; 0: no limit */
    size_t address_burst;
    size_t address_daily_quota; /* 0: none */
    size_t rate_limit_slots;
    enum log_level log_level;
    enum config_metrics metrics;
    enum config_readiness readiness;
    char *log_to;               /* as log_open; owned, as is the next */
    char *log_session_key_file; /* "": sessions are not named in the log */
    int log_successes_per_s;    /* of all processes of the host together */
};

/* Looks up one environment variable; NULL where it is not set. */
typedef const char *config_environment(const char *name);

/* Reads the configuration file, then the environment, which wins.
 *
 * path         NULL: SYNCHRONY_CONF of the environment, else the installed default, which may be missing.
 * environment  gives SYNCHRONY_CONF and SYNCHRONY_{WRITER,READER,OWNER}_DATABASE.
 * errors       gets a line "FILE:LINE: text" per error.
 * config       to be freed with config_free, whatever is returned.
 * Returns STATUS_CONFIG for a file that cannot be read, an unknown option, a wrong type, a value out of range; STATUS_NO_MEMORY. */
enum status config_read(const char *path, config_environment *environment, FILE *errors, struct config *config) MUST_USE;
void config_free(struct config *config);

/* The file that config_read would read; NULL: none. */
const char *config_path(const char *path, config_environment *environment);

#endif
