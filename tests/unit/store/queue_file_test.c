#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>

#include "tests/unit/store/queue_site.h"

/* The test's user where that is not root. */
enum { SOMEBODY = 65534 };

static mode_t mode_of(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? file.st_mode & 07777 : 0;
}

static const char *name_in(const struct site *site, const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", site->directory, name);
    return path;
}

static void write_text(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
}

/* ---- whose the file is ---- */

Test(queue_file, is_for_its_user_alone_whatever_the_umask)
{
    static const mode_t umasks[] = { 0, 022, 077, 0777 };
    static const char *const names[] = { "queue.db", "queue.db-wal", "queue.db-shm", "queue.lock", "queue.reserve" };

    for (size_t i = 0; i < COUNT_OF(umasks); i++) {
        struct site site;
        site_make(&site);
        struct queue *queue = site_open(&site);
        mode_t before = umask(umasks[i]);
        EXPECT_STATUS((int)i, put_numbers(queue, 0, 1), STATUS_OK);
        umask(before);
        for (size_t j = 0; j < COUNT_OF(names); j++)
            EXPECT_INT((int)i, mode_of(name_in(&site, names[j])), 0600);
        queue_close(queue);
        site_remove(&site);
    }
}

Test(queue_file, that_others_could_use_is_taken_from_them)
{
    static const mode_t modes[] = { 0660, 0666, 0644, 0620, 0601 };

    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct site site;
        site_make(&site);
        struct queue *queue = site_open(&site);
        cr_assert_eq(put_numbers(queue, 0, 1), STATUS_OK);
        queue_close(queue);
        cr_assert_eq(chmod(site.db, modes[i]), 0);
        queue = site_open(&site);
        EXPECT_STATUS((int)i, put_numbers(queue, 1, 1), STATUS_OK);
        EXPECT_INT((int)i, mode_of(site.db), 0600);
        expect_numbers((int)i, queue, 0, 2);
        queue_close(queue);
        site_remove(&site);
    }
}

static void make_directory(const struct site *site)
{
    cr_assert_eq(mkdir(site->db, 0700), 0);
}

static void make_link(const struct site *site)
{
    cr_assert_eq(symlink("elsewhere", site->db), 0);
}

static void make_lock_a_directory(const struct site *site)
{
    cr_assert_eq(mkdir(name_in(site, "queue.lock"), 0700), 0);
}

static void make_another_users(const struct site *site)
{
    write_text(site->db, "", 0);
    cr_assert_eq(chown(site->db, 1, 1), 0);
}

