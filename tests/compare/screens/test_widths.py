"""Every screen at every width: no line is wider, and every number on it is in the report."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.written_runs import BACKPROP, BITS, BOTH, FROZEN, LABEL, gathered, group, run

from synthgrad.claims.report import build
from synthgrad.compare.question import Question
from synthgrad.compare.report import Report
from synthgrad.compare.screens import screen
from synthgrad.compare.screens.chart import chart
from synthgrad.compare.text import cell_width
from synthgrad.numbers import fixed, percent, short, small

ADAM = {"trainer.optimizer": {"name": "adam"}}
WIDTHS = (40, 60, 79, 119)


def ends(start: float, n: int, missing: int = 0) -> list[float | None]:
    """Final figures of n seeds, the last of which diverged."""
    return [start + (i * 7 % 10) / 137 for i in range(n - missing)] + [None] * missing


def methods(runs: Path, n: int = 10, diverged: int = 0) -> None:
    """Four methods."""
    for keys, start in ((BACKPROP, 0.7), (BOTH, 0.69), (LABEL, 0.53), (FROZEN, 0.52)):
        group(runs, keys, ends(start, n, diverged))


def unheld(runs: Path) -> None:
    """Two methods and no control."""
    for keys in (BACKPROP, BOTH):
        group(runs, keys, ends(0.5, 7))


def layers(runs: Path) -> None:
    """A method with three layers of generators beside the control."""
    group(runs, FROZEN, ends(0.5, 7))
    for seed in range(7):
        figures = {f"{kind}.{i}": (seed + 3) / 11 / i for kind in ("cosine", "skill") for i in (1, 2, 3)}
        run(runs, BOTH, seed, {BITS: 0.7, **figures})


def many(runs: Path) -> None:
    """Fifteen groups whose names are long and begin alike."""
    for activation in ("relu", "tanh", "sigmoid"):
        for hidden in ([], [8], [8, 8], [16, 8, 8], [1024, 512, 256]):
            keys = {**BOTH, "trainer.generator.hidden": hidden, "trainer.generator.activation": activation}
            group(runs, keys, ends(0.5 + len(hidden) / 100, 2))


def swept(runs: Path, alphas: int = 4, sizes: tuple[int, ...] = (10,), n: int = 7) -> None:
    """Three methods over step sizes, one of which diverged."""
    for keys, start in ((BACKPROP, 0.7), (BOTH, 0.6), (FROZEN, 0.5)):
        for i in range(alphas):
            for size in sizes:
                missing = 2 if keys is BOTH and i == 2 else 0
                group(
                    runs,
                    {**keys, "trainer.alpha": 3**i / 1000, "training.batch_size": size},
                    ends(start + i / 50, n, missing),
                )


def two(runs: Path, outcome: str = "finished", **keys: Any) -> None:
    """Two runs of one seed."""
    line = [1 - 0.5**e for e in range(1, 30)]
    run(runs, BACKPROP, 1, {BITS: line, "loss": [12345.678 * 0.5**e for e in range(29)]}, name="a-rather-long-name")
    run(runs, {**BOTH, **keys}, 1, {BITS: line[:20], "loss": 1.5, "cosine.1": 0.25}, outcome, name="日本語" * 12)


def tabled(runs: Path) -> None:
    """Two networks, and in one of them nothing but divergence."""
    methods(runs, 6)
    group(runs, {**BACKPROP, "network.hidden": [4] * 40}, [None] * 3)


def odd(runs: Path) -> None:
    """Numbers of all sizes."""
    for keys, size in ((BACKPROP, 1e-12), (FROZEN, 1e12), (BOTH, 1.0)):
        group(runs, keys, [size * (1 + s / 100) for s in range(7)], "loss")


MADE: dict[str, tuple[Callable[[Path], None], dict[str, Any]]] = {
    "methods": (methods, {"metrics": (BITS, "seconds"), "claims": ("dni both > frozen", "dni label ~ 0.53")}),
    "diverged": (lambda runs: methods(runs, 9, 2), {}),
    "few": (lambda runs: methods(runs, 5), {}),
    "one": (lambda runs: group(runs, BACKPROP, [0.5]), {}),
    "all diverged": (lambda runs: methods(runs, 3, 3), {}),
    "layers": (layers, {}),
    "many": (many, {}),
    "against": (many, {"against": "dni generator.hidden=[8] tanh"}),
    "no control": (unheld, {}),
    "sweep": (swept, {}),
    "sweep of eight": (lambda runs: swept(runs, 8), {}),
    "sweep of nine": (lambda runs: swept(runs, 9, n=2), {}),
    "two keys": (lambda runs: swept(runs, 4, (5, 10, 20), 3), {"at": "best"}),
    "two": (two, {}),
    "two best": (two, {"at": "best"}),
    "two diverged": (lambda runs: two(runs, "diverged"), {}),
    "two and more": (lambda runs: two(runs, **ADAM), {}),
    "tables": (tabled, {}),
    "odd": (odd, {"metrics": ("loss",)}),
}


def shown(runs: Path, name: str, width: int) -> tuple[Report, list[str]]:
    """The report and its screen."""
    make, question = MADE[name]
    make(runs)
    found = gathered(runs)
    report = build(found, Question(**question), ["synthgrad", "compare"])
    return report, screen(report, found.subjects, width)


@pytest.mark.parametrize("name", MADE)
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, name: str) -> None:
    """But for a command line, and a word that is wider by itself."""
    report, _ = shown(tmp_path, name, 80)
    found = gathered(tmp_path)
    for width in WIDTHS:
        lines = [*screen(report, found.subjects, width), *chart(report, width)]
        wide = [line for line in lines if cell_width(line) > width]
        assert [line for line in wide if not line.startswith("  synthgrad sweep ") and len(line.split()) > 1] == [], (
            width
        )
        assert not any(line != line.rstrip() for line in lines), "spaces at the end"


# every number is in the report --------------------------------------------------------------------

NUMBER = re.compile(r"(?<![\w.#-])±?[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w#])")


def numbers(data: Any) -> Iterator[float]:
    """Every number anywhere in a report."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from numbers(value)
            yield from numbers(str(key))
    elif isinstance(data, list | tuple):
        yield from (n for each in data for n in numbers(each))
    elif isinstance(data, str):
        yield from map(float, NUMBER.findall(data.replace("..", " ")))
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield float(data)


