/* So many turns a second, for all processes of a host together: what may be done seldom, whoever does it.
 *
 * Shared through a mapped file of the run directory, else the process's own. Left to others: what happens without a turn. */
#ifndef SYNCHRONY_BASE_TURNS_H
#define SYNCHRONY_BASE_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct turns;

/* Shares them by the file run_directory/name; an empty directory, or one that cannot be used, leaves them to this process. Returns
 * STATUS_NO_MEMORY, with *turns NULL. */
enum status turns_open(struct turns **turns, const char *run_directory, const char *name) MUST_USE;

/* NULL does nothing. */
void turns_close(struct turns *turns);

/* Takes one of the per_s turns of this second, if one is left. second: of a clock that all processes share and that does not go back
 * (CLOCK_MONOTONIC); who comes late from an earlier one takes from the latest. */
bool turns_take(struct turns *turns, int64_t second, unsigned per_s);

#endif
