/* Keeps the event catalogue of a process up to date, without a question to the database for any request.
 *
 * One process of a host asks the database every second for the catalogue's fingerprint, reads the schemas where that has changed, and
 * writes them to a file; the others look at the file's time twice a second. So a change is in force everywhere within some two seconds.
 * A catalogue that cannot be read or compiled changes nothing: the last good one stays, also over a restart, from the file. Without a
 * directory for the file each process asks for itself. Left to others: compiling (app/catalogue), the file (base/host_file,
 * store/schema_snapshot). */
#ifndef SYNCHRONY_APP_CATALOGUE_KEEPER_H
#define SYNCHRONY_APP_CATALOGUE_KEEPER_H

#include "app/service.h"

struct catalogue_keeper;

/* For the catalogue of a service, which is borrowed. Its file stands in the queue's directory or, where there is none, in that of the run.
 * Returns STATUS_NO_MEMORY, or STATUS_CONFIG where the path is too long. */
enum status catalogue_keeper_new(struct service *service, struct catalogue_keeper **keeper) MUST_USE;
void catalogue_keeper_close(struct catalogue_keeper *keeper);

/* Takes the catalogue of the file or, where there is none, of the database: before the first request. Waits for the database no longer than
 * the connection's timeouts. */
void catalogue_keeper_begin(struct catalogue_keeper *keeper, struct db *db);

/* The same for a process that serves one request: asks the database only where no process of the host has for a second. */
void catalogue_keeper_glance(struct catalogue_keeper *keeper, struct db *db);

/* Is this the process of the host that asks? */
bool catalogue_keeper_leads(const struct catalogue_keeper *keeper);

/* One look, and when the next one is due, in milliseconds: what the thread of a daemon does again and again. */
int catalogue_keeper_look(struct catalogue_keeper *keeper, struct db *db);

#endif
