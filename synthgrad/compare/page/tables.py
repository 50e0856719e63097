"""The tables that only a page has: the settings of a sweep, every run, the configs; and those of the view."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from synthgrad.compare.groups import shown
from synthgrad.compare.layout import Column
from synthgrad.compare.page.cells import table
from synthgrad.compare.page.markup import e
from synthgrad.compare.report import Group, Table
from synthgrad.compare.view.cells import Cell, number
from synthgrad.compare.view.methods import Methods
from synthgrad.compare.view.settings import Settings


def settings(about: Table) -> Element:
    """A sweep: the mean of each setting, the best one marked; then the methods at their best."""
    assert about.sweep is not None
    view = Settings(about, about.sweep)
    return table(f"mean {about.metric} by {', '.join(about.sweep.keys)}", view.grid())


def seeds(view: Methods) -> Element:
    """A row for each seed: the result of every method's run."""
    every = sorted({seed for group in view.groups for seed in group.seeds})
    columns = [Column(g.label, [_run(g, seed, view.digits) for seed in every]) for g in view.groups]
    return table(f"{view.table.metric} of each run", [Column("seed", list(map(number, every))), *columns])


def _run(group: Group, seed: int, digits: int) -> Cell:
    if seed not in group.seeds:
        return Cell()
    at = group.seeds.index(seed)
    outcome, value = group.outcomes[at], group.values[at]
    parts = [] if value is None else [*number(value, digits).parts, " "]
    return Cell(*parts, "" if outcome == "finished" else outcome, hint=group.runs[at])


def configs(groups: Sequence[Group]) -> Element:
    """The keys that differ."""
    keys = list(dict.fromkeys(key for group in groups for key in group.keys_that_differ))
    columns = [Column(g.label, [_value(g.keys_that_differ.get(key)) for key in keys], right=False) for g in groups]
    return table("what differs between the methods", [Column("key", keys, right=False), *columns])


def _value(value: object) -> str:
    return "" if value is None else shown(value)


def held_equal(groups: Sequence[Group]) -> Element:
    """The keys that all methods share."""
    first, *rest = [group.config for group in groups]
    same = {k: shown(v) for k, v in first.items() if all(k in config and config[k] == v for config in rest)}
    return e("details", e("summary", "What is held equal"), keyed("what is held equal", same))


def keyed(caption: str, values: dict[str, str]) -> Element:
    """Keys and their values."""
    columns = [Column("key", list(values), right=False), Column("value", list(values.values()), right=False)]
    return table(caption, columns)
