"""``synthgrad sweep``: what it prints, what its exit code says, what a dry run is good for."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import COMMAND, environment, ran, result, typed, write
from support.trained_runs import LATE, killed, made
from test_completion import completed
from test_help import HEAVY

from synthgrad.cli.signals import Stop
from synthgrad.errors import RunError
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import below
from synthgrad.runs.locking import hold
from synthgrad.sweep.events import Begun, Done, Ended, Lost


@pytest.fixture
def sweep(tmp_path):
    """Type a sweep over the tiny config."""
    config = write(tmp_path)
    return lambda *words: typed("sweep", config, "--runs", tmp_path / "runs", "--jobs", 1, *words)


@pytest.fixture
def told(monkeypatch):
    """Have an engine that tells these events, and raises what is an error."""

    def tell(*events):
        def work(stacks, jobs, stop):
            for event in events:
                if isinstance(event, Exception):
                    raise event
                yield event

        monkeypatch.setattr("synthgrad.sweep.pool.work", work)

    return tell


def seeds(said):
    """The seeds of the runs whose directories were printed, in this order."""
    return [int(Path(line).name.split("-")[-2][1:]) for line in said.out.splitlines()]


def lines(said):
    """What was said on stderr, line by line."""
    return said.err.splitlines()


# what it prints -----------------------------------------------------------------------------------


def test_stdout_is_the_directories_of_the_grid_in_its_order(sweep, tmp_path):
    """Those that were there before as well, in their places."""
    there = made(tmp_path / "runs", seed=8)
    said = sweep("--seed", "9,8,7", "-q")
    assert (said.code, said.err, seeds(said)) == (0, "", [9, 8, 7])
    assert said.out.splitlines()[1] == str(there)
    assert sorted(map(Path, said.out.splitlines())) == sorted(below(tmp_path / "runs"))


def test_before_and_after_there_is_a_sentence(sweep, tmp_path):
    """How many runs exist and how many are missing; how they ended."""
    made(tmp_path / "runs", seed=8)
    first, last = lines(sweep("--seed", "7..10"))
    assert first == "4 runs: 1 exists already, 3 to train, in 1 stack on 1 process"
    assert re.match(r"3 runs in \d+:\d\d: ", last)
    assert last.endswith(": 3 finished. The grid is complete.")


def test_the_same_line_again_trains_nothing(sweep):
    """It prints the same directories."""
    first = sweep("--seed", "7..8")
    again = sweep("--seed", "7..8")
    assert (again.code, again.out, again.err) == (0, first.out, "2 runs: all exist already\n")


def test_a_grid_may_be_one_run(sweep):
    """Then it is train with a memory."""
    said = sweep()
    assert (said.code, seeds(said)) == (0, [3])
    assert lines(said)[0] == "1 run: 1 to train, on 1 process"


def test_seed_is_a_setting(sweep):
    """--seed 0..2 is -s seed=0..2."""
    assert seeds(sweep("--seed", "0..2", "-q")) == seeds(sweep("-s", "seed=0..2", "-q")) == [0, 1, 2]


def test_runs_that_were_interrupted_go_on(sweep, tmp_path):
    """In their directories, and it says so."""
    interrupted, gone = made(tmp_path / "runs", seed=7, stop=1), killed(tmp_path / "runs", seed=8)
    said = sweep("--seed", "7..9")
    assert said.out.splitlines()[:2] == [str(interrupted), str(gone)]
    assert lines(said)[0].endswith(" on 1 process (2 continue an earlier attempt)")


def test_runs_have_a_name(sweep):
    """The config's, or the one that is given."""
    assert "-tiny-s3-" in sweep("-q").out
    assert "-mine-s4-" in sweep("-q", "--name", "mine", "--seed", 4).out


def on_a_terminal(*words):
    """What a sweep says on stdout, which is a terminal, and on stderr."""
    master, slave = pty.openpty()
    said = ran(*words, stdout=slave)
    os.set_blocking(master, False)
    os.close(slave)
    try:
        return os.read(master, 1 << 16).decode(), said.err.splitlines()
    except OSError:  # nothing
        return "", said.err.splitlines()
    finally:
        os.close(master)


