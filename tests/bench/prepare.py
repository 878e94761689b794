"""What a run needs before anything is measured: packages, the product built, the small C programs, the peers' modules.

Everything that is kept from run to run lies under var/bench: source/ and build/ of the product, log/. Node's modules go into the run's
own folder.
"""

import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(TOP, "var", "bench")
LOG_LINES = 30

PACKAGES = ("lighttpd", "apache2-bin", "libapache2-mod-fcgid", "python3-psycopg2")
CFLAGS = ("-std=gnu11", "-O2", "-g", "-Wall", "-Wextra")
PACKAGE_CONFIG = {"libfcgi-dev": "fcgi", "libpq-dev": "libpq", "libjson-c-dev": "json-c"}

# The C programs of the benchmark itself: sources, and the libraries they need by pkg-config's names.
TOOLS = {
    "load": (("load/load.c", "load/answer.c", "load/corpus.c", "load/samples.c"), ()),
    "arrays": (("limits/arrays.c", "load/corpus.c", "load/samples.c"), ("libpq",)),
    "empty": (("limits/empty.c",), ("fcgi",)),
    "plain": (("peers/plain-c/plain.c",), ("fcgi", "libpq", "json-c")),
}


class Unprepared(Exception):
    """Something that every run needs is not to be had; the reason is for people."""


def log_path(name):
    os.makedirs(os.path.join(WORK, "log"), exist_ok=True)
    return os.path.join(WORK, "log", name + ".log")


def run_logged(name, command, **more):
    """Runs a command with its output in a log; returns whether it succeeded."""
    with open(log_path(name), "ab") as log:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, **more).returncode == 0


def log_end(name):
    with open(log_path(name), encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-LOG_LINES:])


def must(name, command, **more):
    if not run_logged(name, command, **more):
        raise Unprepared(f"{' '.join(command[:4])} failed:\n{log_end(name)}")


# ---- packages ----


def is_installed(package):
    result = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", package], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return result.stdout == "installed"


def packages_to_build():
    """The quickstart's own list."""
    script = f". {TOP}/deploy/quickstart.d/packages.sh; printf '%s\\n' \"${{PACKAGES_TO_BUILD[@]}}\"; postgresql_newest"
    lines = subprocess.run(["bash", "-c", script], text=True, check=True, stdout=subprocess.PIPE).stdout.split()
    has_server = lines[-1].isdigit()
    return lines[:-1] if has_server else lines + ["postgresql"]


def install(packages):
    """Installs what is missing; returns the packages that are still missing then. No service is started, nor enabled."""
    missing = [package for package in packages if not is_installed(package)]
    if not missing:
        return []
    sudo = [] if os.geteuid() == 0 else ["sudo"] if shutil.which("sudo") else None
    if sudo is not None:
        run_logged("apt", [*sudo, os.path.join(TOP, "deploy", "install-packages"), *missing])
        if any(package.startswith("php") for package in missing):
            disable_php_fpm(sudo)
    return [package for package in missing if not is_installed(package)]


def disable_php_fpm(sudo):
    """It came for this benchmark, so the next boot is not to start it."""
    for script in os.listdir("/etc/init.d"):
        if re.fullmatch(r"php[\d.]+-fpm", script):
            run_logged("apt", [*sudo, "update-rc.d", script, "disable"])


def install_for_all():
    missing = install([*packages_to_build(), *PACKAGES])
    if missing:
        raise Unprepared(f"cannot install: {' '.join(missing)} (as root, run deploy/install-packages {' '.join(missing)})")


def node_packages():
    """Debian's, where there is no Node from elsewhere."""
    return [package for program, package in (("node", "nodejs"), ("npm", "npm")) if not shutil.which(program)]


# ---- the product ----


def source_files():
    """The files that git knows or would take; without git all but what was made."""
    if os.path.exists(os.path.join(TOP, ".git")) and shutil.which("git"):
        out = subprocess.run(["git", "-C", TOP, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                              "--exclude=/var/"], check=True, stdout=subprocess.PIPE).stdout
        return [name for name in os.fsdecode(out).split("\0") if name and os.path.isfile(os.path.join(TOP, name))]
    found = []
    for folder, folders, files in os.walk(TOP):
        if folder == TOP:
            folders[:] = [name for name in folders if name != "var"]
        found += [os.path.relpath(os.path.join(folder, name), TOP) for name in files]
    return found


def copy_source(to):
    """Copies what has changed, so that make builds no more than that."""
    for name in source_files():
        source, target = os.path.join(TOP, name), os.path.join(to, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        old = os.stat(target) if os.path.exists(target) else None
        new = os.stat(source)
        if not old or (old.st_size, old.st_mtime_ns) != (new.st_size, new.st_mtime_ns):
            shutil.copy2(source, target)


def build_product():
    """Returns the folder of the built programs: with optimisation, without sanitizers."""
    source, build = os.path.join(WORK, "source"), os.path.join(WORK, "build")
    try:
        make_product(source, build)
    except Unprepared:  # what was made for an older tree may stand in the way
        shutil.rmtree(source, ignore_errors=True)
        shutil.rmtree(build, ignore_errors=True)
        make_product(source, build)
    return build


def make_product(source, build):
    copy_source(source)
    if not os.path.exists(os.path.join(source, "configure")):
        must("build", ["autoreconf", "-i", source])
    if not os.path.exists(os.path.join(build, "Makefile")):
        os.makedirs(build, exist_ok=True)
        must("build", [os.path.join(source, "configure"), "CFLAGS=-O2 -g"], cwd=build)
    must("build", ["make", f"-j{os.cpu_count()}"], cwd=build)


# ---- the benchmark's own programs ----


def library_flags(libraries):
    if not libraries:
        return []
    return subprocess.run(["pkg-config", "--cflags", "--libs", *libraries], text=True, check=True, stdout=subprocess.PIPE).stdout.split()


def build_tools(to):
    """Compiles TOOLS into a folder; returns their paths by name."""
    paths = {}
    for name, (sources, libraries) in TOOLS.items():
        paths[name] = os.path.join(to, name)
        must("tools", ["gcc", *CFLAGS, "-o", paths[name], *(os.path.join(HERE, source) for source in sources), *library_flags(libraries),
                       "-lpthread"])
    return paths


def install_modules(peer, to):
    """Copies a peer with its package-lock.json and lets npm fetch exactly that. No package's script runs. Returns why not, or None."""
    shutil.copytree(os.path.join(HERE, "peers", peer), to)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    if not run_logged("npm", command, cwd=to):
        return f"npm ci failed, see {os.path.relpath(log_path('npm'), TOP)}"
    return None
