/* Runs a fuzz target over committed inputs, without libFuzzer.
 *
 *   TARGET CORPUS [DIR]   each line of the file is an input, in which %41 stands for the byte 0x41; with DIR they are written there instead,
 *                         a file each, as libFuzzer wants them
 *   TARGET --line FILE    the line that stands for the bytes of a file
 *
 * The last line of output is the number of inputs. While an input is tried its line's number is on standard error. */
#include <ctype.h>
#include <errno.h>

#include "tests/fuzz/fuzz.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static int hex_value(int c)
{
    return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* In place. Returns the length. */
static size_t decode(char *line)
{
    size_t len = 0;

    for (const char *from = line; *from; len++) {
        int high = *from == '%' ? hex_value((unsigned char)from[1]) : -1;
        int low = high >= 0 ? hex_value((unsigned char)from[2]) : -1;
        line[len] = (char)(low >= 0 ? high << 4 | low : *from);
        from += low >= 0 ? 3 : 1;
    }
    return len;
}

static int encode(const char *path)
{
    FILE *file = fopen(path, "rb");
    int c;

    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    while ((c = getc(file)) != EOF)
        printf(c == '%' || c < ' ' || c > '~' ? "%%%02x" : "%c", (unsigned)c);
    putchar('\n');
    return fclose(file);
}

static int write_input(const char *dir, unsigned number, const char *data, size_t len)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%04u", dir, number);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

/* Memory that ends with the input, so that a sanitizer sees a step behind it. */
static void try_input(const char *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    MUST(copy);
    memcpy(copy, data, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--line") == 0)
        return encode(argv[2]);
    FILE *corpus = argc == 2 || argc == 3 ? fopen(argv[1], "rb") : NULL;
    char *line = malloc(LINE_MAX_BYTES);
    unsigned n = 0;

    if (!corpus || !line) {
        fprintf(stderr, "usage: %s CORPUS [DIR] | --line FILE\n", argv[0]);
        return 2;
    }
    while (fgets(line, LINE_MAX_BYTES, corpus)) {
        line[strcspn(line, "\n")] = '\0';
        size_t len = decode(line);
        n++;
        if (argc == 3 && write_input(argv[2], n, line, len) != 0)
            return 1;
        if (argc == 3)
            continue;
        fprintf(stderr, "line %u\n", n);
        try_input(line, len);
    }
    free(line);
    fclose(corpus);
    printf("%u\n", n);
    return n ? 0 : 1;
}