@pytest.mark.few(1)
@pytest.mark.parametrize(("seed", "more"), [("1", []), ("1..2", ["See: synthgrad compare '{}'"])])
def test_a_terminal_is_told_what_to_do_next_instead_of_directories(tmp_path, seed, more):
    """Where there is something to compare."""
    runs = tmp_path / "my runs"
    out, err = on_a_terminal("sweep", write(tmp_path), "--runs", runs, "--seed", seed)
    assert out == ""
    assert [line for line in err if line.startswith("See: ")] == [line.format(runs) for line in more]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("more", "against"), [((), "backprop"), (("-s", "trainer.name=backprop,frozen,dni"), "backprop  (or with dni)")]
)
def test_an_ablation_is_to_be_read_against_the_runs_that_freeze_nothing(tmp_path, more, against):
    """By the name that compare has for them."""
    runs = tmp_path / "runs"
    _, err = on_a_terminal("sweep", write(tmp_path), "--runs", runs, "--ablate", "layers", *more)
    assert err[-1] == f"See: synthgrad compare {runs} --against {against}"
    said = typed("compare", runs, "--against", "backprop")
    assert said.code == 0
    assert "backprop freeze=[1]" in said.out


def test_files_of_claims_that_a_glob_brings_along_are_left_out(sweep, tmp_path):
    """With a line that says so, but with -q; alone, it is an error."""
    claims = tmp_path / "claims.yaml"
    claims.write_text("sweeps:\n- tiny.yaml\nclaims:\n- backprop > 0.5\n")
    alone = sweep("--dry-run")
    said = sweep(claims, "--dry-run")
    assert (said.code, said.out) == (0, alone.out)
    assert said.err == f"sweep: {claims}: left out (a claims file)\n{alone.err}"
    assert sweep(claims, "--dry-run", "-q") == (0, alone.out, "")
    error = f"{claims}: is a claims file, not a config (synthgrad compare --claims FILE)\n"
    for command in ("sweep", "train"):
        assert typed(command, claims, "--runs", tmp_path / "runs") == (2, "", error)


def test_a_quiet_sweep_prints_directories_on_a_terminal_too(tmp_path):
    """The default."""
    out, err = on_a_terminal("sweep", write(tmp_path), "--runs", tmp_path / "runs", "-q")
    assert (out.splitlines(), err) == ([str(path) for path in below(tmp_path / "runs")], [])


def test_a_stack_is_as_large_as_is_wished(sweep):
    """Or one run alone."""
    assert " in 1 stack on " in lines(sweep("--seed", "0..3", "--dry-run"))[0]
    assert " in 2 stacks on " in lines(sweep("--seed", "0..3", "--stack", 2, "--dry-run"))[0]
    assert lines(sweep("--seed", "0..3", "--stack", 1, "--dry-run"))[0].startswith("4 runs: 4 to train, on ")


