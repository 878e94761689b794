"""The faults in their short form; tests/faults/run has the long one. A failure says which seed to give it:
tests/faults/run SCENARIO --seed N."""

import os
import random

import pytest

from cluster import make_run_dir
from host import Database
from scenarios import SCENARIOS, run_scenario
from trial import Settings

SHORT = [(name, kind) for name, scenario in SCENARIOS.items()
         for kind in (scenario.servers if scenario.short_servers is None else scenario.short_servers)]
SEED = int(os.environ.get("SYNCHRONY_TEST_SEED") or random.SystemRandom().randrange(1000000))


@pytest.fixture(scope="module")
def database(command):
    folder = make_run_dir()
    made = Database(folder)
    try:
        yield made.set_up(command)
    finally:
        made.destroy()
        if os.path.exists(made.log_path):
            os.unlink(made.log_path)
        os.rmdir(folder)


@pytest.mark.parametrize("name, kind", SHORT, ids=lambda value: value)
def test_scenario(name, kind, database, run_dir, build_dir):
    log_dir = os.environ.get("SYNCHRONY_TEST_LOG_DIR")
    settings = Settings(run_dir, build_dir, database, SEED, log_dir=log_dir and os.path.join(log_dir, "faults"))
    result = run_scenario(settings, name, kind, False, SHORT.index((name, kind)))
    print("\n".join(result.lines()))
    if result.skipped:
        pytest.skip(result.skipped)
    assert not result.failed, "\n".join(result.lines())
