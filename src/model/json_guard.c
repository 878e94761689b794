#include "model/json_guard.h"

#include <stdint.h>
#include <string.h>

#include "base/text_hash.h"
#include "model/escapes.h"
#include "model/name_set.h"
#include "model/number.h"
#include "model/string_scan.h"

/* What a byte can begin. */
enum token { T_OTHER, T_SPACE, T_OBJECT, T_OBJECT_END, T_ARRAY, T_ARRAY_END, T_COLON, T_COMMA, T_QUOTE, T_NUMBER, T_WORD, T_COUNT };

static const unsigned char tokens[256] = {
    [' '] = T_SPACE,      ['\t'] = T_SPACE, ['\n'] = T_SPACE,    ['\r'] = T_SPACE, ['{'] = T_OBJECT,
    ['}'] = T_OBJECT_END, ['['] = T_ARRAY,  [']'] = T_ARRAY_END, [':'] = T_COLON,  [','] = T_COMMA,
    ['"'] = T_QUOTE,      ['t'] = T_WORD,   ['f'] = T_WORD,      ['n'] = T_WORD,   ['-'] = T_NUMBER,
    ['0'] = T_NUMBER,     ['1'] = T_NUMBER, ['2'] = T_NUMBER,    ['3'] = T_NUMBER, ['4'] = T_NUMBER,
    ['5'] = T_NUMBER,     ['6'] = T_NUMBER, ['7'] = T_NUMBER,    ['8'] = T_NUMBER, ['9'] = T_NUMBER,
};

/* What the scan waits for. */
enum state {
    S_VALUE,         /* a value must come */
    S_FIRST_ELEMENT, /* behind "[" */
    S_FIRST_NAME,    /* behind "{" */
    S_NAME,          /* behind a comma in an object */
    S_COLON,         /* behind a name */
    S_AFTER_ELEMENT, /* behind a value in an array */
    S_AFTER_MEMBER,  /* behind a value in an object */
    S_END,           /* behind the text's value */
    S_COUNT
};

static const char *const expectations[] = {
    [S_VALUE] = "a value was expected",
    [S_FIRST_ELEMENT] = "a value or \"]\" was expected",
    [S_FIRST_NAME] = "a member name or \"}\" was expected",
    [S_NAME] = "a member name was expected",
    [S_COLON] = "\":\" was expected",
    [S_AFTER_ELEMENT] = "\",\" or \"]\" was expected",
    [S_AFTER_MEMBER] = "\",\" or \"}\" was expected",
    [S_END] = "nothing may follow the value",
};
_Static_assert(sizeof expectations / sizeof expectations[0] == S_COUNT, "an expectation for each state");

/* An object or array that is open. */
struct frame {
    bool is_object;
    uint32_t n_members;
    struct name_scope names;
};

struct scan {
    const char *p;
    size_t len;
    size_t at;
    enum state state;
    size_t depth; /* frames that are open */
    struct frame frames[LIMIT_NESTING];
    struct name_set names;
    size_t element_depth;          /* frames open around an event: 1 in an array of events, else 0 */
    struct guard_element *element; /* the one that is being read; &unrecorded past batch_max_events */
    struct guard_element unrecorded;
    size_t elements_capacity;
    struct guard_span *member; /* of the element, whose value is being read; else NULL */
    const struct limits *limits;
    struct arena *arena;
    struct guard_result *result;
};

static bool refuse(struct scan *scan, enum status st, size_t offset, const char *reason)
{
    scan->result->fault = (struct guard_fault){ .status = st, .offset = offset, .reason = reason };
    return false;
}

static bool out_of_memory(struct scan *scan)
{
    return refuse(scan, STATUS_NO_MEMORY, scan->at, "out of memory");
}

/* The first fault of an element stands. */
static void blame_element(struct scan *scan, enum status st, size_t offset, const char *reason)
{
    if (scan->element && scan->element->fault.status == STATUS_OK)
        scan->element->fault = (struct guard_fault){ .status = st, .offset = offset, .reason = reason };
}

