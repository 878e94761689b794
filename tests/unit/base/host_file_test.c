#include "base/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { LARGE_BYTES = 100000 };

/* A directory of its own, and the file in it. */
struct place {
    char directory[40];
    struct host_file file;
};

static void place_open(struct place *place)
{
    snprintf(place->directory, sizeof place->directory, "/tmp/host_file_test.XXXXXX");
    cr_assert_not_null(mkdtemp(place->directory));
    cr_assert_eq(host_file_open(&place->file, place->directory, "name", BYTES("scope")), STATUS_OK);
}

/* What a call should not have left keeps the directory from being removed. */
static void place_close(struct place *place)
{
    char lock[HOST_FILE_PATH_BYTES + 8];

    host_file_close(&place->file);
    snprintf(lock, sizeof lock, "%s.lock", place->file.path);
    unlink(lock);
    unlink(place->file.path);
    cr_expect_eq(rmdir(place->directory), 0, "nothing else is left");
}

static enum status replace_with(const char *path, char c, size_t len)
{
    char *text = repeated(c, len);
    enum status st = host_file_replace(path, (const struct bytes[]){ { text, len / 3 }, { text, len - len / 3 } }, 2);

    free(text);
    return st;
}

/* The character that the whole file is made of; '\0': it is not there, of another length, or mixed. */
static char content(const char *path, size_t len)
{
    char *text = malloc(len + 1);
    struct stat found;
    int fd;
    bool is_pure = host_file_read_begin(path, &fd, &found) == STATUS_OK;

    if (is_pure) {
        is_pure = found.st_size == (off_t)len && host_file_read(fd, 0, text, len) && !host_file_read(fd, 0, text, len + 1);
        close(fd);
    }
    for (size_t i = 1; i < len && is_pure; i++)
        is_pure = text[i] == text[0];
    char c = is_pure ? text[0] : '\0';
    free(text);
    return c;
}

/* ---- the lead ---- */

Test(host_file, is_led_by_one)
{
    struct place place;
    struct host_file other;

    place_open(&place);
    cr_assert_eq(host_file_open(&other, place.directory, "name", BYTES("scope")), STATUS_OK);
    EXPECT_TEXT(__LINE__, other.path, place.file.path);
    EXPECT(__LINE__, !host_file_is_led(&place.file));
    EXPECT(__LINE__, host_file_lead(&place.file));
    EXPECT(__LINE__, host_file_lead(&place.file) && host_file_is_led(&place.file));
    EXPECT(__LINE__, !host_file_lead(&other) && !host_file_is_led(&other));
    host_file_close(&place.file);
    EXPECT(__LINE__, host_file_lead(&other));
    EXPECT(__LINE__, !host_file_lead(&place.file));
    host_file_close(&other);
    place_close(&place);
}

Test(host_file, has_no_leader_that_was_killed)
{
    struct place place;
    int pipe_fds[2];
    char leads = 0;

    place_open(&place);
    cr_assert_eq(pipe(pipe_fds), 0);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        leads = host_file_lead(&place.file);
        (void)!write(pipe_fds[1], &leads, 1);
        pause();
    }
    EXPECT(__LINE__, read(pipe_fds[0], &leads, 1) == 1 && leads);
    EXPECT(__LINE__, !host_file_lead(&place.file));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    EXPECT(__LINE__, host_file_lead(&place.file));
    place_close(&place);
}

Test(host_file, of_another_scope_or_name_is_another)
{
    struct place place;
    struct host_file other;

    place_open(&place);
    cr_assert_eq(host_file_open(&other, place.directory, "name", BYTES("scopE")), STATUS_OK);
    EXPECT(__LINE__, strcmp(other.path, place.file.path) != 0);
    cr_assert_eq(host_file_open(&other, place.directory, "namE", BYTES("scope")), STATUS_OK);
    EXPECT(__LINE__, strcmp(other.path, place.file.path) != 0);
    host_file_close(&other);
    place_close(&place);
}

Test(host_file, that_cannot_be_had_is_led_by_everybody)
{
    struct host_file file;
    char *directory = repeated('x', HOST_FILE_PATH_BYTES);

    EXPECT_STATUS(__LINE__, host_file_open(&file, "", "name", BYTES("scope")), STATUS_OK);
    EXPECT_TEXT(__LINE__, file.path, "");
    EXPECT(__LINE__, host_file_is_led(&file) && host_file_lead(&file));
    host_file_close(&file);
    EXPECT_STATUS(__LINE__, host_file_open(&file, "/nonexistent", "name", BYTES("scope")), STATUS_OK);
    EXPECT(__LINE__, !host_file_is_led(&file) && host_file_lead(&file));
    host_file_close(&file);
    EXPECT_STATUS(__LINE__, host_file_open(&file, directory, "name", BYTES("scope")), STATUS_CONFIG);
    host_file_close(&file);
    free(directory);
}

/* ---- the file ---- */

