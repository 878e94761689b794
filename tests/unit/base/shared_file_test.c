#include "base/shared_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* What is shared. */
struct content {
    struct shared_file_header header;
    _Atomic int counter;
    char text[5000];
};

static _Atomic int n_inits;

static void init(void *memory)
{
    struct content *content = memory;

    atomic_fetch_add(&n_inits, 1);
    for (size_t i = 0; i < sizeof content->text; i++)
        cr_assert_eq(content->text[i], 0, "byte %zu is not cleared", i);
    atomic_store(&content->counter, 100);
}

/* A run directory of its own, and the file in it. */
struct place {
    char directory[40];
    char path[64];
};

static struct place place_new(void)
{
    struct place place = { .directory = "/tmp/shared_file_test.XXXXXX" };

    cr_assert_not_null(mkdtemp(place.directory));
    snprintf(place.path, sizeof place.path, "%s/name", place.directory);
    n_inits = 0;
    return place;
}

static void place_remove(const struct place *place)
{
    unlink(place->path);
    rmdir(place->directory);
}

static struct content *map_version(const struct place *place, uint32_t version, size_t size_bytes)
{
    void *memory = NULL;
    enum status st = shared_file_map(place->directory, "name", version, size_bytes, init, &memory);

    cr_expect_eq(st == STATUS_OK, memory != NULL);
    return memory;
}

static struct content *map(const struct place *place)
{
    return map_version(place, 1, sizeof(struct content));
}

Test(shared_file, is_made_once_and_shared_from_then_on)
{
    struct place place = place_new();
    struct content *first = map(&place);
    struct content *second = map(&place);
    struct stat file;

    cr_assert(first && second);
    EXPECT_INT(__LINE__, n_inits, 1);
    cr_expect_neq(first, second);
    atomic_fetch_add(&first->counter, 1);
    EXPECT_INT(__LINE__, second->counter, 101);
    cr_assert_eq(stat(place.path, &file), 0);
    EXPECT_INT(__LINE__, file.st_mode & 07777, 0600);
    EXPECT_INT(__LINE__, file.st_size, sizeof(struct content));
    munmap(first, sizeof *first);
    munmap(second, sizeof *second);

    struct content *later = map(&place); /* it stays when nobody has it mapped */
    cr_assert_not_null(later);
    EXPECT_INT(__LINE__, later->counter, 101);
    EXPECT_INT(__LINE__, n_inits, 1);
    munmap(later, sizeof *later);
    place_remove(&place);
}

/* ---- made anew ---- */

static void spoil_boot_id(struct content *content)
{
    content->header.boot_id[0] ^= 1;
}

static void spoil_readiness(struct content *content)
{
    content->header.is_ready = 0;
}

static void spoil_readiness_otherwise(struct content *content)
{
    content->header.is_ready = 2;
}

static void spoil_version(struct content *content)
{
    content->header.version++;
}

static void spoil_size(struct content *content)
{
    content->header.size_bytes--;
}

