/* Writing to a descriptor that takes less at a time than it is given. */
#ifndef SYNCHRONY_BASE_WRITE_ALL_H
#define SYNCHRONY_BASE_WRITE_ALL_H

#include <stdbool.h>

#include "base/bytes.h"

/* Writes all bytes, over signals and in pieces. Returns false, errno telling why, where fd takes no more; some may then be written. */
bool write_all(int fd, struct bytes bytes);

#endif
