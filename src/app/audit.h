/* Brings reads of single sessions to the record (audit_log).
 *
 * Where nobody must wait for it they are gathered and written together by a thread; where a read is not to be answered before it stands
 * there (audit_required), or there is no such thread (plain CGI), each is written at once. What cannot be written is told in the log: who,
 * from where and the request's id, not which session. Left to others: which reads are to be recorded (app/access). */
#ifndef SYNCHRONY_APP_AUDIT_H
#define SYNCHRONY_APP_AUDIT_H

#include "app/config.h"
#include "base/bell.h"
#include "store/audit_store.h"

struct audit;

/* config is borrowed. Opens no connection yet. Returns STATUS_NO_MEMORY. */
enum status audit_open(struct audit **audit, const struct config *config) MUST_USE;
void audit_close(struct audit *audit);

/* Records a read, which is copied. Returns STATUS_OK where it was written, or will be, or need not be; else why it was not: the read is
 * then not to be answered. */
enum status audit_note(struct audit *audit, const struct audit_read *read) MUST_USE;

/* Writes what is noted until the bell ends, and then what is left. For a thread of its own, whose bell it is. */
void audit_run(struct audit *audit, struct bell *bell);

#endif
