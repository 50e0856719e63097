"""The head of a screen: how many runs are compared, by which number, and what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.report import Group, Table
from synthgrad.compare.text import ends, fill
from synthgrad.numbers import short
from synthgrad.text import counted, listed

WIDE = 100
"""From this width on there is room for more."""


def head(table: Table, groups: Sequence[Group], width: int) -> Iterator[str]:
    """What is compared, by which number, and what is held equal."""
    seeds = sorted({seed for group in groups for seed in group.seeds})
    methods = f"{counted(len(groups), 'method')} x {counted(len(seeds), 'seed')} ({_range(seeds)})"
    yield from ends(f"{counted(table.runs, 'run')}: {methods}", measured(table, width), width)
    if table.differs:
        yield from fill(f"held equal  {table.held_equal} keys    differs  {', '.join(table.differs)}", width, 12)
    else:
        yield f"held equal  {table.held_equal} keys"


def measured(table: Table, width: int) -> str:
    """By which number, which way, and where it was read."""
    at = f"epoch {table.epoch}" if table.epoch else "no epoch to compare"
    if table.at == "best":
        at = f"best epoch of each run{', selected on test' if table.metric.startswith('test_') else ''}"
    long = "higher is better" if table.up else "lower is better"
    return f"{table.metric}, {long if width >= WIDE else 'up' if table.up else 'down'}, {at}"


def arrival(table: Table, headings: str) -> list[str]:
    """How to read the column of the epochs to the target, if it is among these headings."""
    target = short(table.target)
    shown = table.target is not None and f"to {target}" in headings
    if not shown:
        return []
    held = f"to {target}: median epoch from which {target} was held for three evaluations"
    return [f"{held}; k/n: not reached, as only k of n runs held it."]


def arrived(epochs: float | None, reached: int | None, n: int) -> str:
    """The median of the epochs to the target or, where that is not reached, how many of the n runs did."""
    return f"{reached}/{n}" if epochs is None else f"{epochs:g}"


def _range(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]}..{seeds[-1]}"
    return listed(seeds, 6)
