"""How a signal ends a command: with 128 and its number, no traceback, nothing half written and nothing unpacked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.commands import environment, typed
from support.trained_runs import made

from synthgrad.cli import signals

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
EARLY = """
import os, signal, sys
class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Sender())
sys.argv[1:] = {words!r}
from synthgrad.__main__ import main
main()
"""
READING = """
import os, signal, sys
from synthgrad.runs import reading
def sent(self, path, real=reading.Recorded.__init__):
    real(self, path)
    os.kill(os.getpid(), {number})
reading.Recorded.__init__ = sent
sys.argv[1:] = {words!r}
from synthgrad.__main__ import main
main()
"""


def child(code: str, *words: object, **names: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own that sends itself a signal; what is unpacked is below the directory tmp."""
    Path("tmp").mkdir(exist_ok=True)
    text = code.format(words=list(map(str, words)), **names)
    given = environment(TMPDIR=str(Path("tmp").absolute()))
    return subprocess.run([sys.executable, "-c", text], env=given, capture_output=True, text=True, check=False)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of one run, seen from its directory."""
    monkeypatch.chdir(tmp_path)
    typed("runs", "archive", made(tmp_path / "runs"), "-o", "a.zip")
    return Path("a.zip")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", ["click", "synthgrad.cli.signals", "numpy"])
def test_a_signal_while_a_command_is_imported_is_no_traceback(archive: Path, number: int, module: str) -> None:
    """Before anything is done, and while the command imports what it needs."""
    done = child(EARLY, "compare", archive, number=number, module=module)
    assert done.returncode == 128 + number
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_leaves_nothing_unpacked(archive: Path, number: int) -> None:
    """As if the command had come to its end."""
    done = child(READING, "runs", "list", archive, number=number)
    assert (done.returncode, done.stderr.strip()) == (128 + number, "")
    assert list(Path("tmp").iterdir()) == []


def test_a_signal_that_was_ignored_stays_ignored(archive: Path) -> None:
    """As with nohup."""
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    done = child(ignoring + READING, "runs", "list", archive, number=signal.SIGHUP)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_killed_command_unpacked_is_removed_by_the_next(archive: Path) -> None:
    """Not what another is using, nor what is only a moment old."""
    assert child(READING, "runs", "list", archive, number=signal.SIGKILL).returncode == -signal.SIGKILL
    (left,) = Path("tmp").iterdir()
    soon = time.time() + 3600
    os.utime(left, (soon, soon))  # however long the next command takes to begin
    assert child(READING, "runs", "list", archive, number=0).returncode == 0
    assert list(Path("tmp").iterdir()) == [left]
    hour = time.time() - 3600
    os.utime(left, (hour, hour))
    assert child(READING, "runs", "list", archive, number=0).returncode == 0
    assert list(Path("tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written(
    archive: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """The file that was there stays."""
    before = archive.read_bytes()
    from synthgrad.runs import archive as packing

    monkeypatch.setattr(packing, "_size", lambda path: os.kill(os.getpid(), number))
    monkeypatch.setattr(packing, "check", lambda *given: None)
    monkeypatch.setattr(packing, "sum", lambda sizes: 0, raising=False)
    said = typed("runs", "archive", "runs", "-o", archive)
    assert (said.code, said.err) == (128 + number, "")
    assert archive.read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["a.zip", "runs"]


def test_signals_change_nothing_while_a_command_ends() -> None:
    """Nor does answering them in a thread, where none arrives."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        signals.answer_signals()
        with pytest.raises(SystemExit, match="143"):
            os.kill(os.getpid(), signal.SIGTERM)
        assert all(signal.getsignal(number) == signal.SIG_IGN for number in SIGNALS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_signal_after_the_command_has_ended_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python ends its threads then, and whatever a handler raised would be printed."""
    from synthgrad.__main__ import main

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *signals.NUMBERS)}
    monkeypatch.setattr(sys, "argv", ["synthgrad", "--version"])
    try:
        with pytest.raises(SystemExit):
            main()
        assert {signal.getsignal(number) for number in before} == {signal.SIG_IGN}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
