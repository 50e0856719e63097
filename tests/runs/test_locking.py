"""Who is writing a run."""

import subprocess
import sys

from made import made
from typed import environment, until

from synthgrad.runs.directory import Run
from synthgrad.runs.locking import held, hold

HOLD = """
import sys, time
from synthgrad.runs.locking import hold
file = open(sys.argv[1], "r+b")
assert hold(file)
print("held", flush=True)
time.sleep(60)
"""


def test_a_file_is_held_while_it_is_open(tmp_path):
    """By this process or another; a second one does not get it."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    assert not held(path)
    with path.open("r+b") as file, path.open("r+b") as other:
        assert hold(file)
        assert held(path)
        assert not hold(other)
    assert not held(path)


def test_a_killed_process_holds_nothing(tmp_path):
    """The system lets go of its locks."""
    path = tmp_path / "metrics.csv"
    path.write_text("")
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, env=environment())
    assert process.stdout.readline() == b"held\n"
    assert held(path)
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not held(path))


def test_a_missing_file_is_not_held(tmp_path):
    """Nor one that may not be read."""
    assert not held(tmp_path / "metrics.csv")


def test_a_run_that_ended_is_not_in_flight(tmp_path):
    """Its log is closed."""
    assert not Run(made(tmp_path)).in_flight
