"""A run: sets up what all contenders share, gives each its turns, and collects the samples.

A turn is one contender with one workload, at one number of connections after the other; between turns everything but the database
is ended. Within a round the contenders take turns, so that what changes on the machine meanwhile strikes all of them.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile

import prepare
import web
from cluster import DATABASE, Unavailable, give_away
from contenders.base import Failed
from database import Database
from measure import Overdue
from statement import parameters

HISTORY_DATABASE = DATABASE + "_history"


def say(text=""):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What contenders are given."""

    def __init__(self, folder, build_dir, settings):
        """folder: where the run's own folder is made; a path short enough for Unix sockets. settings: lines of synchrony.conf."""
        self.build_dir = build_dir
        self.settings = settings
        self.run_dir = tempfile.mkdtemp(prefix="syn.", dir=folder)
        self.peers = {}       # folder in the run by name
        self.remembered = {}  # what a contender has found out in its first turn
        self.turns = 0
        self.bin_dir = self.data_dir = self.deploy = self.tools = self.sql_dir = self.parameters = None
        self.event = None       # a body to post, bytes
        self.properties = None  # all of it but the key, JSON text
        self.database = None

    # ---- setting up ----

    def set_up(self):
        """To be closed, also when this fails."""
        give_away(self.run_dir)
        self.bin_dir = self.copy_programs()
        self.data_dir = self.make_folder("data")  # what contenders keep from turn to turn
        self.deploy = web.copy_deploy(prepare.TOP, self.run_dir)
        self.tools = prepare.build_tools(self.make_folder("tools"))
        self.sql_dir, self.parameters = self.copy_statements()
        self.event = subprocess.run([self.tools["load"], "--print", "1"], check=True, stdout=subprocess.PIPE).stdout.strip()
        self.properties = "{" + self.event.decode()[self.event.decode().index('"timestamp"'):]
        self.database = Database(self.run_dir, os.path.join(self.bin_dir, "synchrony"), self.properties)
        self.database.init()
        self.database.start()
        self.database.make()

    def make_folder(self, name):
        path = os.path.join(self.run_dir, name)
        os.mkdir(path)
        give_away(path)
        return path

    def copy_programs(self):
        """The checkout may lie where an unprivileged user cannot read."""
        path = self.make_folder("bin")
        for name in ("synchrony", "synchrony_data_analytics"):
            shutil.copy2(os.path.join(self.build_dir, name), path)
        return path

    def copy_statements(self):
        """The peers' statements, and the product's for a group as write_many.sql."""
        path = os.path.join(self.run_dir, "sql")
        shutil.copytree(os.path.join(prepare.HERE, "sql"), path)
        many = shutil.copy(os.path.join(prepare.TOP, "db", "queries", "event_write_many.sql"), os.path.join(path, "write_many.sql"))
        with open(many, encoding="utf-8") as file:
            return path, parameters(file.read())

    def install_peer(self, contender):
        """Gets what a contender needs; returns why it cannot be measured, or None."""
        missing = prepare.install(contender.packages)
        if not missing and contender.npm:
            missing = prepare.install(prepare.node_packages())
        if missing:
            return f"cannot install {' '.join(missing)}"
        if contender.npm and contender.npm not in self.peers:
            to = os.path.join(self.run_dir, "peer-" + contender.npm)
            problem = prepare.install_modules(contender.npm, to)
            if problem:
                return problem
            self.peers[contender.npm] = to
        return None

    def peer_dir(self, name):
        """A copy of a folder of peers/."""
        if name not in self.peers:
            self.peers[name] = shutil.copytree(os.path.join(prepare.HERE, "peers", name), os.path.join(self.run_dir, "peer-" + name))
        return self.peers[name]

    def close(self):
        if self.database:
            self.database.destroy()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    # ---- turns ----

    def turn(self, make, workload, connections, plan, dbname=DATABASE):
        """One contender's turn, on tables that are prepared: samples by number of connections. Raises Failed, with what there was until
        then lost."""
        self.turns += 1
        contender = make(self, dbname)
        samples = {}
        try:
            contender.start(workload)
            contender.wait_until_ready()
            for number in connections:
                samples[number] = self.sub_run(contender, workload, number, plan)
        except (Overdue, Unavailable, subprocess.SubprocessError, TimeoutError) as error:
            raise Failed(str(error)) from None
        finally:
            contender.stop()
            contender.remove()
        return samples

    def sub_run(self, contender, workload, number, plan):
        """Counts the history before and after it: what was confirmed must be there."""
        is_counted = contender.uses_database and workload.kind == "post" and contender.dbname != HISTORY_DATABASE
        before = self.database.history_count(contender.dbname) if is_counted else 0
        sample = contender.measure(workload, number, plan.seconds, max(plan.warm_s, contender.settle_s))
        if is_counted:
            missing = sample.events - (self.database.history_count(contender.dbname) - before)
            if missing > 0:
                sample.note = f"{missing:,.0f} events confirmed but not stored"
        return sample


class Results:
    """Samples by contender, workload and number of connections; why there are none."""

    def __init__(self):
        self.samples = {}
        self.failures = {}  # by (contender, workload name); "" for every workload

    def add(self, contender, workload, number, sample):
        self.samples.setdefault((contender, workload.name, number), []).append(sample)

    def get(self, contender, workload, number):
        return self.samples.get((contender, workload.name, number), [])

    def of_round(self, contender, workload, number, round_number):
        return next((sample for sample in self.get(contender, workload, number) if sample.round == round_number), None)

    def rounds(self):
        return sorted({sample.round for samples in self.samples.values() for sample in samples})


def measure(bench, contenders, plan, results):
    """All rounds of all workloads."""
    for workload, cells in itertools.groupby(plan.cells, key=lambda cell: cell.workload):
        cells = list(cells)
        for round_number in range(1, plan.rounds + 1):
            for make in contenders:
                take_turn(bench, make, workload, cells, plan, round_number, results)


def take_turn(bench, make, workload, cells, plan, round_number, results):
    wanted = [cell.connections for cell in cells
              if make.can(workload, cell.connections) and (cell.contenders is None or make.name in cell.contenders)]
    if not wanted or (make.name, "") in results.failures or (make.name, workload.name) in results.failures:
        return
    if make.uses_database:
        bench.database.prepare_for(workload)
    try:
        samples = bench.turn(make, workload, wanted, plan)
    except Failed as failure:
        results.failures[make.name, workload.name] = str(failure)
        say(f"{workload.name:>10}  round {round_number}  {make.name:<18} failed: {failure}")
        return
    for number, sample in samples.items():
        sample.round = round_number
        results.add(make.name, workload, number, sample)
        say(f"{workload.name:>10}  round {round_number}  {make.name:<18} {number:>3} connections  "
            f"{sample.requests_per_s:>9,.0f} requests/s  {sample.events_per_s:>9,.0f} events/s  {sample.errors} errors  {sample.note}")
