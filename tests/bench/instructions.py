"""Instructions that the responder spends on an event, step by step, counted by callgrind on a fixed corpus: a figure that repeats."""

import glob
import os
import re
import subprocess

import prepare

REQUESTS = {1: 200, 100: 5}  # by events of a request


def measure(build_dir, folder):
    """{events of a request: {step: instructions per event}}. Raises prepare.Unprepared where it cannot be counted."""
    missing = prepare.install(["valgrind"])
    if missing:
        raise prepare.Unprepared("cannot install valgrind")
    program = build(build_dir, folder, "micro", "load/corpus.c")
    return {n: count(program, folder, n, requests) for n, requests in REQUESTS.items()}


def build(build_dir, folder, name, *more):
    """Links NAME.c, and more sources, with the built library. What that needs is asked of its Makefile."""
    program = os.path.join(folder, name)
    source = make_variable(build_dir, "abs_srcdir")
    libraries = make_variable(build_dir, "LIBSYNCHRONY_LIBS").split()
    prepare.must("tools", ["gcc", *prepare.CFLAGS, f"-I{source}/src", f"-I{build_dir}/src", "-o", program,
                           *(os.path.join(prepare.HERE, source) for source in (name + ".c", *more)),
                           os.path.join(build_dir, "libsynchrony.a"), *libraries, "-lpthread"])
    return program


def make_variable(build_dir, name):
    script = f"include Makefile\nprint-a-variable:\n\t@echo $({name})\n"
    return subprocess.run(["make", "-s", "--no-print-directory", "-C", build_dir, "-f", "-", "print-a-variable"], input=script, text=True,
                          check=True, stdout=subprocess.PIPE).stdout.strip()


def count(program, folder, n, requests):
    out = os.path.join(folder, f"callgrind.{n}")
    prepare.must("tools", ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}", program, str(n),
                           str(requests)])
    steps = {}
    for path in sorted(glob.glob(out + ".*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        step = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if step and total:
            steps[step[1]] = int(total[1]) / (n * requests)
    return steps
