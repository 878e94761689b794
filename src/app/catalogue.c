#include "app/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/metrics.h"

#define URI_BEGIN "synchrony:/schemas/"
#define URI_END ".json"

enum { URI_ARENA_BYTES = 16 * 1024 };

struct catalogue {
    size_t n_holders; /* under the lock of its place */
    bool is_unknown;  /* stands where none has been read, and all types are asked for */
    struct schema_set *set;
    char *texts; /* the types' names, one behind the other */
    struct catalogue_entry *entries;
    size_t n_entries;
    uint32_t
        *slots; /* by the hash of the type: number of the entry, from 1; 0: free. A power of two of them, less than half in use */
    size_t slot_mask;
};

void catalogue_free(struct catalogue *catalogue)
{
    if (!catalogue)
        return;
    schema_set_free(catalogue->set);
    free(catalogue->entries);
    free(catalogue->slots);
    free(catalogue->texts);
    free(catalogue);
}

/* ---- compiling ---- */

/* RFC 3986, section 2.3. */
static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-._~", c));
}

struct bytes catalogue_uri(struct bytes event_type, struct arena *arena)
{
    static const char hex[] = "0123456789ABCDEF";
    char *uri = arena_alloc(arena, sizeof URI_BEGIN + sizeof URI_END + 3 * event_type.len);
    size_t len = sizeof URI_BEGIN - 1;

    if (!uri)
        return (struct bytes){ 0 };
    memcpy(uri, URI_BEGIN, len);
    for (size_t i = 0; i < event_type.len; i++) {
        unsigned char c = (unsigned char)event_type.p[i];
        if (is_unreserved(c)) {
            uri[len++] = (char)c;
            continue;
        }
        uri[len++] = '%';
        uri[len++] = hex[c >> 4];
        uri[len++] = hex[c & 15];
    }
    memcpy(uri + len, URI_END, sizeof URI_END - 1);
    return (struct bytes){ uri, len + sizeof URI_END - 1 };
}

static bool make_room(struct catalogue *catalogue, const struct event_schema *schemas, size_t n)
{
    size_t texts_len = 0, slots = 4;

    for (size_t i = 0; i < n; i++)
        texts_len += schemas[i].event_type.len;
    while (slots <= 2 * n)
        slots *= 2;
    catalogue->set = schema_set_new();
    catalogue->texts = malloc(texts_len + 1);
    catalogue->entries = calloc(n, sizeof *catalogue->entries);
    catalogue->slots = calloc(slots, sizeof *catalogue->slots);
    catalogue->slot_mask = slots - 1;
    return catalogue->set && catalogue->texts && catalogue->entries && catalogue->slots;
}

static void enter(struct catalogue *catalogue, const struct event_schema *schema, const struct schema *compiled, char **texts)
{
    struct catalogue_entry *entry = &catalogue->entries[catalogue->n_entries++];

    memcpy(*texts, schema->event_type.p, schema->event_type.len);
    entry->event_type = (struct bytes){ *texts, schema->event_type.len };
    *texts += schema->event_type.len;
    entry->version = schema->version;
    entry->mode = schema->mode;
    entry->schema = compiled;
    entry->label = metrics_label(METRIC_LABEL_EVENT_TYPE, entry->event_type);
    size_t slot = hash_fnv1a(entry->event_type) & catalogue->slot_mask;
    while (catalogue->slots[slot])
        slot = (slot + 1) & catalogue->slot_mask;
    catalogue->slots[slot] = (uint32_t)catalogue->n_entries;
}

/* What is off is compiled, too: others may refer to it. */
static enum status compile(struct catalogue *catalogue, const struct event_schema *schemas, size_t n, struct arena *arena,
                           struct schema_fault *fault, size_t *fault_at)
{
    struct bytes *uris = arena_alloc_array(arena, n, sizeof *uris);
    char *texts = catalogue->texts;

    for (size_t i = 0; i < n && uris; i++) {
        uris[i] = catalogue_uri(schemas[i].event_type, arena);
        enum status st = uris[i].p ? schema_set_add(catalogue->set, uris[i], schemas[i].text, fault) : STATUS_NO_MEMORY;
        *fault_at = i;
        if (st != STATUS_OK)
            return st;
    }
    enum status st = uris ? schema_set_compile(catalogue->set, fault) : STATUS_NO_MEMORY;
    for (size_t i = 0; i < n && st == STATUS_INVALID_SCHEMA; i++) {
        if (bytes_equal(bytes_of(fault->uri), uris[i]))
            *fault_at = i;
    }
    for (size_t i = 0; i < n && st == STATUS_OK; i++) {
        if (schemas[i].mode != EVENT_SCHEMA_SHARED)
            enter(catalogue, &schemas[i], schema_set_find(catalogue->set, uris[i]), &texts);
    }
    return st;
}

