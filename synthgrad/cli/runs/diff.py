"""``synthgrad runs diff``: what two runs have in common, and what not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.layout import PIPED, as_json, emit, painted, table, warn, width
from synthgrad.cli.options import run_argument, run_names, text_or_json
from synthgrad.compare.layout import Column
from synthgrad.compare.text import fill
from synthgrad.records import Record, Settings
from synthgrad.text import escaped

if TYPE_CHECKING:
    from synthgrad.runs.first_difference import Comparison
    from synthgrad.runs.reading import Metrics, Recorded

INDENT = "  "


@click.command
@run_argument("a")
@run_argument("b")
@text_or_json
@run_names
def diff(a: str, b: str, kind: str, runs: Path) -> None:
    """Say how two runs differ: settings, environment, data, and the first epoch that is not the same.

    Numbers are compared to the last bit, in the columns that both have.

    \b
    Example:
      synthgrad runs diff b19d 125a
    """
    from synthgrad.runs.finding import named
    from synthgrad.runs.reading import Recorded

    pair = Recorded(named(a, runs)), Recorded(named(b, runs))
    logs = pair[0].metrics(), pair[1].metrics()
    said = difference(pair, logs)
    emit([as_json(said)] if kind == "json" else page(said, width() or PIPED))
    for recorded, log in zip(pair, logs, strict=True):
        recorded.note_damage(log.damage)
        warn(recorded.damage)


def difference(pair: tuple[Recorded, Recorded], logs: tuple[Metrics, Metrics]) -> Settings:
    """Everything in which two runs differ, as plain values."""
    from synthgrad.runs.environment import HASHES, hashes
    from synthgrad.runs.first_difference import compare
    from synthgrad.runs.settings import differing

    a, b = pair
    fingerprints = hashes(a.about), hashes(b.about)
    both = [name for name in HASHES if all(name in found for found in fingerprints)]
    return {
        "runs": [run.name for run in pair],
        "outcome": [run.outcome for run in pair],
        "config": differing(*_settings(a, b)),
        "circumstances": differing(_environment(a), _environment(b)),
        "shared": [name for name in both if fingerprints[0][name] == fingerprints[1][name]],
        "not_shared": [name for name in both if fingerprints[0][name] != fingerprints[1][name]],
        "log": _log(compare(*logs)),
        "varies": [run.name for run in pair if run.about.get("varies") is True],
    }


def _settings(*runs: Recorded) -> list[Settings]:
    """Their configs, with the data in place of where they lie if both runs have recorded what they read."""
    from synthgrad.runs.data import Data, names, recorded_files

    data = [Data.of(run.config, recorded_files(run.about)) for run in runs]
    called = names(filter(None, data))
    if None in data:
        return [run.config for run in runs]
    return [each.put_into(run.config, called[each.fingerprint]) for run, each in zip(runs, data, strict=True) if each]


def _environment(run: Recorded) -> Settings:
    """What may change the last bits of a run, and how many processes its seconds were measured with."""
    from synthgrad.runs.environment import environment

    return environment(run.about) | {key: run.about[key] for key in ("processes",) if key in run.about}


def _log(found: Comparison) -> Settings:
    """Where the logs differ first; a value that is blank is None."""
    first = found.first
    return {
        "columns": len(found.columns),
        "last_epochs": found.ends,
        "parting": None if first is None else {
            "epoch": first.epoch,
            "column": first.column,
            "values": [None if math.isnan(value) else value for value in first.values],
        },
    }  # fmt: skip


# text ---------------------------------------------------------------------------------------------


def page(said: Record, room: int) -> list[str]:
    """The lines for a person."""
    names = ["  ".join(map(escaped, run)) for run in zip("ab", said["runs"], said["outcome"], strict=True)]
    return [
        *(painted(name, bold=True) for name in names),
        *_pairs("settings", said["config"], room),
        *_pairs("environment", said["circumstances"], room),
        "",
        *fill(_fingerprints(said), room, len(INDENT)),
        *fill(_first_difference(said["log"]), room, len(INDENT)),
        *(line for sentence in _varying(said) for line in fill(sentence, room, len(INDENT))),
    ]


def _pairs(title: str, pairs: Record, room: int) -> list[str]:
    if not pairs:
        return ["", f"{title}: the same"]
    both = [[escaped(key), *map(_text, pair)] for key, pair in pairs.items() if None not in pair]
    columns = [Column(text, right=False) for text in (title, "a", "b")]
    return ["", *table(columns, [*both, *_one_sided(pairs)], room)]


def _one_sided(pairs: Record) -> list[list[str]]:
    """Rows for the keys that one run alone has; a section of several is one row."""
    sections: dict[tuple[str, bool], list[str]] = {}
    for key, (a, b) in pairs.items():
        if None in (a, b):
            sections.setdefault((".".join(key.split(".")[:2]), a is None), []).append(key)
    rows = []
    for (section, in_b), keys in sections.items():
        side = [_text(value) for value in pairs[keys[0]]]
        if len(keys) > 1:
            side = ["-", f"{len(keys)} keys"] if in_b else [f"{len(keys)} keys", "-"]
        rows.append([escaped(f"{section}.*" if len(keys) > 1 else keys[0]), *side])
    return rows


def _varying(said: Record) -> list[str]:
    which = " and ".join(letter for letter, name in zip("ab", said["runs"], strict=True) if name in said["varies"])
    return [f"timing: the schedule of {which} is free, so its numbers vary: no run repeats it"] if which else []


def _text(value: object) -> str:
    from synthgrad.config import written

    return "-" if value is None else escaped(written(value))


def _fingerprints(said: Record) -> str:
    from synthgrad.runs.environment import HASHES

    shared, other = ([HASHES[name] for name in said[key]] for key in ("shared", "not_shared"))
    parts = [f"the same {', '.join(shared)}"] * bool(shared) + [f"other {', '.join(other)}"] * bool(other)
    return f"start: {'; '.join(parts)}" if parts else "start: not known (no fingerprints were recorded)"


def _first_difference(log: Record) -> str:
    a, b = log["last_epochs"]
    if not min(a, b) or not log["columns"]:
        return "log: nothing to compare"
    if first := log["parting"]:
        in_a, in_b = ("blank" if value is None else value for value in first["values"])
        place = f"epoch {first['epoch']}: {escaped(first['column'])}"
        return f"log: first difference in {place} is {in_a} in a, {in_b} in b"
    more = "" if a == b else f"; {'a' if a < b else 'b'} ends there, {'b' if a < b else 'a'} after epoch {max(a, b)}"
    return f"log: identical to epoch {min(a, b)} ({log['columns']} columns){more}"
