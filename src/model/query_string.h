/* The query part of a URL as form fields (application/x-www-form-urlencoded), read strictly. */
#ifndef SYNCHRONY_MODEL_QUERY_STRING_H
#define SYNCHRONY_MODEL_QUERY_STRING_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "model/problem.h"

/* Fills values[i] with the decoded value of the field names[i]; absent fields stay absent. The values live in arena.
 *
 * query  as it stands in the URL behind the "?"; absent or empty: no fields. Empty pieces ("&&") are skipped.
 * names  n of them, the only ones allowed.
 * Returns STATUS_INVALID_PARAMETER, problem naming the field, for a malformed escape, a NUL, invalid UTF-8, a field that stands
 * twice and a field that is none of names; STATUS_NO_MEMORY. */
enum status query_string_read(struct bytes query, const char *const *names, size_t n, struct arena *arena, struct bytes *values,
                              struct problem *problem) MUST_USE;

#endif
