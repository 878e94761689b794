#include "app/batch.h"

enum { ENTRY_MAX_BYTES = 128 * 1024 };

enum status batch_new(struct batch *batch, size_t n, struct arena *arena)
{
    *batch = (struct batch){ .items = arena_alloc_array(arena, n, sizeof *batch->items), .n = n };
    return batch->items ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status batch_reject(struct batch *batch, size_t index, enum status verdict, const struct problem *problem, struct arena *arena)
{
    struct problem *copy = arena_alloc(arena, sizeof *copy);

    if (!copy)
        return STATUS_NO_MEMORY;
    *copy = *problem;
    batch->items[index].event.verdict = verdict;
    batch->items[index].problem = copy;
    return STATUS_OK;
}

enum status batch_accepted(const struct batch *batch, struct arena *arena, struct event ***events, size_t *n)
{
    *n = 0;
    *events = arena_alloc_array(arena, batch->n, sizeof **events);
    if (!*events)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->items[i].event.verdict == STATUS_OK)
            (*events)[(*n)++] = &batch->items[i].event;
    }
    return STATUS_OK;
}

static bool is_kept(enum status verdict)
{
    return verdict == STATUS_OK || verdict == STATUS_QUEUED;
}

size_t batch_rejected(const struct batch *batch)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n; i++)
        n += !is_kept(batch->items[i].event.verdict);
    return n;
}

size_t batch_violations_bytes(const struct batch *batch)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n; i++)
        n += batch->items[i].problem ? batch->items[i].problem->violations.len : 0;
    return n;
}

enum status batch_outcome(const struct batch *batch)
{
    enum status first = STATUS_OK;

    for (size_t i = 0; i < batch->n; i++) {
        enum status verdict = batch->items[i].event.verdict;
        if (is_kept(verdict))
            return STATUS_OK;
        if (first == STATUS_OK && status_info(verdict)->retry)
            first = verdict;
    }
    return first;
}

struct counts {
    size_t stored; /* duplicates among them */
    size_t duplicates;
    size_t queued;
};

static struct counts count(const struct batch *batch)
{
    struct counts counts = { 0 };

    for (size_t i = 0; i < batch->n; i++) {
        counts.stored += batch->items[i].event.verdict == STATUS_OK;
        counts.duplicates += batch->items[i].event.is_duplicate;
        counts.queued += batch->items[i].event.verdict == STATUS_QUEUED;
    }
    return counts;
}

static void add_head(const struct batch *batch, struct http_response *response, struct buf *text)
{
    struct counts counts = count(batch);

    if (counts.queued) {
        response->code = 202;
        buf_add_format(text, "{\"message\":\"Event queued\",\"queued\":%zu", counts.queued);
    } else if (counts.stored == batch->n) {
        response->code = 201;
        buf_add_text(text, "{\"message\":\"Data inserted successfully\"");
    } else if (counts.stored) {
        response->code = 207;
        buf_add_text(text, "{\"message\":\"Some events were rejected\"");
    } else {
        response->code = 400;
        buf_add_text(text, "{\"error\":\"All events were rejected\",\"code\":\"batch_rejected\",\"request_id\":");
        buf_add_json(text, response->request_id);
        buf_add_text(text, ",\"message\":\"All events were rejected\"");
    }
    buf_add_format(text, ",\"received\":%zu,\"inserted\":%zu,\"duplicates\":%zu,\"rejected\":%zu,\"errors\":[", batch->n,
                   counts.stored - counts.duplicates, counts.duplicates, batch->n - counts.stored - counts.queued);
}

static void add_error(size_t index, const struct batch_item *item, bool is_first, struct buf *text)
{
    const struct status_info *info = status_info(item->event.verdict);

    buf_add_format(text, "%s{\"index\":%zu,\"code\":\"%s\",\"error\":", is_first ? "" : ",", index, info->code);
    buf_add_json(text, bytes_of(info->sentence));
    if (item->problem && item->problem->details[0]) {
        buf_add_text(text, ",\"details\":");
        buf_add_json(text, bytes_of(item->problem->details));
    }
    /* The empty pointer is the whole event. */
    buf_add_text(text, ",\"pointer\":");
    buf_add_json(text, bytes_of(item->problem && item->problem->pointer ? item->problem->pointer : ""));
    if (item->problem && item->problem->violations.p) {
        buf_add_text(text, ",\"violations\":");
        buf_add(text, item->problem->violations);
    }
    buf_add_format(text, ",\"retry\":%s}", info->retry ? "true" : "false");
}

enum status batch_answer(const struct batch *batch, struct http_response *response)
{
    struct buf text = buf_new(ENTRY_MAX_BYTES);
    bool is_first = true;

    add_head(batch, response, &text);
    enum status st = text.failed ? STATUS_NO_MEMORY : http_response_write(response, buf_bytes(&text));
    for (size_t i = 0; i < batch->n && st == STATUS_OK; i++) {
        if (is_kept(batch->items[i].event.verdict))
            continue;
        buf_reset(&text);
        add_error(i, &batch->items[i], is_first, &text);
        is_first = false;
        st = text.failed ? STATUS_NO_MEMORY : http_response_write(response, buf_bytes(&text));
    }
    buf_free(&text);
    return st == STATUS_OK ? http_response_write(response, BYTES("]}")) : st;
}