def test_without_jobs_there_is_a_process_for_each_core(tmp_path):
    """Of those that this process may use."""
    core = min(os.sched_getaffinity(0))
    said = ran(
        "sweep", write(tmp_path), "--seed", "0..9", "--dry-run", preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    assert said.err == "10 runs: 10 to train, in 1 stack on 1 process\n"


# a dry run ----------------------------------------------------------------------------------------


def test_runs_that_vary_with_timing_are_better_off_alone(sweep):
    """A word beforehand, where others would be trained beside them; not where one follows the other."""
    free = ("-s", "trainer={name: dni, schedule: free}", "--seed", "0..1", "--dry-run")
    remark, opening = lines(sweep(*free, "--jobs", 2))
    assert remark.startswith("sweep: 2 runs with the free schedule vary with what else the cores do: --jobs 1 ")
    assert opening == "2 runs: 2 to train, on 2 processes"
    assert lines(sweep(*free)) == ["2 runs: 2 to train, on 1 process"]
    assert not any("free" in line for line in lines(sweep("--seed", "0..3", "--stack", 1, "--jobs", 2, "--dry-run")))


def test_a_dry_run_prints_the_lines_of_what_is_missing(sweep, tmp_path):
    """On stdout; a sentence on stderr; nothing is made."""
    made(tmp_path / "runs", seed=8)
    said = sweep("--seed", "7..9", "--dry-run")
    line = f"synthgrad train {tmp_path}/tiny.yaml -s seed=%d --runs {tmp_path}/runs -q"
    assert (said.code, said.out.splitlines()) == (0, [line % 7, line % 9])
    assert said.err == "3 runs: 1 exists already, 2 to train, in 1 stack on 1 process\n"
    assert len(list(below(tmp_path / "runs"))) == 1


def test_a_quiet_dry_run_prints_lines_alone(sweep):
    """And no directories."""
    said = sweep("--dry-run", "-q")
    assert (said.code, said.err, said.out.count("\n")) == (0, "", 1)


def test_what_was_interrupted_goes_on_by_its_own_line(sweep, tmp_path):
    """As the sweep would have it."""
    run = made(tmp_path / "runs", stop=1)
    line = sweep("--dry-run", "-q").out
    assert line == f"synthgrad train --resume {run} -q\n"
    assert typed(*shlex.split(line)[1:]).code == 0
    assert result(run)["outcome"] == "finished"


@pytest.fixture
def shell(tmp_path):
    """Run a line of a shell that knows synthgrad."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "synthgrad"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}:{os.environ['PATH']}"
    return lambda line: subprocess.run(line, shell=True, cwd=tmp_path, env=environment(PATH=path), check=True)


@pytest.mark.few(1)
@pytest.mark.parametrize("then", ["xargs -P 4 -L 1 env", "sh"])
def test_the_lines_of_a_dry_run_are_ready_for_xargs_and_sh(sweep, shell, tmp_path, then):
    """With lists, blanks and quotes in them; afterwards nothing is missing."""
    words = ["-s", "network.hidden=[9],[9, 7]", "-s", "trainer.name=backprop,dni", "--name", 'it\'s "mine"']
    line = shlex.join(["synthgrad", "sweep", "tiny.yaml", *words, "--runs", "my runs", "--dry-run", "-q"])
    shell(f"{line} | {then} > out")
    assert len((tmp_path / "out").read_text().splitlines()) == 4
    shell(f"{line} > missing")
    assert (tmp_path / "missing").read_text() == ""


def test_a_path_that_is_no_text_is_printed_as_its_bytes(tmp_path):
    """In the lines, and among the directories."""
    words = ["sweep", write(tmp_path), "--runs", tmp_path / "r\udcffuns", "-q"]
    strict = environment(PYTHONIOENCODING="utf-8:strict")
    for more in (["--dry-run"], []):
        said = ran(*words, *more, text=False, env=strict)
        assert (said.code, said.err, b"/r\xffuns" in said.out) == (0, b"", True)


# exit codes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-s", "trainer.alhpa=1,2"], "trainer.alhpa"),
        (["-s", "trainer.alpha=1..x"], "'1..x'"),
        (["--jobs", "0"], "--jobs"),
        (["--stack", "0"], "--stack"),
        (["--scheduler", "nowhere"], "--scheduler: 'nowhere' is no address"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_with_a_line_is_2(sweep, tmp_path, words, message):
    """A message, and no run."""
    said = sweep(*words)
    assert (said.code, said.out, message in said.err) == (2, "", True)
    assert not list(below(tmp_path / "runs"))


def test_without_a_config_it_is_2():
    """Click says so."""
    assert typed("sweep", "-s", "seed=1").code == 2


def test_a_run_that_diverged_is_3_now_and_later(sweep):
    """All are there; the sentences say how many diverged."""
    late = [part for key, value in LATE.items() for part in ("-s", f"{key}={value}")] + ["-s", "training.epochs=100"]
    alphas = ["-s", "trainer.alpha=1e-6,0.3"]
    first, again, more = sweep(*late, *alphas), sweep(*late, *alphas), sweep(*late, *alphas, "-s", "seed=3,4")
    assert [said.code for said in (first, again, more)] == [3, 3, 3]
    assert lines(first)[-1].endswith(": 1 finished, 1 diverged. The grid is complete.")
    assert again.err == "2 runs: all exist already (1 diverged)\n"
    assert lines(more)[-1].endswith(": 1 finished, 1 diverged. The grid is complete; 2 of its 4 runs diverged.")


def test_a_failure_is_1_and_its_message_is_printed_once(sweep, tmp_path):
    """For all the runs that it took, also by a quiet sweep; of runs without a directory none is printed."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / ".sweeps").write_text("")
    said = sweep("--seed", "0..3", "-q")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "is not a directory (choose another with --runs)" in said.err


def test_runs_that_fail_alike_are_told_of_once(sweep, told):
    """With their number and one of them; how many are missing; exit code 1."""
    error = "a/metrics.csv: cannot be written: no space left on device"
    ends = [Ended(0, run, f"a/{run}" if run < 2 else "", "failed", error) for run in range(4)]
    told(Begun(0, (0, 1, 2, 3)), *ends, Done(0, True))
    said = sweep("--seed", "0..3")
    assert (said.code, said.out) == (1, "a/0\na/1\n")
    _, message, last = lines(said)
    assert message == f"{error} (4 runs, such as a/0)"
    assert last.endswith(": 4 failed. 4 of 4 runs are missing: run the same line again to complete the grid.")


def test_the_run_that_failed_is_named_once(sweep, told):
    """A message that has its directory already says it by itself."""
    errors = ["worker 1 was killed by SIGKILL", "a/1/metrics.csv: cannot be written"]
    ends = [Ended(0, run, f"a/{run}", "failed", error) for run, error in enumerate(errors)]
    told(Begun(0, (0, 1)), *ends, Done(0))
    assert lines(sweep("--seed", "0..1", "-q")) == [f"{errors[0]} (in a/0)", errors[1]]


def test_no_more_than_five_errors_are_told(sweep, told):
    """Those of most runs."""
    ends = [Ended(0, run, "", "failed", f"error {max(run, 2)}") for run in range(9)]
    told(Begun(0, tuple(range(9))), *ends, Done(0))
    errors = lines(sweep("--seed", "0..8", "-q"))
    assert errors == ["error 2 (3 runs)", "error 3", "error 4", "error 5", "error 6", "and 2 more errors"]


def test_a_process_that_is_lost_is_told_of(sweep, told):
    """What becomes of its runs, when they are tried again."""
    told(Begun(0, (0, 1)), Lost(0, (0, 1), "was killed by SIGKILL", True), *_finished(0, 1))
    assert lines(sweep("--seed", "0..1"))[1] == "A worker was killed by SIGKILL; its 2 runs are trained again."


def _finished(*runs, stack=0):
    """A stack that comes to its end."""
    return Begun(stack, runs), *(Ended(stack, run, f"runs/{run}", "finished") for run in runs), Done(stack)


def test_an_engine_that_breaks_down_is_1(sweep, told):
    """What is there is printed; the message comes first, then what it means for the grid."""
    told(*_finished(0), Begun(1, (1,)), RunError("tcp://a:1: the scheduler is gone"))
    said = sweep("--seed", "0..2", "--stack", 1)
    assert (said.code, said.out) == (1, "runs/0\n")
    *_, message, last = lines(said)
    assert "1 finished, 1 lost, 1 not started. 2 of 3 runs are missing" in last
    assert message == "tcp://a:1: the scheduler is gone"


def test_what_others_are_training_is_not_missing(sweep, tmp_path):
    """The exit code is 0, and it says so."""
    run = Run(killed(tmp_path / "runs", seed=7))
    with run.metrics.open("r+b") as file:
        assert hold(file)
        said = sweep("--seed", "7..8")
        again = sweep("--seed", "7..8")
    assert (said.code, seeds(said)) == (0, [8])
    assert lines(said)[0].startswith("2 runs: 1 is being trained by another process, 1 to train, ")
    assert lines(said)[1].endswith(
        "The grid is complete except 1 run that another process is training (run the same line again after that)."
    )
    assert (again.code, again.err) == (0, "2 runs: 1 exists already, 1 is being trained by another process\n")


@pytest.mark.parametrize(("outcome", "code"), [("interrupted", 130), ("finished", 0)])
def test_a_signal_counts_where_it_left_something_undone(sweep, told, monkeypatch, outcome, code):
    """Before anything else."""
    monkeypatch.setattr(Stop, "__enter__", lambda stop: vars(stop).update(signal=signal.SIGINT) or stop)
    told(Begun(0, (0, 1)), Ended(0, 0, "runs/0", outcome), Ended(0, 1, "runs/1", "finished"), Done(0))
    assert sweep("--seed", "0..1").code == code


# help and completion ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("trainer.na", ["trainer.name="]),
        ("trainer.name=ba", ["trainer.name=backprop"]),
        ("trainer.name=backprop,fr", ["trainer.name=backprop,frozen"]),
        ("network.dtype=float64,", ["network.dtype=float64,float32", "network.dtype=float64,float64"]),
    ],
)
def test_each_value_of_a_key_is_completed(word, offered):
    """Those before it stay."""
    assert sorted(completed("sweep", "a.yaml", "-s", word)) == offered


def test_help_waits_for_nothing_heavy():
    """Neither NumPy nor pydantic nor rich is imported."""
    said = ran("sweep", "--help", env=environment(PYTHONVERBOSE="1"))
    assert said.code == 0
    for module in HEAVY:
        assert f"import '{module}'" not in said.err


def test_blas_gets_one_thread_before_numpy_is_there(tmp_path):
    """Here too, and not only in the processes that train."""
    script = f"""
import os, sys
from synthgrad.cli import main
sys.argv = ["synthgrad", "sweep", {str(write(tmp_path))!r}, "--dry-run", "-q"]
try:
    main()
finally:
    print(os.environ["OPENBLAS_NUM_THREADS"], file=sys.stderr)
"""
    kept = {name: value for name, value in environment().items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=kept, cwd=tmp_path, check=True
    )
    assert done.stderr == "1\n"
