/* Random bytes from the kernel (getrandom(2)). */
#ifndef SYNCHRONY_BASE_ENTROPY_H
#define SYNCHRONY_BASE_ENTROPY_H

#include <stddef.h>

#include "base/status.h"

/* Fills p with len unpredictable bytes, len ≤ 256. Returns STATUS_INTERNAL when the kernel has none to give. */
enum status entropy_fill(void *p, size_t len) MUST_USE;

#endif
