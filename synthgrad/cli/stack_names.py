"""Names of stacks in the display of a sweep, and names of groups for ``compare --against``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from synthgrad.compare.groups import FIRST, differing, end, form, groups, shown, tables, told, word
from synthgrad.compare.subjects import settings_of
from synthgrad.config import flat, plain
from synthgrad.experiment import Config
from synthgrad.runs.methods import FREEZE
from synthgrad.sweep.stacks import Order
from synthgrad.text import counted

NAME = "name"
"""The name of the runs, as if it were a key of their configs."""
VALUES = 3
"""The most values of a key that are written out."""


class Name(NamedTuple):
    """The name of a stack: the words of a label, and the number of its runs."""

    words: list[str]
    size: str


class Names:
    """Names stacks by algorithm, or by config if there are several, and by the other settings that differ."""

    def __init__(self, stacks: Iterable[Sequence[Order]]) -> None:
        self.keys = _distinguishing([_settings(orders[0]) for orders in stacks])

    def of(self, orders: Iterable[Order]) -> Name:
        """The name of a stack of these runs."""
        orders = list(orders)
        each = [_settings(order) for order in orders]
        own = differing(each)
        first = [] if NAME in self.keys else ["trainer.name"]
        keys = dict.fromkeys([*first, *(key for key in self.keys if key in each[0]), *own])
        noun = "run" if own else "seed"
        size = f"seed {orders[0].config.seed}" if len(orders) == 1 else counted(len(orders), noun)
        return Name([_word(key, each) for key in sorted(keys, key=_rank)], size)


def labels_without_frozen_layers(configs: Iterable[Config]) -> list[str]:
    """The labels in ``compare`` of the groups without frozen layers whose trainer has groups with some."""
    from synthgrad.compare.subjects import planned

    every = [planned(flat(plain(config)), config.files()) for config in configs]
    members = [each for table in tables(every) for each in groups(table)[0]]
    ablated = {each.settings["trainer.name"] for each in members if each.settings[FREEZE]}
    whole = (each for each in members if not each.settings[FREEZE] and each.settings["trainer.name"] in ablated)
    return list(dict.fromkeys(each.label for each in whole))


def _settings(order: Order) -> dict[str, object]:
    return {NAME: order.name, **settings_of(flat(plain(order.config)))}


def _distinguishing(settings: Sequence[dict[str, object]]) -> list[str]:
    """The fewest keys, in order, that distinguish as many stacks as all keys do."""
    kept: list[str] = []
    apart = 1
    for key in sorted(told(settings), key=_rank):
        found = len({tuple(form(each.get(key)) for key in (*kept, key)) for each in settings})
        if found > apart:
            kept, apart = [*kept, key], found
    return kept


def _rank(key: str) -> int:
    """The order of keys in a name: config and algorithm first."""
    return FIRST.index(key) if key in FIRST else -1 if key == NAME else len(FIRST)


def _word(key: str, settings: Sequence[dict[str, object]]) -> str:
    """A setting that the runs of a stack share, or its values in them."""
    values = list(dict.fromkeys(shown(each[key]) for each in settings))
    if len(values) == 1:
        return word(key, settings[0][key], settings[0])
    return f"{end(key, settings[0])}={','.join(values) if len(values) <= VALUES else f'{values[0]}..{values[-1]}'}"
