/* Which process is it, and is it still there? A process number alone does not tell: numbers are given again. And who may look into it. */
#ifndef SYNCHRONY_BASE_PROCESS_H
#define SYNCHRONY_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Names this process among all of this run of the kernel: its number, and when it started. Never 0. */
uint64_t process_identity(void);

/* Is the process there that has this identity? True also where that cannot be told. */
bool process_is_alive(uint64_t identity);

/* From now on this thread, and those that it starts, let who is at work on a processor finish first when they are woken (sched(7),
 * SCHED_BATCH). For one that serves many at once: the more have come to it by then, the less each costs. Where that is not allowed nothing
 * changes. */
void process_thread_gives_way(void);

/* Keeps the memory of this process out of files: from now on it leaves no core, and no other process of its user can look into it. Even a
 * debugger of root's writes a core without data (core(5), coredump_filter). */
void process_seal(void);

#endif
