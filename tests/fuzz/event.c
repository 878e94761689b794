/* event_decode on what json_guard passes: an event's members are within their bounds, and its properties are again such a text. */
#include "model/event.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct event *event, const struct limits *limits, struct arena *arena)
{
    struct guard_result again;

    MUST(event->event_type.len >= 1 && event->event_type.len <= limits->event_type_max_bytes);
    MUST(event->session_id.len >= 1 && event->session_id.len <= limits->session_id_max_bytes);
    MUST(!utf8_has_control(event->event_type) && !utf8_has_control(event->session_id));
    MUST(utf8_error_offset(event->event_type) == event->event_type.len &&
         utf8_error_offset(event->session_id) == event->session_id.len);
    MUST(guard_scan(event->properties, limits, arena, &again) == STATUS_OK);
    MUST(!again.is_array && again.elements[0].fault.status == STATUS_OK);
    MUST(event->properties.p[again.elements[0].text.begin] == '{');
    MUST(again.elements[0].members[GUARD_EVENT_TYPE].end == 0 && again.elements[0].members[GUARD_SESSION_ID].end == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct document_reader *reader;
    const struct limits limits = LIMITS_DEFAULT;
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct guard_result result;
    /* json-c may look at the byte behind. */
    char *copy = fuzz_copy(fuzz_input(data, size));
    struct bytes text = { copy, size };

    if (!reader)
        reader = document_reader_new();
    MUST(reader);
    if (guard_scan(text, &limits, &arena, &result) == STATUS_OK) {
        for (size_t i = 0; i < result.n_elements && i < limits.batch_max_events; i++) {
            struct problem problem = { 0 };
            struct event event;
            if (result.elements[i].fault.status != STATUS_OK)
                continue;
            enum status st = event_decode(text, &result.elements[i], &limits, reader, &arena, &event, &problem);
            MUST(st == STATUS_OK || st == STATUS_INVALID_EVENT || st == STATUS_MISSING_FIELDS || st == STATUS_TOO_LARGE);
            if (st == STATUS_OK)
                check(&event, &limits, &arena);
        }
    }
    arena_free(&arena);
    free(copy);
    return 0;
}
