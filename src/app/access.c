#include "app/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit.h"
#include "app/key_keeper.h"
#include "app/rate_limit.h"
#include "app/routes.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "model/client_address.h"
#include "model/origin.h"

enum { NS_PER_S = 1000000000, S_PER_DAY = 86400, FIELD_BYTES = 128, SUBJECT_MAX_BYTES = 16 * 1024 };

struct access {
    const struct config *config;
    struct key_keeper *keeper; /* NULL: access is open */
    struct rate_limit *limit;
    struct audit *audit; /* NULL: reads are not recorded */
    struct gcra address_rate;
};

/* Who calls. */
struct caller {
    struct bytes address; /* as the web server says */
    struct bytes actor;   /* "key:ID" or "user:NAME"; absent: nobody knows */
    struct bytes event_types;
    api_scopes scopes;
    struct rate_demand demand;
    bool is_limited;
    bool is_charged;
    struct client_address network; /* what demand.who is of an address */
    char key_id[API_KEY_ID_BYTES + 1];
};

/* ---- beginning and end ---- */

static bool is_wanted(const struct config *config)
{
    return config->access != CONFIG_ACCESS_OPEN || config->address_rate || config->address_daily_quota || config->trust_remote_user;
}

enum status access_open(struct access **access, const struct config *config)
{
    struct access *made = is_wanted(config) ? calloc(1, sizeof *made) : NULL;
    enum status st;

    *access = made;
    if (!made)
        return is_wanted(config) ? STATUS_NO_MEMORY : STATUS_OK;
    made->config = config;
    made->address_rate =
        (struct gcra){ .interval_ns = config->address_rate ? NS_PER_S / config->address_rate : 0, .burst = config->address_burst };
    st = rate_limit_open(&made->limit, config->run_directory, config->rate_limit_slots);
    if (st == STATUS_OK && config->access != CONFIG_ACCESS_OPEN)
        st = key_keeper_open(&made->keeper, config, made->limit);
    if (st == STATUS_OK && config->audit_reads)
        st = audit_open(&made->audit, config);
    if (st != STATUS_OK) {
        access_close(made);
        *access = NULL;
    }
    return st;
}

void access_close(struct access *access)
{
    if (!access)
        return;
    audit_close(access->audit);
    key_keeper_close(access->keeper);
    rate_limit_close(access->limit);
    free(access);
}

void access_begin(struct access *access)
{
    if (access->keeper)
        key_keeper_begin(access->keeper);
}

void access_glance(struct access *access)
{
    if (access->keeper)
        key_keeper_glance(access->keeper);
}

void access_keep(struct access *access, struct bell *bell)
{
    if (!access->keeper)
        return;
    while (bell_wait(bell, key_keeper_look(access->keeper))) {
        /* until the next look is due */
    }
    key_keeper_end(access->keeper);
}

void access_record(struct access *access, struct bell *bell)
{
    if (access->audit)
        audit_run(access->audit, bell);
}

/* ---- who it is ---- */

static struct bytes variable(const struct call *call, const char *name)
{
    struct bytes value = bytes_of(call->exchange->variable(call->exchange->context, name));

    return value.len ? value : (struct bytes){ 0 };
}

static struct bytes actor_of(struct arena *arena, struct bytes kind, struct bytes name)
{
    char *text = arena_alloc(arena, kind.len + name.len);

    if (!text)
        return (struct bytes){ 0 };
    memcpy(text, kind.p, kind.len);
    memcpy(text + kind.len, name.p, name.len);
    return (struct bytes){ text, kind.len + name.len };
}

/* A key pays for itself, all others by their addresses. */
static void charge_to_address(const struct access *access, struct caller *caller)
{
    caller->network = client_address_of(caller->address);
    caller->demand = (struct rate_demand){
        .table = RATE_ADDRESSES,
        .who = { (const char *)caller->network.octets, caller->network.len },
        .rate = access->address_rate,
        .daily_quota = access->config->address_daily_quota,
    };
    caller->is_limited = caller->demand.rate.interval_ns || caller->demand.daily_quota;
}

static bool is_at_origin(struct bytes patterns, struct bytes origin)
{
    struct bytes pattern;

    while (patterns.len && bytes_cut(&patterns, '\n', &pattern)) {
        if (origin_matches(pattern, origin))
            return true;
    }
    return false;
}

static enum status take_key(const struct access *access, struct call *call, struct caller *caller, struct bytes key)
{
    struct key_grant grant;
    enum status st = key_keeper_find(access->keeper, key, clock_now_us(), &call->arena, &grant);

