"""What stacks are called: a few words, for a line of the display."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from synthgrad.compare.groups import FIRST, differing, end, form, groups, shown, tables, told, word
from synthgrad.compare.subjects import settings_of
from synthgrad.config import flat, plain
from synthgrad.experiment import Config
from synthgrad.runs.methods import FREEZE
from synthgrad.sweep.stacks import Order
from synthgrad.text import counted

NAME = "name"
"""What the runs are called, as if it were a key of their configs."""
VALUES = 3
"""As many values of a key as are written out."""


class Name(NamedTuple):
    """What a stack is called: the words of a label, and how many runs it has."""

    words: list[str]
    size: str


class Names:
    """Calls stacks by their algorithm, or by their config if there are several, and by what else tells them apart."""

    def __init__(self, stacks: Iterable[Sequence[Order]]) -> None:
        self.keys = _telling([_settings(orders[0]) for orders in stacks])

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


def whole(configs: Iterable[Config]) -> list[str]:
    """What ``compare`` calls those groups of a grid that others are but for their frozen layers."""
    from synthgrad.compare.cases import planned

    every = [planned(flat(plain(config)), config.files()) for config in configs]
    members = [each for table in tables(every) for each in groups(table)[0]]
    ablated = {each.settings["trainer.name"] for each in members if each.settings[FREEZE]}
    there = (each for each in members if not each.settings[FREEZE] and each.settings["trainer.name"] in ablated)
    return list(dict.fromkeys(each.label for each in there))


def _settings(order: Order) -> dict[str, Any]:
    return {NAME: order.name, **settings_of(flat(plain(order.config)))}


def _telling(settings: Sequence[dict[str, Any]]) -> list[str]:
    """Of the keys that are worth telling those that are needed to tell all apart."""
    kept: list[str] = []
    apart = 1
    for key in sorted(told(settings), key=_rank):
        found = len({tuple(form(each.get(key)) for key in (*kept, key)) for each in settings})
        if found > apart:
            kept, apart = [*kept, key], found
    return kept


def _rank(key: str) -> int:
    """Config and algorithm first."""
    return FIRST.index(key) if key in FIRST else -1 if key == NAME else len(FIRST)


def _word(key: str, settings: Sequence[dict[str, Any]]) -> str:
    """A setting that the runs of a stack share, or its values in them."""
    values = list(dict.fromkeys(shown(each[key]) for each in settings))
    if len(values) == 1:
        return word(key, settings[0][key], settings[0])
    return f"{end(key, settings[0])}={','.join(values) if len(values) <= VALUES else f'{values[0]}..{values[-1]}'}"