static void make_database(const struct site *site, const char *script)
{
    sqlite3 *sqlite;

    cr_assert_eq(sqlite3_open(site->db, &sqlite), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(sqlite, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

static void make_another_programs(const struct site *site)
{
    make_database(site, "CREATE TABLE accounts (n)");
}

static void make_another_application(const struct site *site)
{
    make_database(site, "PRAGMA application_id = 7");
}

static void make_another_release(const struct site *site)
{
    make_database(site, "PRAGMA application_id = 1400467025; PRAGMA user_version = 2");
}

Test(queue_file, that_is_not_a_queue_of_ours_is_left_alone_until_it_is_gone)
{
    static const struct {
        int line;
        void (*make)(const struct site *site);
        bool by_root;
    } cases[] = {
        { __LINE__, make_directory, false },        { __LINE__, make_link, false },
        { __LINE__, make_lock_a_directory, false }, { __LINE__, make_another_users, true },
        { __LINE__, make_another_programs, false }, { __LINE__, make_another_application, false },
        { __LINE__, make_another_release, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (cases[i].by_root && geteuid() != 0)
            continue;
        struct site site;
        site_make(&site);
        cases[i].make(&site);
        struct queue *queue = site_open(&site);
        size_t before = size_of_file(site.db);
        for (int round = 0; round < 2; round++)
            EXPECT_STATUS(cases[i].line, put_numbers(queue, 0, 1), STATUS_NOT_SET_UP);
        EXPECT(cases[i].line, queue_is_empty(queue));
        EXPECT_INT(cases[i].line, size_of_file(site.db), before);
        EXPECT_INT(cases[i].line, site_files(&site, "queue.db.corrupt", NULL), 0);
        site_files(&site, "queue.", remove);
        EXPECT_STATUS(cases[i].line, put_numbers(queue, 0, 1), STATUS_OK);
        expect_numbers(cases[i].line, queue, 0, 1);
        queue_close(queue);
        site_remove(&site);
    }
}

Test(queue_file, in_no_directory_waits_for_one)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);

    cr_assert_eq(rmdir(site.directory), 0);
    EXPECT_STATUS(__LINE__, put_numbers(queue, 0, 1), STATUS_NOT_SET_UP);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_NOT_SET_UP);
    cr_assert_eq(mkdir(site.directory, 0700), 0);
    EXPECT_STATUS(__LINE__, put_numbers(queue, 0, 1), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_OK);
    queue_close(queue);
    site_remove(&site);
}

/* Modes hold nobody back who is root. */
static void become_somebody(struct site *site)
{
    if (geteuid() != 0)
        return;
    CHILD_REQUIRE(chown(site->directory, SOMEBODY, SOMEBODY) == 0);
    CHILD_REQUIRE(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
}

/* Counts the lines of the log while it runs. */
static int count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    int lines = 0;

    for (int c; file && (c = getc(file)) != EOF;)
        lines += c == '\n';
    if (file)
        fclose(file);
    return lines;
}

static void meet_a_directory_that_is_read_only(struct site *site)
{
    struct queue *queue = site_open(site);
    char log[80];

    become_somebody(site);
    snprintf(log, sizeof log, "%s.log", site->directory);
    CHILD_REQUIRE(dup2(open(log, O_CREAT | O_TRUNC | O_RDWR, 0600), STDERR_FILENO) == STDERR_FILENO);
    CHILD_REQUIRE(chmod(site->directory, 0500) == 0);
    for (int i = 0; i < 20; i++)
        CHILD_REQUIRE(put_numbers(queue, 0, 1) == STATUS_NOT_SET_UP);
    CHILD_REQUIRE(count_lines(log) == 1);
    CHILD_REQUIRE(chmod(site->directory, 0700) == 0);
    CHILD_REQUIRE(put_numbers(queue, 0, 1) == STATUS_OK);
    CHILD_REQUIRE(count_lines(log) == 2); /* that it can be used again */
    CHILD_REQUIRE(put_numbers(queue, 1, 1) == STATUS_OK);
    CHILD_REQUIRE(count_lines(log) == 2);
    unlink(log);
    queue_close(queue);
}

static void meet_a_file_that_is_read_only(struct site *site)
{
    struct queue *queue = site_open(site);

    become_somebody(site);
    CHILD_REQUIRE(put_numbers(queue, 0, 1) == STATUS_OK);
    queue_close(queue);
    CHILD_REQUIRE(chmod(site->db, 0400) == 0);
    queue = site_open(site);
    for (int i = 0; i < 3; i++)
        CHILD_REQUIRE(put_numbers(queue, 1, 1) == STATUS_NOT_SET_UP);
    CHILD_REQUIRE(chmod(site->db, 0600) == 0);
    CHILD_REQUIRE(put_numbers(queue, 1, 1) == STATUS_OK);
    struct queue_state state;
    CHILD_REQUIRE(queue_state(queue, &state) == STATUS_OK && state.records == 2);
    queue_close(queue);
}

Test(queue_file, that_is_read_only_is_used_once_it_is_mended)
{
    static void (*const cases[])(struct site *) = { meet_a_directory_that_is_read_only, meet_a_file_that_is_read_only };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        site_make(&site);
        expect_child((int)i, in_child(cases[i], &site));
        site_remove(&site);
    }
}

/* ---- damage ---- */

enum { PAGE_BYTES = 4096 };

