"""The processes of a run: started without root's rights, measured by /proc, and ended by pid whatever happens.

This process becomes the reaper of all that descends from it, so a server's children cannot get lost when the server dies before them:
whatever is left at the end is found in the tree below this process, and nothing else is ever signalled.
"""

import collections
import ctypes
import os
import signal
import subprocess
import time

from cluster import clean_environment, popen_as_unprivileged

PR_SET_CHILD_SUBREAPER = 36
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STOP_TIMEOUT_S = 15
ROLES = ("web", "responder", "database")
WEB_SERVERS = ("lighttpd", "apache2")

# One line of the process table; ticks are the process's own, child_ticks those of the children that it has waited for.
Process = collections.namedtuple("Process", "parent ticks child_ticks")


def adopt_descendants():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def start(command, log_path, environment=None, **popen):
    """Starts a program in a session of its own, so that Ctrl-C reaches this process alone."""
    with open(log_path, "ab") as log:
        arguments = {"cwd": "/", "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | popen_as_unprivileged() | popen
        return subprocess.Popen(command, env=clean_environment() | (environment or {}), start_new_session=True, **arguments)


def stop(process, how=signal.SIGTERM):
    """Ends a program that start() has started, and what is left of its children."""
    family = descendants(table(), process.pid)
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end(family)


def stat_lines():
    """(pid, state, fields behind the state) of every process; see proc(5)."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                state, *fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        yield int(name), state, [int(field) for field in fields[:16]]


def table():
    """Every process that runs, by its pid."""
    return {pid: Process(fields[0], fields[10] + fields[11], fields[12] + fields[13])
            for pid, state, fields in stat_lines() if state != "Z"}


def descendants(processes, pid):
    """The pids below pid, which is not among them."""
    children = collections.defaultdict(list)
    for child, process in processes.items():
        children[process.parent].append(child)
    found, todo = [], [pid]
    while todo:
        below = children[todo.pop()]
        found += below
        todo += below
    return found


def reap(pids):
    """Takes leave of children by adoption that have ended."""
    for pid, state, fields in list(stat_lines()):
        if state == "Z" and fields[0] == os.getpid() and pid in pids:
            os.waitpid(pid, os.WNOHANG)


def end(pids):
    """Ends processes below this one that outlive what has started them: at once politely, soon by force."""
    deadline = time.monotonic() + 2
    how = signal.SIGTERM
    while left := [pid for pid in descendants(table(), os.getpid()) if pid in pids]:
        for pid in left:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        if time.monotonic() > deadline:
            how = signal.SIGKILL
    reap(pids)


def end_all():
    end(set(descendants(table(), os.getpid())))


# ---- measuring ----


class Trees:
    """The processes of a contender and of its database, each with its role."""

    def __init__(self, roots):
        """roots: (pid, role) of the top of each tree. Below a web server what is no web server is its responder."""
        self.roots = roots

    def roles(self, processes):
        found = {}
        for root, role in self.roots:
            for pid in [root] + descendants(processes, root):
                if pid in processes:
                    found[pid] = role if role != "web" or is_web_server(pid) else "responder"
        return found

    def cpu_seconds(self):
        """Seconds of CPU by role since the processes began. Children that have ended count for the role of those that live."""
        processes = table()
        roles = self.roles(processes)
        of_children = {processes[pid].parent: role for pid, role in roles.items()}
        seconds = dict.fromkeys(ROLES, 0.0)
        for pid, role in roles.items():
            seconds[role] += processes[pid].ticks / TICKS_PER_S
            seconds[of_children.get(pid, role)] += processes[pid].child_ticks / TICKS_PER_S
        return seconds

    def responders(self):
        return [pid for pid, role in self.roles(table()).items() if role == "responder"]

    def forget_peaks(self):
        for pid in self.responders():
            try:
                with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
                    file.write("5")
            except OSError:
                pass  # not ours to reset: the peak since its start then

    def peaks_bytes(self):
        """VmHWM of each process of the responder."""
        return [peak for pid in self.responders() if (peak := peak_bytes(pid)) is not None]


def busy_seconds():
    """CPU seconds that the whole machine has spent on anything since it started, or that its host has kept from it."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


def is_web_server(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) in WEB_SERVERS
    except OSError:
        return False


def peak_bytes(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