enum status catalogue_compile(const struct event_schema *schemas, size_t n, struct catalogue **catalogue,
                              struct schema_fault *fault, size_t *fault_at)
{
    struct arena arena = arena_new(n * URI_ARENA_BYTES + URI_ARENA_BYTES);
    size_t at = 0;
    enum status st = STATUS_NO_MEMORY;

    *catalogue = n ? calloc(1, sizeof **catalogue) : NULL;
    if (!n)
        return STATUS_OK;
    if (*catalogue && make_room(*catalogue, schemas, n))
        st = compile(*catalogue, schemas, n, &arena, fault, &at);
    if (fault_at)
        *fault_at = at;
    if (st == STATUS_OK) {
        (*catalogue)->n_holders = 1;
    } else {
        catalogue_free(*catalogue);
        *catalogue = NULL;
    }
    arena_free(&arena);
    return st;
}

/* ---- judging by it ---- */

struct catalogue_entry *catalogue_find(struct catalogue *catalogue, struct bytes event_type)
{
    if (!catalogue->n_entries)
        return NULL;
    for (size_t slot = hash_fnv1a(event_type) & catalogue->slot_mask; catalogue->slots[slot];
         slot = (slot + 1) & catalogue->slot_mask) {
        struct catalogue_entry *entry = &catalogue->entries[catalogue->slots[slot] - 1];
        if (bytes_equal(entry->event_type, event_type))
            return entry;
    }
    return NULL;
}

bool catalogue_is_unknown(const struct catalogue *catalogue)
{
    return catalogue->is_unknown;
}

/* ---- the place ---- */

/* One without schemas, which stands where a closed catalogue is empty, or unknown. */
static struct catalogue *blank(bool is_unknown)
{
    struct catalogue *catalogue = calloc(1, sizeof *catalogue);

    if (catalogue) {
        catalogue->n_holders = 1;
        catalogue->is_unknown = is_unknown;
    }
    return catalogue;
}

enum status catalogue_place_open(struct catalogue_place *place, bool is_closed)
{
    struct catalogue *unknown = is_closed ? blank(true) : NULL;

    pthread_mutex_init(&place->lock, NULL);
    atomic_init(&place->present, unknown);
    place->is_closed = is_closed;
    return unknown || !is_closed ? STATUS_OK : STATUS_NO_MEMORY;
}

void catalogue_place_close(struct catalogue_place *place)
{
    catalogue_free(atomic_exchange(&place->present, NULL));
    pthread_mutex_destroy(&place->lock);
}

/* With the lock. Returns what is to be freed when it is given back. */
static struct catalogue *give_up(struct catalogue *catalogue)
{
    return catalogue && --catalogue->n_holders == 0 ? catalogue : NULL;
}

enum status catalogue_place_take(struct catalogue_place *place, struct catalogue *catalogue)
{
    if (!catalogue && place->is_closed) {
        catalogue = blank(false);
        if (!catalogue)
            return STATUS_NO_MEMORY;
    }
    pthread_mutex_lock(&place->lock);
    struct catalogue *old = give_up(atomic_exchange(&place->present, catalogue));
    pthread_mutex_unlock(&place->lock);
    catalogue_free(old);
    return STATUS_OK;
}

/* Lets *held go and holds the present one. */
struct catalogue *catalogue_exchange(struct catalogue_place *place, struct catalogue **held)
{
    pthread_mutex_lock(&place->lock);
    struct catalogue *old = give_up(*held);
    *held = atomic_load(&place->present);
    if (*held)
        (*held)->n_holders++;
    pthread_mutex_unlock(&place->lock);
    catalogue_free(old);
    return *held;
}

void catalogue_let_go(struct catalogue_place *place, struct catalogue **held)
{
    pthread_mutex_lock(&place->lock);
    struct catalogue *old = give_up(*held);
    *held = NULL;
    pthread_mutex_unlock(&place->lock);
    catalogue_free(old);
}