/* Everything in the file itself, and nothing in its log. */
static void copy_log(const struct site *site)
{
    sqlite3 *sqlite;

    cr_assert_eq(sqlite3_open(site->db, &sqlite), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(sqlite, "SELECT count(*) FROM records", NULL, NULL, NULL), SQLITE_OK); /* it has a log */
    cr_assert_eq(sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

static void change_bytes(const char *path, off_t offset, size_t len)
{
    int fd = open(path, O_RDWR);
    char page[PAGE_BYTES];

    cr_assert(fd >= 0 && len <= sizeof page);
    cr_assert_eq(pread(fd, page, len, offset), (ssize_t)len);
    for (size_t i = 0; i < len; i++)
        page[i] = (char)~page[i];
    cr_assert_eq(pwrite(fd, page, len, offset), (ssize_t)len);
    close(fd);
}

static void spoil_header(const struct site *site)
{
    copy_log(site);
    change_bytes(site->db, 0, 100);
}

static void replace_by_text(const struct site *site)
{
    copy_log(site);
    write_text(site->db, "garbage garbage garbage garbage garbage garbage garbage garbage", 63);
}

static void spoil_pages(const struct site *site)
{
    copy_log(site);
    off_t size = (off_t)size_of_file(site->db);
    for (off_t offset = 8 * PAGE_BYTES; offset + PAGE_BYTES <= size; offset += PAGE_BYTES)
        change_bytes(site->db, offset, PAGE_BYTES);
}

static void cut(const struct site *site)
{
    copy_log(site);
    cr_assert_eq(truncate(site->db, 10 * PAGE_BYTES), 0);
}

static void empty_beside_its_log(const struct site *site)
{
    cr_assert_eq(truncate(site->db, 0), 0);
}

static void remove_beside_its_log(const struct site *site)
{
    cr_assert_eq(unlink(site->db), 0);
}

Test(queue_file, that_is_damaged_is_set_aside_and_a_new_one_begun)
{
    static const struct {
        int line;
        void (*spoil)(const struct site *site);
    } cases[] = {
        { __LINE__, spoil_header }, { __LINE__, replace_by_text },      { __LINE__, spoil_pages },
        { __LINE__, cut },          { __LINE__, empty_beside_its_log }, { __LINE__, remove_beside_its_log },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        site_make(&site);
        struct queue *queue = site_open(&site);
        struct queue_state state;
        cr_assert_eq(put_numbers(queue, 0, 2000), STATUS_OK);
        queue_close(queue);
        cases[i].spoil(&site);
        queue = site_open(&site);
        /* All of it is read, which finds what only some pages have. */
        struct content content = content_of(queue);
        EXPECT_INT(cases[i].line, content.n, 0);
        content_free(&content);
        EXPECT_STATUS(cases[i].line, put_numbers(queue, 5, 2), STATUS_OK);
        EXPECT_STATUS(cases[i].line, queue_state(queue, &state), STATUS_OK);
        expect_numbers(cases[i].line, queue, 5, 2);
        EXPECT_INT(cases[i].line, mode_of(site.db), 0600);
        EXPECT(cases[i].line, site_files(&site, "queue.db.corrupt-20", NULL) >= 1);
        queue_close(queue);
        site_remove(&site);
    }
}

/* One finds the damage while others have the file open. */
Test(queue_file, that_is_set_aside_is_left_by_every_handle)
{
    struct site site;
    site_make(&site);
    struct queue *handles[3];

    for (int i = 0; i < 3; i++) {
        handles[i] = site_open(&site);
        cr_assert_eq(put_numbers(handles[i], 1000 * (uint32_t)i, 1000), STATUS_OK);
    }
    spoil_pages(&site);
    for (int i = 0; i < 3; i++) {
        sqlite3_release_memory(1 << 30);
        struct content content = content_of(handles[i]);
        content_free(&content);
    }
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_STATUS((int)i, put_numbers(handles[i], 10 * i, 10), STATUS_OK);
    for (int i = 0; i < 3; i++)
        expect_numbers(i, handles[i], 0, 30);
    EXPECT_INT(__LINE__, site_files(&site, "queue.db.corrupt-", NULL), 3); /* it, its log, and the log's index: once */
    for (int i = 0; i < 3; i++)
        queue_close(handles[i]);
    struct queue *queue = site_open(&site);
    expect_numbers(__LINE__, queue, 0, 30); /* closing old handles has harmed nothing */
    queue_close(queue);
    site_remove(&site);
}

/* What is put into a file that loses its name at that moment is put into the one that has it then. */
Test(queue_file, that_is_moved_away_is_followed_by_a_new_one)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site), *other = site_open(&site);
    char to[100];

    cr_assert_eq(put_numbers(queue, 0, 3), STATUS_OK);
    cr_assert_eq(put_numbers(other, 3, 3), STATUS_OK);
    snprintf(to, sizeof to, "%s.old", site.db);
    cr_assert_eq(rename(site.db, to), 0);
    EXPECT_STATUS(__LINE__, put_numbers(queue, 6, 2), STATUS_OK);
    EXPECT_STATUS(__LINE__, put_numbers(other, 8, 2), STATUS_OK);
    expect_numbers(__LINE__, queue, 6, 4);
    queue_close(queue);
    expect_numbers(__LINE__, other, 6, 4);
    queue_close(other);
    site_remove(&site);
}

