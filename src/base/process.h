/* Which process is it, and is it still there? A process number alone does not tell: numbers are given again. */
#ifndef SYNCHRONY_BASE_PROCESS_H
#define SYNCHRONY_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Names this process among all of this run of the kernel: its number, and when it started. Never 0. */
uint64_t process_identity(void);

/* Is the process there that has this identity? True also where that cannot be told. */
bool process_is_alive(uint64_t identity);

#endif