    if (st != STATUS_OK)
        return st == STATUS_UNAUTHORIZED ? problem_set(&call->problem, st, "X-Api-Key is no key that is valid here") : st;
    memcpy(caller->key_id, grant.id, sizeof caller->key_id);
    if (grant.origins.len && !is_at_origin(grant.origins, call->request.origin))
        return problem_set(&call->problem, STATUS_FORBIDDEN, "the key is not good for this origin");
    caller->scopes = grant.scopes;
    caller->event_types = grant.event_types;
    caller->actor = actor_of(&call->arena, BYTES("key:"), bytes_of(grant.id));
    caller->demand = (struct rate_demand){ .table = RATE_KEYS,
                                           .who = bytes_of(caller->key_id),
                                           .rate = grant.rate,
                                           .daily_quota = grant.daily_quota,
                                           .is_counted = true };
    caller->is_limited = true;
    return caller->actor.p ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status identify(const struct access *access, struct call *call, struct caller *caller)
{
    struct bytes key = access->keeper ? variable(call, "HTTP_X_API_KEY") : (struct bytes){ 0 };
    struct bytes user = access->config->trust_remote_user ? variable(call, "REMOTE_USER") : (struct bytes){ 0 };
    enum status st = STATUS_OK;

    if (key.p)
        st = take_key(access, call, caller, key);
    if (st == STATUS_OK && user.p) {
        caller->scopes |= 1u << API_SCOPE_READ | 1u << API_SCOPE_REPORT;
        caller->event_types = (struct bytes){ 0 };
        if (!key.p)
            caller->actor = actor_of(&call->arena, BYTES("user:"), user);
    }
    return st == STATUS_OK && (key.p || user.p) && !caller->actor.p ? STATUS_NO_MEMORY : st;
}

/* Are events taken without a key here? From the listed origins alone, where there is a list. */
static bool is_free(const struct access *access, const struct call *call, api_scopes needs)
{
    const struct config *config = access->config;
    bool is_listed = config->n_allowed_origins == 0;

    if (!access->keeper || needs == 1u << API_SCOPE_METRICS) /* app/metrics says who may besides */
        return true;
    for (size_t i = 0; i < config->n_allowed_origins && !is_listed; i++)
        is_listed = origin_matches(config->allowed_origins[i], call->request.origin);
    return config->access == CONFIG_ACCESS_INGEST && needs == 1u << API_SCOPE_INGEST && is_listed;
}

static enum status refuse(struct call *call, const struct caller *caller, api_scopes needs)
{
    unsigned scope = 0;

    while (scope + 1 < API_SCOPE_COUNT && !(needs >> scope & 1))
        scope++;
    if (caller->actor.p)
        return problem_set(&call->problem, STATUS_FORBIDDEN, "the scope \"%s\" is needed", api_scope_name((enum api_scope)scope));
    return problem_set(&call->problem, STATUS_UNAUTHORIZED, "a key with the scope \"%s\" is needed in X-Api-Key",
                       api_scope_name((enum api_scope)scope));
}

/* ---- judging ---- */

enum status access_judge(struct call *call)
{
    const struct access *access = call->worker->service->access;
    api_scopes needs = call->action->needs;
    struct caller *caller;