/* ---- punctuation ---- */

static inline bool colon(struct scan *scan)
{
    scan->at++;
    scan->state = S_VALUE;
    return true;
}

static inline bool comma_in_array(struct scan *scan)
{
    scan->at++;
    scan->state = S_VALUE;
    return true;
}

static inline bool comma_in_object(struct scan *scan)
{
    scan->at++;
    scan->state = S_NAME;
    return true;
}

/* Right behind what was read: so compact texts take half the turns. */
static inline bool stands_next(const struct scan *scan, char c)
{
    return scan->at < scan->len && scan->p[scan->at] == c;
}

/* ---- elements ---- */

/* Makes room for as many elements as there will be, going by the length of those before. Rare, and kept out of what is in line. */
static __attribute__((noinline)) bool elements_grow(struct scan *scan)
{
    enum { FIRST_CAPACITY = 4 };
    struct guard_result *result = scan->result;
    size_t n = result->n_elements, capacity = n ? n * (scan->len / scan->at + 1) : FIRST_CAPACITY;

    if (capacity > scan->limits->batch_max_events)
        capacity = scan->limits->batch_max_events;
    struct guard_element *grown = arena_alloc(scan->arena, capacity * sizeof *grown);
    if (!grown)
        return out_of_memory(scan);
    if (n)
        memcpy(grown, result->elements, n * sizeof *grown);
    result->elements = grown;
    scan->elements_capacity = capacity;
    return true;
}

static bool element_begin(struct scan *scan)
{
    struct guard_result *result = scan->result;

    if (result->n_elements >= scan->limits->batch_max_events)
        scan->element = &scan->unrecorded;
    else if (result->n_elements < scan->elements_capacity || elements_grow(scan))
        scan->element = &result->elements[result->n_elements];
    else
        return false;
    *scan->element = (struct guard_element){ .text.begin = scan->at };
    result->n_elements++;
    return true;
}

/* A value that is an element, or that is noted for being a member with a meaning. */
static bool noted_value_begin(struct scan *scan, enum token token)
{
    if (scan->depth == 0 && token == T_ARRAY) {
        scan->result->is_array = true;
        scan->element_depth = 1;
        return true;
    }
    if (scan->member && scan->depth == scan->element_depth + 1)
        scan->element->values[scan->member - scan->element->members] = scan->at;
    return scan->depth != scan->element_depth || element_begin(scan);
}

static inline bool value_begin(struct scan *scan, enum token token)
{
    if (scan->result->n_values++ >= scan->limits->values_max)
        return refuse(scan, STATUS_LIMIT, scan->at, "too many values");
    return (scan->depth > scan->element_depth && !scan->member) || noted_value_begin(scan, token);
}

static void noted_value_end(struct scan *scan)
{
    if (scan->element && scan->depth == scan->element_depth) {
        scan->element->text.end = scan->at;
        scan->element = NULL;
    } else if (scan->member && scan->depth == scan->element_depth + 1) {
        scan->member->end = scan->at;
        scan->member = NULL;
    }
}

static inline bool value_end(struct scan *scan)
{
    if (scan->depth <= scan->element_depth || scan->member)
        noted_value_end(scan);
    if (scan->depth == 0) {
        scan->state = S_END;
        return true;
    }
    bool in_object = scan->frames[scan->depth - 1].is_object;
    scan->state = in_object ? S_AFTER_MEMBER : S_AFTER_ELEMENT;
    if (stands_next(scan, ','))
        return in_object ? comma_in_object(scan) : comma_in_array(scan);
    return true;
}

/* ---- containers ---- */

