#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app/session_hash.h"
#include "ctl/doctor.h"

enum { PATH_MAX_BYTES = 512, GROUP_AND_OTHERS = S_IRWXG | S_IRWXO };

static const char private_advice[] = "make it the responder's user's own: chown USER and chmod 0700";

/* ---- the configuration ---- */

static bool has_password(const struct config *config)
{
    return strstr(config->writer_database, "password=") || strstr(config->reader_database, "password=") ||
           strstr(config->owner_database, "password=");
}

static void check_configuration(struct doctor *doctor)
{
    struct stat file;

    if (!doctor->config_path) {
        doctor_found(doctor, DOCTOR_WARNING, "configuration", "install synchrony.conf, or set SYNCHRONY_CONF",
                     "there is no configuration file: all options have their defaults");
        return;
    }
    bool is_open = stat(doctor->config_path, &file) == 0 && (file.st_mode & (S_IROTH | S_IWOTH | S_IWGRP));
    if (is_open && (has_password(doctor->config) || (file.st_mode & (S_IWOTH | S_IWGRP))))
        doctor_found(doctor, DOCTOR_FAULT, "configuration", "chmod 0640, with the responder's group",
                     "%s: others than its owner may write it, or read a password in it", doctor->config_path);
    else
        doctor_found(doctor, DOCTOR_OK, "configuration", NULL, "%s", doctor->config_path);
    if (*doctor->config->owner_database && doctor->config_path && !getenv("SYNCHRONY_OWNER_DATABASE"))
        doctor_found(doctor, DOCTOR_WARNING, "configuration.owner", "set SYNCHRONY_OWNER_DATABASE where the command is run instead",
                     "owner_database stands where the responder can read it");
}

/* ---- directories ---- */

/* File systems of other hosts, by statfs(2): neither locks nor what is on disk can be relied on there. */
static const struct {
    long type;
    const char *name;
} network_file_systems[] = {
    { 0x6969, "NFS" },     { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" },  { 0x517b, "SMB" },        { 0x00c36400, "Ceph" },
    { 0x5346414f, "AFS" }, { 0x01021997, "9P" },   { 0x47504653, "GPFS" }, { 0x0bd00bd0, "Lustre" },
};

static const char *network_file_system(const char *path)
{
    struct statfs found;

    for (size_t i = 0; statfs(path, &found) == 0 && i < sizeof network_file_systems / sizeof network_file_systems[0]; i++) {
        if ((long)(found.f_type & 0xffffffff) == network_file_systems[i].type)
            return network_file_systems[i].name;
    }
    return NULL;
}

/* Returns whether it is one that the responder can use, as far as can be told from here. */
static bool check_directory(struct doctor *doctor, const char *check, const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        doctor_found(doctor, DOCTOR_FAULT, check, "make it, for the responder's user alone, with mode 0700", "%s: %s", path,
                     strerror(errno));
    else if (!S_ISDIR(found.st_mode))
        doctor_found(doctor, DOCTOR_FAULT, check, private_advice, "%s is no directory", path);
    else if (found.st_mode & GROUP_AND_OTHERS)
        doctor_found(doctor, DOCTOR_FAULT, check, private_advice, "%s has mode %04o: others may enter it", path,
                     (unsigned)(found.st_mode & 07777));
    else if (network_file_system(path))
        doctor_found(doctor, DOCTOR_FAULT, check, "use a directory on a local disk", "%s is on a network file system (%s)", path,
                     network_file_system(path));
    else if (geteuid() != 0 && found.st_uid != geteuid())
        doctor_found(doctor, DOCTOR_WARNING, check, "run this command as the responder's user, or as root",
                     "%s belongs to another user (uid %u) than this one", path, (unsigned)found.st_uid);
    else {
        doctor_found(doctor, DOCTOR_OK, check, NULL, "%s", path);
        return true;
    }
    return false;
}

static void check_room(struct doctor *doctor, const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk) != 0)
        return;
    unsigned long long room = (unsigned long long)disk.f_bavail * disk.f_frsize;
    unsigned long long wanted = doctor->config->queue_max_bytes;
    if (room < wanted)
        doctor_found(doctor, room < wanted / 10 ? DOCTOR_FAULT : DOCTOR_WARNING, "queue.room",
                     "make room, use another disk, or lower queue_max_bytes",
                     "the disk of %s has %llu MiB left, and queue_max_bytes lets the queue have %llu MiB", path, room >> 20,
                     wanted >> 20);
    else
        doctor_found(doctor, DOCTOR_OK, "queue.room", NULL, "%llu MiB are left on the disk", room >> 20);
}

/* ---- the log ---- */

static void check_log(struct doctor *doctor)
{
    const char *to = doctor->config->log_to;
    char directory[PATH_MAX_BYTES];

    if (*to != '/') {
        doctor_found(doctor, DOCTOR_OK, "log", NULL, "goes to %s", *to ? to : "standard error");
        return;
    }
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(to, '/') - to), to);
    if (access(*directory ? directory : "/", W_OK | X_OK) == 0)
        doctor_found(doctor, DOCTOR_OK, "log", NULL, "goes to %s", to);
    else
        doctor_found(doctor, DOCTOR_WARNING, "log", "let the responder's user make files in the directory",
                     "%s cannot be made by this user: %s", to, strerror(errno));
}

static void check_session_key(struct doctor *doctor)
{
    const char *path = doctor->config->log_session_key_file;
    struct siphash_key key;
    struct stat file;
    const char *fault;

    if (!*path)
        doctor_found(doctor, DOCTOR_SKIPPED, "log.session_key", NULL, "log_session_key_file is not set: the log names no sessions");
    else if (session_hash_key_read(path, &key, &fault) != STATUS_OK)
        doctor_found(doctor, DOCTOR_WARNING, "log.session_key", "make one: umask 077; openssl rand -hex 16", "%s: %s", path, fault);
    else if (stat(path, &file) == 0 && (file.st_mode & S_IRWXO))
        doctor_found(doctor, DOCTOR_WARNING, "log.session_key", "chmod 0640 or 0600", "%s: everyone may read it", path);
    else
        doctor_found(doctor, DOCTOR_OK, "log.session_key", NULL, "%s", path);
}

void doctor_check_files(struct doctor *doctor)
{
    const struct config *config = doctor->config;

    check_configuration(doctor);
    if (*config->run_directory)
        (void)check_directory(doctor, "run_directory", config->run_directory);
    else
        doctor_found(doctor, DOCTOR_SKIPPED, "run_directory", NULL,
                     "is not set: each process commits and counts for itself, and counts begin anew with it");
    if (*config->queue_directory && check_directory(doctor, "queue_directory", config->queue_directory))
        check_room(doctor, config->queue_directory);
    check_log(doctor);
    check_session_key(doctor);
}
