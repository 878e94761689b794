#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/queue.h"

/* libpq looks for its files in the home directory, and root's is closed to the user that we become. */
static bool become(uid_t uid, gid_t gid, const struct passwd *user)
{
    bool has_groups = user ? initgroups(user->pw_name, user->pw_gid) == 0 : setgroups(0, NULL) == 0;

    return has_groups && setgid(user ? user->pw_gid : gid) == 0 && setuid(uid) == 0 &&
           setenv("HOME", user ? user->pw_dir : "/", 1) == 0;
}

enum status queue_become_owner(const char *directory)
{
    struct stat found;

    if (stat(directory, &found) != 0) {
        fprintf(stderr, "synchrony: queue_directory %s: %s; it must exist, belong to the responder's user and have mode 0700\n",
                directory, strerror(errno));
        return STATUS_NOT_SET_UP;
    }
    if (!S_ISDIR(found.st_mode)) {
        fprintf(stderr, "synchrony: queue_directory %s: a directory was expected\n", directory);
        return STATUS_NOT_SET_UP;
    }
    if (found.st_uid == geteuid())
        return STATUS_OK;

    const struct passwd *user = getpwuid(found.st_uid);
    if (geteuid() != 0) {
        fprintf(stderr, "synchrony: queue_directory %s belongs to %s: run this command as that user (sudo -u %s) or as root\n",
                directory, user ? user->pw_name : "another user", user ? user->pw_name : "USER");
        return STATUS_NOT_SET_UP;
    }
    if (!become(found.st_uid, found.st_gid, user)) {
        fprintf(stderr, "synchrony: queue_directory %s: cannot become its user, %s: %s\n", directory,
                user ? user->pw_name : "which has no name", strerror(errno));
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}
