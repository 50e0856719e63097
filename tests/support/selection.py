"""Which tests are the default set: of large products every pair of values, of long lists a few, of slow kinds one.

All others are marked ``full`` while tests are collected: the default set leaves them out, and CI runs them too.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest

LARGE = 12
"""A test of several parameters with more cases than this is reduced to a covering array."""

Row = tuple[int, ...]


def mark_the_rest(items: Iterable[pytest.Item]) -> None:
    """Mark as ``full`` what the default set can do without."""
    cases: dict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            cases[item.nodeid.partition("[")[0]].append(item)
    for those in cases.values():
        few = those[0].get_closest_marker("few")
        if few:
            kept = spread(len(those), few.args[0])
            rest = [item for at, item in enumerate(those) if at not in kept]
        elif len(those) > LARGE:
            rows = numbered([list(map(repr, item.callspec.params.values())) for item in those])
            chosen = set(covering(rows)) if len(rows[0]) > 1 else rows
            rest = [item for item, row in zip(those, rows, strict=True) if row not in chosen]
        else:
            rest = []
        for item in rest:
            item.add_marker(pytest.mark.full)


def spread(count: int, few: int) -> set[int]:
    """``few`` of ``count`` places, evenly spread, the first and the last among them."""
    return {round(k * (count - 1) / max(1, few - 1)) for k in range(few)} if few < count else set(range(count))


def numbered(rows: Sequence[Sequence[str]]) -> list[Row]:
    """Values as numbers, by parameter in the order in which they come: the same in every process."""
    orders = [{value: at for at, value in enumerate(dict.fromkeys(column))} for column in zip(*rows, strict=True)]
    return [tuple(order[value] for order, value in zip(orders, row, strict=True)) for row in rows]


def covering(rows: Sequence[Row]) -> list[Row]:
    """Few rows in which every pair of values of two parameters occurs that occurs at all: the most new pairs first."""
    pairs = {row: set(itertools.combinations(enumerate(row), 2)) for row in rows}
    missing = set().union(*pairs.values())
    waiting = [(-len(pairs[row]), row) for row in rows]  # gains only shrink, so the first that is up to date is best
    heapq.heapify(waiting)
    chosen = []
    while missing:
        _, row = heapq.heappop(waiting)
        gain = len(missing & pairs[row])
        if waiting and gain < -waiting[0][0]:
            heapq.heappush(waiting, (-gain, row))
        else:
            chosen.append(row)
            missing -= pairs[row]
    return chosen
