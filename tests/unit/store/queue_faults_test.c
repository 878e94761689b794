/* Every call of SQLite's to the system fails in turn, and every allocation. Whatever the queue then says is held against what a healthy
 * process finds in the file. */
#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include "tests/unit/store/queue_site.h"

/* ---- a disk that fails ---- */

enum operation { OPEN, READ, WRITE, SYNC, TRUNCATE, SIZE, LOCK, MAP, HINT, ALLOCATE, OPERATIONS };

static const char *const operation_names[] = { "open", "read", "write", "sync", "truncate",
                                               "size", "lock", "map",   "hint", "allocate" };
_Static_assert(COUNT_OF(operation_names) == OPERATIONS, "a name for each");

static struct {
    enum operation operation;
    int countdown;   /* 0: none fails; n: the n-th from now on does */
    bool lasts;      /* and each one behind it */
    bool is_full;    /* not broken: full */
    bool until_room; /* writes fail as long as there is a reserve */
    const char *reserve;
    bool has_failed;
} fault;

static bool fails(enum operation operation)
{
    if (fault.until_room && operation == WRITE && size_of_file(fault.reserve) > 0) {
        errno = ENOSPC;
        fault.has_failed = true;
        return true;
    }
    if (fault.operation != operation || fault.countdown == 0 || (fault.countdown > 1 && fault.countdown--))
        return false;
    if (!fault.lasts)
        fault.countdown = 0;
    fault.has_failed = true;
    errno = fault.is_full ? ENOSPC : EIO;
    return true;
}

/* A file of this VFS; behind it in memory lies that of SQLite's own. */
struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

#define METHODS(file) real_of(file)->pMethods

static int shim_close(sqlite3_file *file)
{
    return METHODS(file)->xClose(real_of(file));
}

static int shim_read(sqlite3_file *file, void *p, int len, sqlite3_int64 offset)
{
    return fails(READ) ? SQLITE_IOERR_READ : METHODS(file)->xRead(real_of(file), p, len, offset);
}

