"""Where and when a run was made: what a reader needs to place its figures."""

import datetime
import os
import platform
import re
import subprocess
import time

from cluster import server_program

SYNCS = 200
BLOCK = b"\0" * 8192
IN_MEMORY = ("tmpfs", "ramfs")


def first_line(command):
    try:
        result = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        return ""
    return result.stdout.split("\n")[0].strip()


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    return found[1] if found else platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def filesystem(path):
    """The type of the file system that a path lies on."""
    device = os.stat(path).st_dev
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.split()
            major, minor = fields[2].split(":")
            if os.makedev(int(major), int(minor)) == device:
                return fields[fields.index("-") + 1]
    return "unknown"


def sync_ms(folder):
    """The median time of a write of one block and fdatasync, what a commit waits for at least."""
    path = os.path.join(folder, "sync")
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        times = []
        for _ in range(SYNCS):
            begin = time.perf_counter()
            os.pwrite(fd, BLOCK, 0)
            os.fdatasync(fd)
            times.append(time.perf_counter() - begin)
        return sorted(times)[SYNCS // 2] * 1000
    finally:
        os.close(fd)
        os.unlink(path)


def product_version(top):
    revision = first_line(["git", "-C", top, "-c", "safe.directory=*", "describe", "--always", "--dirty"])
    return revision if re.fullmatch(r"[\w.-]+", revision) else ""


def describe(folder, top):
    """folder: where the database will lie."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": product_version(top),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(),
        "memory_gib": round(memory_gib(), 1),
        "kernel": platform.release(),
        "postgresql": first_line([server_program("postgres"), "--version"]).removeprefix("postgres (PostgreSQL) "),
        "filesystem": filesystem(folder),
        "fdatasync_ms": round(sync_ms(folder), 3),
        "lighttpd": first_line(["lighttpd", "-v"]).split(" ")[0].removeprefix("lighttpd/"),
        "apache": first_line(["/usr/sbin/apache2", "-v"]).removeprefix("Server version: Apache/"),
        "php": first_line(["php", "-r", "echo PHP_VERSION;"]),
        "node": first_line(["node", "--version"]).removeprefix("v"),
        "python": platform.python_version(),
    }
