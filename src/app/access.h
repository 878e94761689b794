/* Who may: judges each request before its handler works, by key (X-Api-Key), by the web server's login (REMOTE_USER) and by address.
 *
 * Nothing is asked of the database for a request (app/key_keeper). What is admitted is charged to the plan of the key or of the address, in
 * events, before anything is stored. Left to others: what each route needs (app/routes), the counts (app/rate_limit), the record
 * (app/audit). */
#ifndef SYNCHRONY_APP_ACCESS_H
#define SYNCHRONY_APP_ACCESS_H

#include "app/call.h"
#include "base/bell.h"
#include "model/api_key.h"

struct access;

/* *access is NULL where everybody may everything, as often as he likes, and nobody asks who it is. config is borrowed.
 * Returns STATUS_NO_MEMORY, STATUS_CONFIG. */
enum status access_open(struct access **access, const struct config *config) MUST_USE;
void access_close(struct access *access);

/* Before the first request: reads the keys. A process that serves one request calls access_glance instead. */
void access_begin(struct access *access);
void access_glance(struct access *access);

/* Keeps the keys up to date, or writes the record, until the bell ends. Each for a thread of its own, whose bell it is. */
void access_keep(struct access *access, struct bell *bell);
void access_record(struct access *access, struct bell *bell);

/* Judges a request whose route is known; call->caller is who it is. What stores no events is charged as one.
 * Returns STATUS_UNAUTHORIZED: no key, or an unknown one; STATUS_FORBIDDEN: a key without the scope, or at another origin than it is good
 * for; STATUS_RATE_LIMITED; STATUS_UNAVAILABLE: no keys are known; STATUS_NO_MEMORY. */
enum status access_judge(struct call *call) MUST_USE;

/* Charges n events, 1 ≤ n, once: what comes later is free. The response is given Retry-After and the RateLimit fields where they are
 * refused (draft-ietf-httpapi-ratelimit-headers). Returns STATUS_RATE_LIMITED; STATUS_TOO_LARGE for more than can ever be admitted. */
enum status access_charge(struct call *call, size_t n) MUST_USE;

/* Has the caller shown a key with this scope? */
bool access_has_scope(const struct call *call, enum api_scope scope);

/* May the caller store or read events of this type? Returns STATUS_FORBIDDEN, with problem. */
enum status access_event_type(const struct call *call, struct bytes event_type, struct problem *problem) MUST_USE;

/* The same for a read of current items or history, which is recorded where it is of a single session (session_id is not absent) and the
 * caller is known. Returns also STATUS_UNAVAILABLE: it cannot be recorded, and has to be (audit_required). May wait for the database. */
enum status access_read(struct call *call, struct bytes event_type, struct bytes session_id) MUST_USE;

enum { ACCESS_LOG_FIELDS = 2 };

/* What the log is told of the caller, as far as it was asked who it is: its address, and the id of its key. Returns how many fields. */
size_t access_log_fields(const struct call *call, struct log_field fields[ACCESS_LOG_FIELDS]);

#endif