static bool container_begin(struct scan *scan, enum token token)
{
    if (!value_begin(scan, token))
        return false;
    if (scan->depth == LIMIT_NESTING)
        return refuse(scan, STATUS_LIMIT, scan->at, "nested too deep");
    if (scan->depth - scan->element_depth >= scan->limits->nesting_max && scan->depth >= scan->element_depth)
        blame_element(scan, STATUS_LIMIT, scan->at, "nested too deep");
    scan->frames[scan->depth++] = (struct frame){ .is_object = token == T_OBJECT, .names = name_set_open(&scan->names) };
    scan->state = token == T_OBJECT ? S_FIRST_NAME : S_FIRST_ELEMENT;
    scan->at++;
    return true;
}

static bool object_begin(struct scan *scan)
{
    return container_begin(scan, T_OBJECT);
}

static bool array_begin(struct scan *scan)
{
    return container_begin(scan, T_ARRAY);
}

static bool container_end(struct scan *scan)
{
    name_set_close(&scan->names, &scan->frames[--scan->depth].names);
    scan->at++;
    return value_end(scan);
}

/* ---- strings and names ---- */

static inline bool string(struct scan *scan, struct string_scan *found)
{
    const char *behind = string_scan(scan->p + scan->at, scan->p + scan->len, found);

    if (!behind)
        return refuse(scan, STATUS_INVALID_JSON, (size_t)(found->at - scan->p), found->fault);
    if (found->unstorable)
        blame_element(scan, STATUS_UNREPRESENTABLE, (size_t)(found->at - scan->p), found->unstorable);
    scan->at = (size_t)(behind - scan->p);
    return true;
}

static bool string_value(struct scan *scan)
{
    struct string_scan found;

    return value_begin(scan, T_QUOTE) && string(scan, &found) && value_end(scan);
}

/* An escape is never shorter than what it stands for, so the decoded text fits where the escaped did. */
static bool decode(struct scan *scan, struct bytes *content)
{
    char *decoded = arena_alloc(scan->arena, content->len);

    if (!decoded)
        return out_of_memory(scan);
    *content = (struct bytes){ decoded, escapes_decode(*content, decoded) };
    return true;
}

/* Notes a decoded name of the innermost object, and whether that object had it already. */
static bool name_add(struct scan *scan, struct bytes text, size_t offset)
{
    struct frame *frame = &scan->frames[scan->depth - 1];

    if (frame->n_members++ >= scan->limits->members_max) {
        blame_element(scan, STATUS_LIMIT, offset, "too many members in one object");
        return true; /* the names past the limit are not compared */
    }
    enum name_finding finding = name_set_add(&scan->names, &frame->names, text);
    if (finding == NAME_TWICE)
        blame_element(scan, STATUS_UNREPRESENTABLE, offset, "a member name stands twice in one object");
    return finding != NAME_NO_MEMORY || out_of_memory(scan);
}

/* Names with a meaning, which all have between WATCHED_MIN and WATCHED_MAX bytes. */
static void watch(struct scan *scan, struct bytes name, size_t offset)
{
    enum { WATCHED_MIN = 8, WATCHED_MAX = 10 };
    static const struct bytes watched[] = { [GUARD_EVENT_TYPE] = BYTES("event_type"),
                                            [GUARD_SESSION_ID] = BYTES("session_id"),
                                            [GUARD_EVENT_ID] = BYTES("event_id"),
                                            [GUARD_TIMESTAMP] = BYTES("timestamp"),
                                            [GUARD_PAGE_URL] = BYTES("page_url") };
    _Static_assert(sizeof watched / sizeof watched[0] == GUARD_MEMBER_COUNT, "a name for each member");

    if (name.len < WATCHED_MIN || name.len > WATCHED_MAX || !scan->element || scan->depth != scan->element_depth + 1)
        return;
    for (size_t i = 0; i < GUARD_MEMBER_COUNT; i++) {
        if (name.len == watched[i].len && text_same(name.p, watched[i].p, name.len)) {
            scan->member = &scan->element->members[i];
            scan->member->begin = offset;
            return;
        }
    }
}

static bool member_name(struct scan *scan)
{
    size_t offset = scan->at;
    struct string_scan found;

    if (!string(scan, &found) || (found.has_escapes && !decode(scan, &found.content)) || !name_add(scan, found.content, offset))
        return false;
    watch(scan, found.content, offset);
    scan->state = S_COLON;
    if (stands_next(scan, ':'))
        return colon(scan);
    return true;
}

