/* Cells of a CSV file (RFC 4180) that a spreadsheet is going to open. */
#ifndef SYNCHRONY_MODEL_CSV_H
#define SYNCHRONY_MODEL_CSV_H

#include "base/bytes.h"

#define CSV_LINE_END "\r\n"

/* Appends one cell, quoted where it has to be, without the comma beside it.
 *
 * neutralise  a text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe
 *             before it, which makes it a text there (OWASP, CSV Injection). */
void csv_add_cell(struct buf *buf, struct bytes text, bool neutralise);

#endif
