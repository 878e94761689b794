/* What a step of work came to: one enumeration for the whole program, and the one table that says what each value means to a
 * client (HTTP status, code word, sentence, whether to try again), to a shell (exit code) and to the log (level).
 *
 * A result starts as a failure and becomes STATUS_OK last. Left to others: which SQLSTATE means which status (store/db). */
#ifndef SYNCHRONY_BASE_STATUS_H
#define SYNCHRONY_BASE_STATUS_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_arg) __attribute__((format(printf, format_index, first_arg)))

enum status {
    STATUS_OK,                 /* done */
    STATUS_END,                /* nothing further: the last row, the last request; no failure */
    STATUS_QUEUED,             /* not stored yet, but on disk: it will be */
    STATUS_INTERNAL,           /* our fault, or the operating system's */
    STATUS_NO_MEMORY,          /* an allocation failed */
    STATUS_MISSING_FIELDS,     /* no event_type, no session_id, or no body */
    STATUS_MISSING_PARAMETER,  /* no ?event_type= */
    STATUS_INVALID_JSON,       /* not a JSON text (RFC 8259) in UTF-8 */
    STATUS_UNREPRESENTABLE,    /* a JSON text that cannot be stored faithfully */
    STATUS_LIMIT,              /* nested too deep, too many members, too many values */
    STATUS_INVALID_EVENT,      /* a JSON value that is no event */
    STATUS_SCHEMA_VIOLATED,    /* an event that does not fit the schema of its type */
    STATUS_SCHEMA_TOO_COSTLY,  /* an event that cannot be judged by its schema within bounds */
    STATUS_UNKNOWN_EVENT_TYPE, /* the catalogue is closed and does not list it */
    STATUS_INVALID_SCHEMA,     /* a JSON Schema that cannot be used */
    STATUS_SENSITIVE,          /* an event with a card number, an IBAN or the like, where a rule refuses it */
    STATUS_INVALID_PARAMETER,  /* the query string */
    STATUS_INVALID_BODY,       /* the body is not as it was announced */
    STATUS_INVALID_ENCODING,   /* the body is not in the coding that was announced */
    STATUS_UNPROCESSABLE,      /* the database says that this value can never be stored */
    STATUS_UNAUTHORIZED,       /* no key, or one that is not valid */
    STATUS_FORBIDDEN,          /* a key or a user that may not do this */
    STATUS_RATE_LIMITED,       /* past what the plan allows */
    STATUS_NOT_FOUND,          /* no such path */
    STATUS_METHOD_NOT_ALLOWED, /* no such method on this path */
    STATUS_NOT_ACCEPTABLE,     /* no representation that the client takes */
    STATUS_TOO_LARGE,          /* body, event or batch */
    STATUS_UNSUPPORTED_MEDIA,  /* content type or coding */
    STATUS_UNAVAILABLE,        /* the database cannot be reached, or cannot take it now; the outcome may be unknown */
    STATUS_NOT_SET_UP, /* the database is there but refuses us: no such role, right, database or table; an administrator is needed */
    STATUS_BUSY,       /* too many wait already */
    STATUS_NO_ROOM,    /* the durable queue or its disk is full; nothing was written */
    STATUS_RETRY,      /* a conflict between transactions: the same again will do */
    STATUS_CLIENT_GONE, /* the other end of the connection has left */
    STATUS_USAGE,       /* the command line */
    STATUS_CONFIG,      /* the configuration file */
    STATUS_CONFLICT,    /* what is there is not what it should be (a migration that was changed) */
    STATUS_COUNT
};

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_COUNT };

struct status_info {
    const char *code;     /* stable machine word, [a-z_]+ */
    const char *sentence; /* for people; the member "error" of an answer */
    int http;             /* 200 to 599; 0 where there is nobody to answer */
    int exit;             /* of a command: 0, 1, 2 (usage, configuration) or 69 (unavailable, sysexits.h) */
    enum log_level level;
    bool retry; /* may the client send the same again? */
};

/* The row of one status; never NULL. */
const struct status_info *status_info(enum status st);

#endif