Test(shared_file, that_is_not_as_wanted_is_made_anew)
{
    static const struct {
        int line;
        void (*spoil)(struct content *content); /* NULL: nothing in it */
        uint32_t version;                       /* that is wanted then */
        size_t more_bytes;
        int n_inits;
    } cases[] = {
        { __LINE__, NULL, 1, 0, 1 }, /* as wanted */
        { __LINE__, NULL, 2, 0, 2 },
        { __LINE__, NULL, 1, 4096, 2 },
        { __LINE__, spoil_boot_id, 1, 0, 2 },
        { __LINE__, spoil_readiness, 1, 0, 2 }, /* who made it was killed */
        { __LINE__, spoil_readiness_otherwise, 1, 0, 2 },
        { __LINE__, spoil_version, 1, 0, 2 },
        { __LINE__, spoil_size, 1, 0, 2 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct place place = place_new();
        struct content *before = map(&place);
        cr_assert_not_null(before);
        atomic_store(&before->counter, 5);
        if (cases[i].spoil)
            cases[i].spoil(before);
        struct content *now = map_version(&place, cases[i].version, sizeof *before + cases[i].more_bytes);
        cr_assert_not_null(now);
        EXPECT_INT(cases[i].line, n_inits, cases[i].n_inits);
        EXPECT_INT(cases[i].line, now->counter, cases[i].n_inits == 2 ? 100 : 5);
        EXPECT_INT(cases[i].line, before->counter, 5); /* who has the old one keeps it */
        EXPECT_INT(cases[i].line, now->header.version, cases[i].version);
        munmap(now, sizeof *now + cases[i].more_bytes);
        munmap(before, sizeof *before);
        place_remove(&place);
    }
}

static void write_file(const struct place *place, size_t len, mode_t mode)
{
    FILE *file = fopen(place->path, "w");
    char *zeros = calloc(1, len + 1);

    cr_assert(file && zeros);
    cr_assert_eq(fwrite(zeros, 1, len, file), len);
    fclose(file);
    free(zeros);
    cr_assert_eq(chmod(place->path, mode), 0);
}

Test(shared_file, of_other_content_is_made_anew)
{
    static const size_t lens[] = { 0, 1, sizeof(struct shared_file_header), sizeof(struct content), sizeof(struct content) + 1 };

    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct place place = place_new();
        write_file(&place, lens[i], 0600);
        struct content *content = map(&place);
        cr_assert_not_null(content, "a file of %zu bytes", lens[i]);
        EXPECT_INT((int)i, n_inits, 1);
        EXPECT_INT((int)i, content->counter, 100);
        munmap(content, sizeof *content);
        place_remove(&place);
    }
}

/* ---- refused ---- */

Test(shared_file, that_others_could_use_is_refused)
{
    static const mode_t modes[] = { 0640, 0604, 0660, 0666, 0644, 0610, 0601 };

    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct place place = place_new();
        write_file(&place, 0, modes[i]);
        cr_expect_null(map(&place), "mode %o", (unsigned)modes[i]);
        EXPECT_INT((int)i, n_inits, 0);
        place_remove(&place);
    }
}

Test(shared_file, of_another_user_is_refused)
{
    struct place place = place_new();

    if (geteuid() != 0)
        return; /* only root can give a file away */
    write_file(&place, 0, 0600);
    cr_assert_eq(chown(place.path, 1, 1), 0);
    cr_expect_null(map(&place));
    place_remove(&place);
}

Test(shared_file, behind_a_symbolic_link_is_refused)
{
    static const char *const targets[] = { "elsewhere", "/nonexistent/elsewhere" };

    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct place place = place_new();
        char target[64];
        struct stat file;
        cr_assert_eq(symlink(targets[i], place.path), 0);
        cr_expect_null(map(&place));
        snprintf(target, sizeof target, "%s/elsewhere", place.directory);
        EXPECT_INT((int)i, stat(target, &file), -1);
        place_remove(&place);
    }
}

Test(shared_file, that_is_a_directory_is_refused)
{
    struct place place = place_new();

    cr_assert_eq(mkdir(place.path, 0700), 0);
    cr_expect_null(map(&place));
    rmdir(place.path);
    place_remove(&place);
}

Test(shared_file, in_no_directory_is_refused)
{
    char *directory = repeated('x', 600);
    void *memory = &memory;

    EXPECT_STATUS(__LINE__, shared_file_map("/nonexistent", "name", 1, sizeof(struct content), init, &memory), STATUS_INTERNAL);
    cr_expect_null(memory);
    EXPECT_STATUS(__LINE__, shared_file_map(directory, "name", 1, sizeof(struct content), init, &memory), STATUS_INTERNAL);
    free(directory);
}

/* ---- at once ---- */

static void *map_and_count(void *context)
{
    struct content *content = map(context);

    cr_assert_not_null(content);
    atomic_fetch_add(&content->counter, 1);
    munmap(content, sizeof *content);
    return NULL;
}

/* Locks of open files tell threads apart as they do processes. */
Test(shared_file, is_made_once_by_many_at_once)
{
    enum { THREADS = 16, ROUNDS = 20 };

    for (int round = 0; round < ROUNDS; round++) {
        struct place place = place_new();
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, map_and_count, &place), 0);
        for (int i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_join(threads[i], NULL), 0);
        EXPECT_INT(round, n_inits, 1);
        struct content *content = map(&place);
        cr_assert_not_null(content);
        EXPECT_INT(round, content->counter, 100 + THREADS);
        munmap(content, sizeof *content);
        place_remove(&place);
    }
}