/* The old file's log stays beside its name, mapped by the other handle: SQLite would cut it for the new one, and kill who looks into it. */
Test(queue_file, that_is_replaced_while_in_use_leaves_its_log_to_those_who_have_it)
{
    static const char garbage[] = "garbage garbage garbage garbage garbage garbage garbage garbage";
    struct site site;
    char other[sizeof site.db + 8];
    site_make(&site);
    struct queue *handles[] = { site_open(&site), site_open(&site), site_open(&site) };

    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < COUNT_OF(handles); i++)
            EXPECT_STATUS((int)i, put_numbers(handles[i], i * 100, 100), STATUS_OK);
        snprintf(other, sizeof other, "%s.new", site.db);
        write_text(other, garbage, sizeof garbage - 1);
        cr_assert_eq(rename(other, site.db), 0);
        EXPECT_STATUS(round, put_numbers(handles[0], 0, 5), STATUS_OK);
        for (size_t i = 0; i < COUNT_OF(handles); i++)
            expect_numbers((int)i, handles[i], 0, 5);
        cr_assert_eq(queue_lead(handles[1]), STATUS_OK);
        EXPECT_STATUS(round, settle_all(handles[1], STATUS_OK), STATUS_OK);
        queue_unlead(handles[1]);
    }
    for (size_t i = 0; i < COUNT_OF(handles); i++)
        queue_close(handles[i]);
    site_remove(&site);
}

/* What stands before and behind the damage comes over into the new file; the damaged one stays. */
Test(queue_file, that_is_damaged_in_its_middle_loses_no_more_than_the_damage)
{
    enum { N = 20000 };
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);

    for (uint32_t n = 0; n < N; n += 500)
        cr_assert_eq(put_numbers(queue, n, 500), STATUS_OK);
    queue_close(queue);
    sqlite3 *sqlite;
    cr_assert_eq(sqlite3_open(site.db, &sqlite), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(sqlite, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
    int fd = open(site.db, O_WRONLY);
    char damage[3 * 4096];
    memset(damage, 0xa5, sizeof damage);
    cr_assert_eq(pwrite(fd, damage, sizeof damage, (off_t)(size_of_file(site.db) / 2 / 4096 * 4096)), (ssize_t)sizeof damage);
    close(fd);

    queue = site_open(&site);
    cr_assert_eq(queue_lead(queue), STATUS_OK);
    struct arena arena = arena_new(64 * 1024 * 1024);
    struct queue_record *records;
    size_t n = 0;
    int64_t after = 0;
    do { /* until the damage is met; what comes behind it are the records of the new file */
        cr_assert_eq(queue_peek(queue, after, 500, SIZE_MAX, &arena, &records, &n), STATUS_OK);
        after = n ? records[n - 1].seq : after;
    } while (n);
    EXPECT(__LINE__, site_files(&site, "queue.db.corrupt-", NULL) > 0);
    struct queue_state state;
    cr_assert_eq(queue_state(queue, &state), STATUS_OK);
    cr_expect(state.records >= N * 95 / 100 && state.records < N, "%u of %d came over", (unsigned)state.records, N);
    arena_free(&arena);
    queue_close(queue);
    site_remove(&site);
}

Test(queue_file, log_does_not_grow_with_what_is_put)
{
    struct site site;
    char log[sizeof site.db + 8];
    site_make(&site);
    struct queue *queue = site_open(&site);

    snprintf(log, sizeof log, "%s-wal", site.db);
    for (uint32_t n = 0; n < 100000; n += 500)
        cr_assert_eq(put_numbers(queue, n, 500), STATUS_OK);
    cr_expect_lt(size_of_file(log), 6 * 1024 * 1024);
    cr_expect_gt(size_of_file(site.db), 6 * 1024 * 1024);
    queue_close(queue);
    site_remove(&site);
}

static void spoil_and_put(struct site *site)
{
    struct queue *queue = site_open(site);

    CHILD_REQUIRE(put_numbers(queue, 0, 1) == STATUS_OK);
    queue_close(queue);
}

Test(queue_file, that_is_damaged_is_set_aside_by_one_process_of_many)
{
    enum { PROCESSES = 6 };
    struct site site;
    site_make(&site);
    pid_t pids[PROCESSES];

    write_text(site.db, "garbage garbage garbage garbage garbage garbage garbage garbage", 63);
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = in_child(spoil_and_put, &site);
    for (int i = 0; i < PROCESSES; i++)
        expect_child(i, pids[i]);
    EXPECT_INT(__LINE__, site_files(&site, "queue.db.corrupt-", NULL), 1);
    struct queue *queue = site_open(&site);
    struct content content = content_of(queue);
    EXPECT_INT(__LINE__, content.n, PROCESSES);
    content_free(&content);
    queue_close(queue);
    site_remove(&site);
}
