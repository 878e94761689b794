/* The collector as it is first written in C: one request at a time, one commit per request, many processes.
 *
 * libfcgi, json-c, libpq with prepared statements. A batch is one statement with arrays, the product's own. */
#include <fcgiapp.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { BODY_MAX_BYTES = 1024 * 1024, BATCH_MAX = 1000, COLUMNS_MAX = 16, UUID_TEXT_BYTES = 36, TIME_TEXT_BYTES = 32 };

struct event {
    const char *event_type;
    const char *session_id;
    const char *properties;
    char event_id[UUID_TEXT_BYTES + 1];
    char time[TIME_TEXT_BYTES];
};

static PGconn *database;
static char *columns[COLUMNS_MAX]; /* of the batch statement's parameters */
static int n_columns;

/* ---- the database ---- */

static char *sql_read(const char *name)
{
    char path[4096];
    static char text[65536];

    snprintf(path, sizeof path, "%s/%s.sql", getenv("BENCH_SQL"), name);
    FILE *file = fopen(path, "r");
    if (!file)
        exit(1);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int database_open(void)
{
    static const char *const names[] = { "write_one", "write_many", "read_type" };

    if (database && PQstatus(database) == CONNECTION_OK)
        return 1;
    PQfinish(database);
    database = PQconnectdb("");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        PQclear(PQprepare(database, names[i], sql_read(names[i]), 0, NULL));
    return PQstatus(database) == CONNECTION_OK;
}

static int write_one(const struct event *event)
{
    const char *values[] = { event->event_type, event->session_id, event->properties };
    PGresult *result = PQexecPrepared(database, "write_one", 3, values, NULL, NULL, 0);
    int ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    PQclear(result);
    return ok;
}

static const char *column_value(const struct event *event, const char *column)
{
    if (strcmp(column, "event_type") == 0)
        return event->event_type;
    if (strcmp(column, "session_id") == 0)
        return event->session_id;
    if (strcmp(column, "event_id") == 0)
        return event->event_id;
    if (strcmp(column, "properties") == 0)
        return event->properties;
    return event->time;
}

/* An array in PostgreSQL's text form: {"…","…"}, with \ before each " and \. To be freed. */
static char *array_text(const struct event *events, size_t n, const char *column)
{
    size_t bytes = 3;

    for (size_t i = 0; i < n; i++)
        bytes += 2 * strlen(column_value(&events[i], column)) + 3;
    char *text = malloc(bytes), *to = text;
    *to++ = '{';
    for (size_t i = 0; i < n; i++) {
        *to++ = '"';
        for (const char *from = column_value(&events[i], column); *from; from++) {
            if (*from == '"' || *from == '\\')
                *to++ = '\\';
            *to++ = *from;
        }
        *to++ = '"';
        *to++ = ',';
    }
    to[-1] = '}';
    *to = '\0';
    return text;
}

static int compare_keys(const void *left, const void *right)
{
    const struct event *a = left;
    const struct event *b = right;
    int order = strcmp(a->event_type, b->event_type);

    return order ? order : strcmp(a->session_id, b->session_id);
}

static int write_many(struct event *events, size_t n)
{
    char *values[COLUMNS_MAX];

    qsort(events, n, sizeof *events, compare_keys); /* two batches lock the same rows in the same order */
    for (int i = 0; i < n_columns; i++)
        values[i] = array_text(events, n, columns[i]);
    PGresult *result = PQexecPrepared(database, "write_many", n_columns, (const char *const *)values, NULL, NULL, 0);
    int ok = PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    for (int i = 0; i < n_columns; i++)
        free(values[i]);
    return ok;
}

/* ---- events ---- */

static void identity_make(struct event *event)
{
    unsigned char octets[16];
    struct timespec now;
    struct tm tm;
    char *to = event->event_id;

    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        exit(1);
    octets[6] = (unsigned char)((octets[6] & 0x0f) | 0x40);
    octets[8] = (unsigned char)((octets[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++)
        to += sprintf(to, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", octets[i]);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t len = strftime(event->time, sizeof event->time, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(event->time + len, sizeof event->time - len, ".%06ldZ", now.tv_nsec / 1000);
}

/* Takes the key out of the object: the rest are its properties. */
static int event_read(struct json_object *object, struct event *event)
{
    struct json_object *type, *session;

    if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, "event_type", &type) ||
        !json_object_object_get_ex(object, "session_id", &session) || !json_object_is_type(type, json_type_string) ||
        !json_object_is_type(session, json_type_string))
        return 0;
    event->event_type = strdup(json_object_get_string(type));
    event->session_id = strdup(json_object_get_string(session));
    json_object_object_del(object, "event_type");
    json_object_object_del(object, "session_id");
    event->properties = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    return 1;
}

static void event_free(struct event *event)
{
    free((char *)event->event_type);
    free((char *)event->session_id);
}

/* ---- requests ---- */

static void answer(FCGX_Request *request, const char *status, const char *body)
{
    FCGX_FPrintF(request->out,
                 "Status: %s\r\nContent-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n"
                 "Access-Control-Allow-Methods: GET,POST,OPTIONS\r\nContent-Length: %d\r\n\r\n",
                 status, (int)strlen(body));
    FCGX_PutS(body, request->out);
}

static int store(struct json_object *root, size_t *n)
{
    static struct event events[BATCH_MAX];
    int is_array = json_object_is_type(root, json_type_array);
    size_t announced = is_array ? json_object_array_length(root) : 1;
    int stored;

    for (*n = 0; *n < announced && *n < BATCH_MAX; ++*n) {
        struct json_object *object = is_array ? json_object_array_get_idx(root, *n) : root;
        if (!event_read(object, &events[*n]))
            break;
        if (is_array)
            identity_make(&events[*n]);
    }
    stored = *n == announced && *n ? (is_array ? write_many(events, *n) : write_one(&events[0])) : -1;
    for (size_t i = 0; i < *n; i++)
        event_free(&events[i]);
    return stored;
}

static void post(FCGX_Request *request)
{
    static char body[BODY_MAX_BYTES + 1];
    char text[128];
    size_t n = 0;
    int len = FCGX_GetStr(body, BODY_MAX_BYTES, request->in);

    body[len] = '\0';
    struct json_object *root = json_tokener_parse(body);
    int stored = root ? store(root, &n) : -1;
    if (stored == 1 && json_object_is_type(root, json_type_array)) {
        snprintf(text, sizeof text, "{\"message\":\"Data inserted successfully\",\"received\":%zu,\"inserted\":%zu}", n, n);
        answer(request, "201 Created", text);
    } else if (stored == 1)
        answer(request, "201 Created", "{\"message\":\"Data inserted successfully\"}");
    else if (stored == 0)
        answer(request, "500 Internal Server Error", "{\"error\":\"Internal server error\"}");
    else
        answer(request, "400 Bad Request", "{\"error\":\"Missing required fields: event_type and session_id\"}");
    json_object_put(root);
}

static void get(FCGX_Request *request)
{
    const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
    const char *values[] = { query && strncmp(query, "event_type=", 11) == 0 ? query + 11 : "" };
    PGresult *result = PQexecPrepared(database, "read_type", 1, values, NULL, NULL, 0);

    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        answer(request, "200 OK", PQgetvalue(result, 0, 0));
    else
        answer(request, "500 Internal Server Error", "{\"error\":\"Internal server error\"}");
    PQclear(result);
}

int main(void)
{
    char *rest = strdup(getenv("BENCH_COLUMNS"));
    FCGX_Request request;

    while (n_columns < COLUMNS_MAX && (columns[n_columns] = strsep(&rest, ",")))
        n_columns++;
    FCGX_Init();
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        const char *method = FCGX_GetParam("REQUEST_METHOD", request.envp);
        if (!database_open())
            answer(&request, "503 Service Unavailable", "{\"error\":\"Database is not available\"}");
        else if (method && strcmp(method, "POST") == 0)
            post(&request);
        else
            get(&request);
        FCGX_Finish_r(&request);
    }
    return 0;
}