static bool number_value(struct scan *scan)
{
    size_t begin = scan->at, len = 0;

    if (!value_begin(scan, T_NUMBER))
        return false;
    enum number_verdict verdict = number_scan((struct bytes){ scan->p + begin, scan->len - begin }, &len);
    if (verdict == NUMBER_MALFORMED)
        return refuse(scan, STATUS_INVALID_JSON, begin, "not a number");
    if (verdict == NUMBER_INTEGER_TOO_LARGE)
        blame_element(scan, STATUS_UNREPRESENTABLE, begin, "an integer must lie within -2^63 and 2^64-1");
    else if (verdict == NUMBER_DECIMAL_TOO_LARGE)
        blame_element(scan, STATUS_UNREPRESENTABLE, begin, "a number may have an exponent within 308 and 40 significant digits");
    scan->at += len;
    return value_end(scan);
}

/* ---- the rest ---- */

static bool word_value(struct scan *scan)
{
    static const struct bytes words[] = { BYTES("true"), BYTES("false"), BYTES("null") };
    struct bytes rest = { scan->p + scan->at, scan->len - scan->at };

    if (!value_begin(scan, T_WORD))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_begins_with(rest, words[i])) {
            scan->at += words[i].len;
            return value_end(scan);
        }
    }
    return refuse(scan, STATUS_INVALID_JSON, scan->at, "a value was expected");
}

typedef bool step(struct scan *scan);

/* What a token does where it is allowed; NULL where it is not. */
static step *const steps[S_COUNT][T_COUNT] = {
    [S_VALUE] = { [T_OBJECT] = object_begin,
                  [T_ARRAY] = array_begin,
                  [T_QUOTE] = string_value,
                  [T_NUMBER] = number_value,
                  [T_WORD] = word_value },
    [S_FIRST_ELEMENT] = { [T_OBJECT] = object_begin,
                          [T_ARRAY] = array_begin,
                          [T_QUOTE] = string_value,
                          [T_NUMBER] = number_value,
                          [T_WORD] = word_value,
                          [T_ARRAY_END] = container_end },
    [S_FIRST_NAME] = { [T_QUOTE] = member_name, [T_OBJECT_END] = container_end },
    [S_NAME] = { [T_QUOTE] = member_name },
    [S_COLON] = { [T_COLON] = colon },
    [S_AFTER_ELEMENT] = { [T_COMMA] = comma_in_array, [T_ARRAY_END] = container_end },
    [S_AFTER_MEMBER] = { [T_COMMA] = comma_in_object, [T_OBJECT_END] = container_end },
};

static bool run(struct scan *scan)
{
    for (;;) {
        while (scan->at < scan->len && tokens[(unsigned char)scan->p[scan->at]] == T_SPACE)
            scan->at++;
        if (scan->at == scan->len)
            break;
        step *next = steps[scan->state][tokens[(unsigned char)scan->p[scan->at]]];
        if (!next)
            return refuse(scan, STATUS_INVALID_JSON, scan->at, expectations[scan->state]);
        if (!next(scan))
            return false;
    }
    return scan->state == S_END || refuse(scan, STATUS_INVALID_JSON, scan->len, expectations[scan->state]);
}

enum status guard_scan(struct bytes text, const struct limits *limits, struct arena *arena, struct guard_result *result)
{
    struct scan scan;

    /* The frames, the larger part of it, need no clearing. */
    memset(&scan, 0, offsetof(struct scan, frames));
    memset(&scan.names, 0, sizeof scan - offsetof(struct scan, names));
    scan.p = text.p;
    scan.len = text.len;
    scan.limits = limits;
    scan.arena = scan.names.arena = arena;
    scan.result = result;
    *result = (struct guard_result){ 0 };
    return run(&scan) ? STATUS_OK : result->fault.status;
}