    if (!needs)
        return STATUS_OK;
    call->caller = caller = arena_alloc(&call->arena, sizeof *caller);
    if (!caller)
        return STATUS_NO_MEMORY;
    *caller = (struct caller){ .address = variable(call, "REMOTE_ADDR") };
    enum status st = identify(access, call, caller);
    if (st == STATUS_OK && !(caller->scopes & needs) && !is_free(access, call, needs))
        st = refuse(call, caller, needs);
    if (caller->demand.table != RATE_KEYS || !caller->is_limited)
        charge_to_address(access, caller);
    if (st == STATUS_OK && needs == 1u << API_SCOPE_METRICS) /* app/metrics says who pays */
        return st;
    if (st != STATUS_UNAUTHORIZED && st != STATUS_FORBIDDEN && (st != STATUS_OK || call->action->end))
        return st;
    enum status charged = access_charge(call, 1); /* guesses are not free either */
    return charged == STATUS_OK ? st : charged;
}

static struct bytes field(struct call *call, const char *text)
{
    return arena_copy(&call->arena, bytes_of(text));
}

/* What a client may want to know: the policies that it is under, and how it stands with the one that refused it. */
static void tell_limits(struct call *call, const struct rate_demand *demand, const struct rate_answer *answer)
{
    char policy[FIELD_BYTES] = "", standing[FIELD_BYTES];
    uint64_t window_s = demand->rate.interval_ns ? (demand->rate.interval_ns * demand->rate.burst + NS_PER_S - 1) / NS_PER_S : 0;
    size_t len = 0;

    if (window_s)
        len = (size_t)snprintf(policy, sizeof policy, "\"default\";q=%llu;w=%llu", (unsigned long long)demand->rate.burst,
                               (unsigned long long)window_s);
    if (demand->daily_quota)
        snprintf(policy + len, sizeof policy - len, "%s\"daily\";q=%llu;w=%d", len ? ", " : "",
                 (unsigned long long)demand->daily_quota, S_PER_DAY);
    snprintf(standing, sizeof standing, "\"%s\";r=%llu;t=%llu", answer->is_daily ? "daily" : "default",
             (unsigned long long)answer->remaining, (unsigned long long)answer->wait_s);
    call->response.rate_limit_policy = field(call, policy);
    call->response.rate_limit = field(call, standing);
    call->response.retry_after_s = (int)answer->wait_s;
}

static void count_limited(const struct rate_demand *demand, const struct rate_answer *answer)
{
    static const struct bytes reasons[2][2] = { { BYTES("address_rate"), BYTES("address_quota") },
                                                { BYTES("key_rate"), BYTES("key_quota") } };
    struct bytes reason = reasons[demand->table == RATE_KEYS][answer->is_daily];

    metrics_add(METRIC_1(RATE_LIMITED, metrics_label(METRIC_LABEL_REASON, reason)), 1);
}

enum status access_charge(struct call *call, size_t n)
{
    struct caller *caller = call->caller;

    if (!caller || !caller->is_limited || caller->is_charged)
        return STATUS_OK;
    const struct rate_time time = rate_time_now();
    caller->is_charged = true;
    caller->demand.n = n;
    struct rate_answer answer = rate_limit_ask(call->worker->service->access->limit, &caller->demand, &time);
    if (answer.is_admitted)
        return STATUS_OK;
    if (answer.is_too_much)
        return problem_set(&call->problem, STATUS_TOO_LARGE, "at most %llu events may come at once, these are %zu",
                           (unsigned long long)(answer.is_daily ? caller->demand.daily_quota : caller->demand.rate.burst), n);
    count_limited(&caller->demand, &answer);
    tell_limits(call, &caller->demand, &answer);
    return problem_set(&call->problem, STATUS_RATE_LIMITED, "%s",
                       answer.is_daily ? "the daily quota is used up" : "more events than the plan lets pass");
}

bool access_has_scope(const struct call *call, enum api_scope scope)
{
    return call->caller && (call->caller->scopes >> scope & 1);
}

enum status access_event_type(const struct call *call, struct bytes event_type, struct problem *problem)
{
    const struct caller *caller = call->caller;

    if (!caller || !caller->event_types.len || key_list_has(caller->event_types, event_type))
        return STATUS_OK;
    return problem_set(problem, STATUS_FORBIDDEN, "the key is not good for this event type");
}

/* ---- the record ---- */

static struct bytes subject_of(struct call *call, struct bytes event_type, struct bytes session_id)
{
    struct buf text = buf_new(SUBJECT_MAX_BYTES);

    buf_add_text(&text, "{\"event_type\":");
    buf_add_json(&text, event_type);
    buf_add_text(&text, ",\"session_id\":");
    buf_add_json(&text, session_id);
    buf_add_text(&text, "}");
    struct bytes subject = text.failed ? (struct bytes){ 0 } : arena_copy(&call->arena, buf_bytes(&text));
    buf_free(&text);
    return subject;
}

enum status access_read(struct call *call, struct bytes event_type, struct bytes session_id)
{
    const struct access *access = call->worker->service->access;
    const struct caller *caller = call->caller;
    enum status st = access_event_type(call, event_type, &call->problem);

    if (st != STATUS_OK || !caller || !access->audit || !session_id.p || !caller->actor.p)
        return st;
    const struct audit_read read = {
        .happened_at_us = clock_now_us(),
        .actor = caller->actor,
        .subject = subject_of(call, event_type, session_id),
        .address = caller->address,
        .request_id = call->request.request_id,
    };
    return read.subject.p ? audit_note(access->audit, &read) : STATUS_NO_MEMORY;
}

size_t access_log_fields(const struct call *call, struct log_field fields[ACCESS_LOG_FIELDS])
{
    const struct caller *caller = call->caller;
    size_t n = 0;

    if (caller)
        fields[n++] = log_text("client.address", caller->address);
    if (caller && *caller->key_id)
        fields[n++] = log_text("synchrony.key.id", bytes_of(caller->key_id));
    return n;
}
