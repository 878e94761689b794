/* The text of a configuration file, as the parser gets it: whole, and without comments. Left to others: what it says (app/config). */
#ifndef SYNCHRONY_APP_CONFIG_TEXT_H
#define SYNCHRONY_APP_CONFIG_TEXT_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/status.h"

/* Reads the file at path; its comments have become blanks, so that all else is on its line still. A file that cannot be read, or is larger
 * than 1 MiB but for 8 KiB, is told to errors. text is to be freed in any case. Returns STATUS_CONFIG, STATUS_NO_MEMORY. */
enum status config_text_read(const char *path, FILE *errors, struct buf *text) MUST_USE;

#endif