Test(host_file, is_replaced_as_a_whole)
{
    struct place place;
    struct stat found;
    char c;
    int fd;

    place_open(&place);
    EXPECT_STATUS(__LINE__, host_file_read_begin(place.file.path, &fd, &found), STATUS_NOT_FOUND);
    EXPECT_STATUS(__LINE__, replace_with(place.file.path, 'a', LARGE_BYTES), STATUS_OK);
    EXPECT(__LINE__, content(place.file.path, LARGE_BYTES) == 'a');
    cr_assert_eq(host_file_read_begin(place.file.path, &fd, &found), STATUS_OK);
    EXPECT_INT(__LINE__, found.st_mode & 07777, 0600);
    EXPECT(__LINE__, host_file_written_us(&found) > 0);
    EXPECT_STATUS(__LINE__, replace_with(place.file.path, 'b', 10), STATUS_OK);
    EXPECT(__LINE__, content(place.file.path, 10) == 'b');
    EXPECT(__LINE__, host_file_read(fd, LARGE_BYTES - 1, &c, 1) && c == 'a'); /* who has the former keeps it */
    EXPECT(__LINE__, !host_file_read(fd, LARGE_BYTES, &c, 1));
    close(fd);
    place_close(&place);
}

struct rewriting {
    const char *path;
    _Atomic bool stops;
};

static void *rewrite(void *context)
{
    struct rewriting *rewriting = context;

    for (int i = 0; !atomic_load(&rewriting->stops); i++)
        cr_expect_eq(replace_with(rewriting->path, i % 2 ? 'a' : 'b', LARGE_BYTES), STATUS_OK);
    return NULL;
}

Test(host_file, is_whole_for_who_reads_while_it_is_replaced)
{
    struct place place;
    pthread_t thread;

    place_open(&place);
    struct rewriting rewriting = { .path = place.file.path };
    cr_assert_eq(replace_with(place.file.path, 'a', LARGE_BYTES), STATUS_OK);
    cr_assert_eq(pthread_create(&thread, NULL, rewrite, &rewriting), 0);
    for (int i = 0; i < 300; i++)
        EXPECT(i, content(place.file.path, LARGE_BYTES));
    atomic_store(&rewriting.stops, true);
    pthread_join(thread, NULL);
    place_close(&place);
}

Test(host_file, stays_where_there_is_no_room_for_another)
{
    struct place place;
    struct rlimit before, small;

    place_open(&place);
    cr_assert_eq(replace_with(place.file.path, 'a', 10), STATUS_OK);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){ LARGE_BYTES / 2, before.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status st = replace_with(place.file.path, 'b', LARGE_BYTES);
    int why = errno;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_STATUS(__LINE__, st, STATUS_UNAVAILABLE);
    EXPECT_INT(__LINE__, why, EFBIG);
    EXPECT(__LINE__, content(place.file.path, 10) == 'a');
    EXPECT_STATUS(__LINE__, replace_with(place.file.path, 'b', LARGE_BYTES), STATUS_OK);
    place_close(&place);
}

Test(host_file, is_written_over_what_a_killed_process_left)
{
    struct place place;
    char other[HOST_FILE_PATH_BYTES + 8];

    place_open(&place);
    snprintf(other, sizeof other, "%s.new", place.file.path);
    cr_assert_eq(symlink("/nonexistent", other), 0);
    EXPECT_STATUS(__LINE__, replace_with(place.file.path, 'a', 10), STATUS_OK);
    EXPECT(__LINE__, content(place.file.path, 10) == 'a');
    place_close(&place);
}

Test(host_file, that_cannot_be_written_says_why)
{
    char *path = repeated('x', 2 * HOST_FILE_PATH_BYTES);

    EXPECT_STATUS(__LINE__, replace_with("/nonexistent/name", 'a', 10), STATUS_UNAVAILABLE);
    EXPECT_INT(__LINE__, errno, ENOENT);
    EXPECT_STATUS(__LINE__, replace_with(path, 'a', 10), STATUS_UNAVAILABLE);
    EXPECT_INT(__LINE__, errno, ENAMETOOLONG);
    free(path);
}

/* ---- what is none of ours ---- */

static void be_open_to_the_group(const char *path)
{
    cr_assert_eq(chmod(path, 0640), 0);
}

static void be_open_to_all(const char *path)
{
    cr_assert_eq(chmod(path, 0602), 0);
}

static void be_a_directory(const char *path)
{
    cr_assert(unlink(path) == 0 && mkdir(path, 0700) == 0);
}

static void be_a_pipe(const char *path)
{
    cr_assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
}

static void be_a_link(const char *path)
{
    cr_assert(unlink(path) == 0 && symlink("/dev/null", path) == 0);
}

static void be_another_users(const char *path)
{
    if (geteuid() == 0) /* only root can give a file away */
        cr_assert_eq(chown(path, 1, 1), 0);
    else
        be_open_to_all(path);
}

Test(host_file, that_is_none_of_ours_is_not_read)
{
    static const struct {
        int line;
        void (*become)(const char *path);
    } cases[] = {
        { __LINE__, be_open_to_the_group },
        { __LINE__, be_open_to_all },
        { __LINE__, be_a_directory },
        { __LINE__, be_a_pipe },
        { __LINE__, be_a_link },
        { __LINE__, be_another_users },
    };
    struct stat found;
    int fd;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct place place;
        place_open(&place);
        cr_assert_eq(replace_with(place.file.path, 'a', 10), STATUS_OK);
        cases[i].become(place.file.path);
        EXPECT_STATUS(cases[i].line, host_file_read_begin(place.file.path, &fd, &found), STATUS_CONFLICT);
        (void)rmdir(place.file.path);
        place_close(&place);
    }
}