/* Half of it gets through. */
static int shim_write(sqlite3_file *file, const void *p, int len, sqlite3_int64 offset)
{
    if (fails(WRITE)) {
        int error = errno;
        METHODS(file)->xWrite(real_of(file), p, len / 2, offset);
        errno = error;
        return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE; /* all others tell it by errno alone */
    }
    return METHODS(file)->xWrite(real_of(file), p, len, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails(TRUNCATE) ? SQLITE_IOERR_TRUNCATE : METHODS(file)->xTruncate(real_of(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    return fails(SYNC) ? SQLITE_IOERR_FSYNC : METHODS(file)->xSync(real_of(file), flags);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return fails(SIZE) ? SQLITE_IOERR_FSTAT : METHODS(file)->xFileSize(real_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return fails(LOCK) ? SQLITE_IOERR_LOCK : METHODS(file)->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return METHODS(file)->xUnlock(real_of(file), level);
}

static int shim_check(sqlite3_file *file, int *result)
{
    return METHODS(file)->xCheckReservedLock(real_of(file), result);
}

static int shim_control(sqlite3_file *file, int op, void *p)
{
    if (op == SQLITE_FCNTL_SIZE_HINT && fails(HINT))
        return SQLITE_IOERR_WRITE;
    return METHODS(file)->xFileControl(real_of(file), op, p);
}

static int shim_sector(sqlite3_file *file)
{
    return METHODS(file)->xSectorSize(real_of(file));
}

static int shim_characteristics(sqlite3_file *file)
{
    return METHODS(file)->xDeviceCharacteristics(real_of(file));
}

static int shim_map(sqlite3_file *file, int region, int size, int extend, void volatile **p)
{
    return fails(MAP) ? SQLITE_IOERR_SHMMAP : METHODS(file)->xShmMap(real_of(file), region, size, extend, p);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    if (!(flags & SQLITE_SHM_UNLOCK) && fails(LOCK))
        return SQLITE_IOERR_SHMLOCK;
    return METHODS(file)->xShmLock(real_of(file), offset, n, flags);
}

static void shim_barrier(sqlite3_file *file)
{
    METHODS(file)->xShmBarrier(real_of(file));
}

static int shim_unmap(sqlite3_file *file, int delete)
{
    return METHODS(file)->xShmUnmap(real_of(file), delete);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct shim_file *shim = (struct shim_file *)file;
    sqlite3_vfs *real = vfs->pAppData;

    file->pMethods = NULL;
    if (fails(OPEN))
        return SQLITE_CANTOPEN;
    shim->real = (sqlite3_file *)(shim + 1);
    int rc = real->xOpen(real, name, shim->real, flags, out_flags);
    if (shim->real->pMethods)
        file->pMethods = &shim_methods;
    return rc;
}

static sqlite3_mem_methods real_memory;

static void *shim_malloc(int size)
{
    return fails(ALLOCATE) ? NULL : real_memory.xMalloc(size);
}

static void *shim_realloc(void *p, int size)
{
    return fails(ALLOCATE) ? NULL : real_memory.xRealloc(p, size);
}

/* Before SQLite is used for the first time in this process. */
static void make_shims(void)
{
    static sqlite3_vfs vfs;
    sqlite3_mem_methods memory;

    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    memory = real_memory;
    memory.xMalloc = shim_malloc;
    memory.xRealloc = shim_realloc;
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "failing";
    vfs.pAppData = real;
    vfs.szOsFile = (int)sizeof(struct shim_file) + real->szOsFile;
    vfs.xOpen = shim_open;
    cr_assert_eq(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
}

/* ---- what is done while it fails ---- */

enum { BEFORE = 4, ADDED = 3 };

static const struct uuid batch_id = { "batch" };

static enum status do_put(struct queue *queue)
{
    return put_numbers(queue, BEFORE, ADDED);
}

static enum status do_peek(struct queue *queue)
{
    struct arena arena = arena_new(SITE_ARENA_BYTES);
    struct queue_record *records;
    size_t n;
    enum status st = queue_peek(queue, 0, 100, SIZE_MAX, &arena, &records, &n);

    EXPECT_INT(__LINE__, n, st == STATUS_OK ? BEFORE : 0);
    arena_free(&arena);
    return st;
}

/* Removes the first two and quarantines the third. What was read was read while all was well. */
static struct content to_settle;

static enum status do_settle(struct queue *queue)
{
    return queue_settle(queue, to_settle.records, to_settle.n);
}

static enum status do_batch(struct queue *queue)
{
    enum status st = queue_batch_begin(queue, &batch_id, 1);

    for (uint32_t i = 0; i < ADDED && st == STATUS_OK; i++) {
        struct event event = event_of(BEFORE + i);
        st = queue_batch_add(queue, i, &event);
    }
    if (st == STATUS_OK)
        st = queue_batch_reject(queue, ADDED, BYTES("code"), BYTES("error"), (struct bytes){ 0 });
    if (st == STATUS_OK)
        st = queue_batch_commit(queue, ADDED + 1);
    queue_batch_abort(queue);
    return st;
}

static enum status do_state(struct queue *queue)
{
    struct queue_state state = { 0 };
    enum status st = queue_state(queue, &state);

    EXPECT_INT(__LINE__, state.records, st == STATUS_OK ? BEFORE : 0);
    return st;
}

/* What a healthy process finds: the numbers first … end - 1, so many in the quarantine, and whether there is the batch. */
struct found {
    uint32_t first, end, quarantined;
    bool has_batch;
};

static struct found look(int line, const struct site *site)
{
    struct site healthy = *site;
    struct queue_batch batch;
    struct queue_state state = { 0 };
    healthy.options.vfs = NULL;
    struct queue *queue = site_open(&healthy);
    struct content content = content_of(queue), quarantined = quarantine_of(queue);
    struct found found = { .quarantined = (uint32_t)quarantined.n };

    if (content.n) {
        found.first = number_of(&content.records[0].event);
        found.end = found.first + (uint32_t)content.n;
    }
    for (size_t i = 0; i < content.n; i++)
        EXPECT_INT(line, number_of(&content.records[i].event), found.first + i);
    found.has_batch = queue_batch_read(queue, &batch_id, &batch) == STATUS_OK;
    EXPECT(line, !found.has_batch || (batch.pending == ADDED && batch.rejected == 1 && batch.received == ADDED + 1));
    EXPECT_STATUS(line, queue_state(queue, &state), STATUS_OK);
    EXPECT_INT(line, state.records, content.n);
    EXPECT_INT(line, state.quarantined, quarantined.n);
    EXPECT_INT(line, site_files(site, "queue.db.corrupt", NULL), 0);
    content_free(&quarantined);
    content_free(&content);
    queue_close(queue);
    return found;
}

static bool is_same(const struct found *a, const struct found *b)
{
    return a->first == b->first && a->end == b->end && a->quarantined == b->quarantined && a->has_batch == b->has_batch;
}

struct scenario {
    int line;
    const char *name;
    enum status (*act)(struct queue *queue);
    bool is_open; /* the handle, before the fault; else it is opened in the midst of it */
    struct found done;
};

static const struct found untouched = { 0, BEFORE, 0, false };

static const struct scenario scenarios[] = {
    { __LINE__, "put", do_put, true, { 0, BEFORE + ADDED, 0, false } },
    { __LINE__, "open and put", do_put, false, { 0, BEFORE + ADDED, 0, false } },
    { __LINE__, "peek", do_peek, true, { 0, BEFORE, 0, false } },
    { __LINE__, "open and peek", do_peek, false, { 0, BEFORE, 0, false } },
    { __LINE__, "settle", do_settle, true, { 3, BEFORE, 1, false } },
    { __LINE__, "open and settle", do_settle, false, { 3, BEFORE, 1, false } },
    { __LINE__, "batch", do_batch, true, { 0, BEFORE + ADDED, 0, true } },
    { __LINE__, "state", do_state, true, { 0, BEFORE, 0, false } },
};

/* A queue of BEFORE records whose log a process has left that was killed, so that an opening has to recover it. */
static struct queue *prepare(struct site *site, const struct scenario *scenario)
{
    struct site healthy;
    site_make(&healthy);
    struct queue *queue = site_open(&healthy);

    cr_assert_eq(put_numbers(queue, 0, BEFORE), STATUS_OK);
    to_settle = content_of(queue);
    cr_assert_eq(to_settle.n, BEFORE);
    to_settle.records[2].event.verdict = STATUS_UNPROCESSABLE;
    to_settle.records[3].event.verdict = STATUS_RETRY;
    queue_close(queue);

    *site = healthy;
    site->options.directory = site->directory;
    site->options.vfs = "failing";
    queue = site_open(site);
    cr_assert_eq(queue_lead(queue), STATUS_OK);
    if (scenario->is_open)
        cr_assert(!queue_is_empty(queue));
    return queue;
}

/* Returns whether the fault was met. */
static bool try_one(const struct scenario *scenario, enum operation operation, int nth, bool lasts, bool is_full)
{
    struct site site;
    struct queue *queue = prepare(&site, scenario);

    fault.operation = operation;
    fault.lasts = lasts;
    fault.is_full = is_full;
    fault.has_failed = false;
    fault.countdown = nth;
    enum status st = scenario->act(queue);
    fault.countdown = 0;
    bool has_failed = fault.has_failed;

    struct found found = look(scenario->line, &site);
    bool is_done = is_same(&found, &scenario->done), is_untouched = is_same(&found, &untouched);
    /* Only a disk that fails for good leaves it open what there is: and then that is said. */
    bool is_true = st == STATUS_OK ? is_done : is_untouched || (is_done && lasts && st == STATUS_UNAVAILABLE);
    cr_expect(is_true, "%s, %s %d%s%s: %s, and there are %u to %u, %u in quarantine", scenario->name, operation_names[operation],
              nth, lasts ? " and on" : "", is_full ? ", full" : "", status_info(st)->code, found.first, found.end,
              found.quarantined);
    cr_expect(has_failed || st == STATUS_OK, "%s: %s without a fault", scenario->name, status_info(st)->code);

    /* The handle works again. */
    EXPECT_STATUS(scenario->line, put_numbers(queue, found.end, 1), STATUS_OK);
    found.end++;
    struct found later = look(scenario->line, &site);
    EXPECT(scenario->line, is_same(&found, &later));
    queue_close(queue);
    later = look(scenario->line, &site);
    EXPECT(scenario->line, is_same(&found, &later));
    content_free(&to_settle);
    site_remove(&site);
    return has_failed;
}

static void try_all(enum operation operation)
{
    make_shims();
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        for (int variant = 0; variant < 4; variant++) {
            int step = operation == ALLOCATE ? 41 : 1; /* there are hundreds of them */
            int nth = operation == ALLOCATE ? 1 + (int)i : 1;
            while (try_one(&scenarios[i], operation, nth, variant & 1, variant & 2))
                nth += step;
            if (operation == ALLOCATE && variant == 1)
                break; /* memory is not full or broken */
        }
    }
}

Test(queue_faults, opening_a_file_fails)
{
    try_all(OPEN);
}

Test(queue_faults, reading_fails)
{
    try_all(READ);
}

Test(queue_faults, writing_fails)
{
    try_all(WRITE);
}

Test(queue_faults, syncing_fails)
{
    try_all(SYNC);
}

Test(queue_faults, truncating_fails)
{
    try_all(TRUNCATE);
}

Test(queue_faults, asking_the_size_fails)
{
    try_all(SIZE);
}

Test(queue_faults, locking_fails)
{
    try_all(LOCK);
}

Test(queue_faults, mapping_the_index_of_the_log_fails)
{
    try_all(MAP);
}

Test(queue_faults, allocating_room_fails)
{
    try_all(HINT);
}

Test(queue_faults, allocating_memory_fails)
{
    try_all(ALLOCATE);
}

/* The first call of all makes the file. */
Test(queue_faults, making_the_file_fails)
{
    make_shims();
    for (int operation = 0; operation < OPERATIONS; operation++) {
        for (int variant = 0; variant < 2; variant++) {
            bool was_met = true;
            for (int nth = 1; was_met; nth += operation == ALLOCATE ? 97 : 1) {
                struct site site;
                site_make(&site);
                site.options.vfs = "failing";
                struct queue *queue = site_open(&site);
                fault.operation = (enum operation)operation;
                fault.has_failed = false;
                fault.lasts = variant;
                fault.countdown = nth;
                enum status st = put_numbers(queue, 0, 2);
                fault.countdown = 0;
                was_met = fault.has_failed;
                struct found found = look(nth, &site);
                cr_expect(found.end == (st == STATUS_OK ? 2 : 0) || (variant && st == STATUS_UNAVAILABLE), "%s %d%s: %s",
                          operation_names[operation], nth, variant ? " and on" : "", status_info(st)->code);
                EXPECT_STATUS(nth, put_numbers(queue, found.end, 1), STATUS_OK);
                queue_close(queue);
                site_remove(&site);
            }
        }
    }
}

/* ---- a full disk ---- */

Test(queue_faults, full_disk_lets_records_leave)
{
    make_shims();
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct site site;
        struct queue *queue = prepare(&site, &scenarios[i]);
        char reserve[80];
        snprintf(reserve, sizeof reserve, "%s/queue.reserve", site.directory);
        cr_assert_eq(size_of_file(reserve), SITE_RESERVE_BYTES);
        fault.until_room = true;
        fault.reserve = reserve;
        enum status st = scenarios[i].act(queue);
        bool may_have_it = scenarios[i].act == do_settle, only_reads = scenarios[i].act == do_peek || scenarios[i].act == do_state;
        fault.until_room = false;
        EXPECT_STATUS(scenarios[i].line, st, may_have_it || only_reads ? STATUS_OK : STATUS_NO_ROOM);
        struct found found = look(scenarios[i].line, &site);
        EXPECT(scenarios[i].line, is_same(&found, may_have_it ? &scenarios[i].done : &untouched));
        EXPECT_INT(scenarios[i].line, size_of_file(reserve), SITE_RESERVE_BYTES); /* not taken, or made again */
        queue_close(queue);
        content_free(&to_settle);
        site_remove(&site);
    }
}

/* A disk of its own, of 12 MiB, for this process alone. Returns false where that is not allowed. */
static bool mount_small(const struct site *site)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", site->directory, "tmpfs", 0, "size=12m,mode=0700") == 0;
}

/* Somebody else takes the rest of the disk. */
static void fill_disk(const struct site *site)
{
    char path[80], zeros[4096] = { 0 };

    snprintf(path, sizeof path, "%s/other", site->directory);
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
    cr_assert_geq(fd, 0);
    while (write(fd, zeros, sizeof zeros) > 0) {
    }
    close(fd);
}

Test(queue_faults, disk_that_is_really_full_lets_all_records_leave)
{
    enum { PORTION = 200 };
    struct site site;
    site_make(&site);
    site.options.reserve_bytes = 1024 * 1024;
    if (!mount_small(&site)) {
        site_remove(&site);
        return;
    }
    struct queue *queue = site_open(&site), *leader = site_open(&site);
    uint32_t n = 0;
    enum status st;

    while ((st = put_numbers(queue, n, 40)) == STATUS_OK)
        n += 40;
    EXPECT_STATUS(__LINE__, st, STATUS_NO_ROOM);
    fill_disk(&site);
    while ((st = put_numbers(queue, n, 40)) == STATUS_OK) /* some find room in the log, which begins anew */
        n += 40;
    EXPECT_STATUS(__LINE__, st, STATUS_NO_ROOM);
    EXPECT(__LINE__, n > 10000);
    expect_numbers(__LINE__, queue, 0, n);
    queue_close(queue);
    cr_assert_eq(queue_lead(leader), STATUS_OK);
    for (uint32_t left = n; left; left -= left < PORTION ? left : PORTION) {
        struct arena arena = arena_new(SITE_ARENA_BYTES);
        struct queue_record *records;
        size_t n_records;
        cr_assert_eq(queue_peek(leader, 0, PORTION, SIZE_MAX, &arena, &records, &n_records), STATUS_OK);
        cr_assert_eq(n_records, left < PORTION ? left : PORTION);
        EXPECT_INT(__LINE__, number_of(&records[0].event), n - left);
        records[0].event.verdict = STATUS_UNPROCESSABLE;
        cr_assert_eq(queue_settle(leader, records, n_records), STATUS_OK, "with %u left of %u", left, n);
        arena_free(&arena);
        fill_disk(&site); /* who takes all takes also what is given back */
    }
    expect_numbers(__LINE__, leader, 0, 0);
    queue_close(leader);
    site_files(&site, "", remove);
    cr_assert_eq(umount(site.directory), 0);
    site_remove(&site);
}
