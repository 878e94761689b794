#include "model/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/utf8.h"

enum status problem_set(struct problem *problem, enum status st, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct bytes cut = utf8_cut(bytes_of(text), sizeof problem->details - 1);
    snprintf(problem->details, sizeof problem->details, "%.*s", (int)cut.len, cut.p);
    return st;
}