def forms(report: Report) -> set[str]:
    """All ways to write the report's numbers, ends of values among them."""
    known = set(numbers(dataclasses.asdict(report)))
    for g in report.groups:
        known |= {float(x) for x in (len(g.seeds), g.n + g.incomplete, g.diverged)}
    found = set()
    for n in known:
        found |= {fixed(n, d, sign).lstrip("+") for d in range(6) for sign in ("", "+")}
        found |= {
            f"{n:g}",
            short(n),
            short(n, 2),
            short(n, 4),
            small(n),
            percent(n)[:-1],
            f"{n:.0f}",
            f"{n:.1f}",
            f"{n:.2f}",
        }
    return found


ALLOWED = {"0", "1", "100", "95", "95%", ".05", "5", "12"}
"""What the words around them say: 95 % intervals, p < .05, a gap of 0 % to 100 %."""


@pytest.mark.few(8)
@pytest.mark.parametrize("name", [name for name in MADE if not name.startswith(("two", "against"))])
@pytest.mark.parametrize("width", [79, 119])
def test_every_number_shown_is_in_the_report(tmp_path: Path, name: str, width: int) -> None:
    """Rounded, and nothing else: a screen computes nothing."""
    report, lines = shown(tmp_path, name, width)
    known = forms(report) | ALLOWED
    known |= {str(x) for n in (2, 3, 4) for x in (len(report.groups), sum(t.runs for t in report.tables), n)}
    text = "\n".join(
        line for line in lines if not re.search(r"synthgrad|Pairing|paired seeds|needed|more \(|\d+ methods", line)
    )
    odd = [n for n in NUMBER.findall(text.replace("..", " ")) if n.lstrip("+±") not in known]
    assert odd == []
