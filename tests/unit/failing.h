/* Memory that runs out: the allocations of the code under test fail in turn, each once. A test repeats a call, letting the first, the
 * second, … allocation fail, until the call gets by without meeting one.
 *
 * Works by the linker's --wrap, so only for a program that is linked with $(LDFLAGS_FAILING); what the libraries allocate is left alone.
 * To be included once in a program. */
#ifndef SYNCHRONY_TESTS_FAILING_H
#define SYNCHRONY_TESTS_FAILING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* 0: no allocation fails; n: the n-th from now on does. */
static int failing_countdown;
static bool failing_has_failed;

static inline void failing_begin(int nth)
{
    failing_countdown = nth;
    failing_has_failed = false;
}

/* Ends it. Returns whether an allocation was made to fail. */
static inline bool failing_end(void)
{
    failing_countdown = 0;
    return failing_has_failed;
}

static bool failing_now(void)
{
    if (failing_countdown == 0 || --failing_countdown > 0)
        return false;
    failing_has_failed = true;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return failing_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return failing_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return failing_now() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
    return failing_now() ? NULL : __real_strdup(text);
}

#endif
