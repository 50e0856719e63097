"""Conditions on runs, as ``--where`` takes them: ``trainer.alpha<=0.01``, ``trainer.name=dni,frozen``.

A key is one of a run's config, or ``outcome``, ``name``, ``seed``, ``started``; its unique end will do, and a
section stands for its ``name``. A value is YAML as ``-s`` takes it; several, by commas, are any of these.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeGuard, TypeVar

from synthgrad.config import AnyOf, Word
from synthgrad.config.kinds import SWITCHES
from synthgrad.config.messages import show
from synthgrad.config.reading import parse
from synthgrad.errors import ConfigError
from synthgrad.records import Settings
from synthgrad.text import did_you_mean


class Known(Protocol):
    """What is asked of a run: a recorded one has it, and one that is only planned may have."""

    @property
    def config(self) -> Settings:
        """Its config by dotted key."""

    @property
    def outcome(self) -> str:
        """How it ended."""

    @property
    def name(self) -> str:
        """Its directory's name."""

    @property
    def seed(self) -> Any:
        """Its seed."""

    @property
    def started(self) -> Any:
        """When it began, None if that is not known."""


K = TypeVar("K", bound=Known)
ABOUT: dict[str, Callable[[Known], Any]] = {
    "outcome": lambda run: run.outcome,
    "name": lambda run: run.name,
    "seed": lambda run: run.seed,
    "started": lambda run: str(run.started)[:19] if run.started else None,
}
"""What can be asked of a run beyond its config; ``started`` in local time, as in its name."""
TEXTS = ("outcome", "name", "started")
ABSENT = object()
_CONDITION = re.compile(r"\s*([^\s=!<>]+)\s*(==|!=|<=|>=|=|<|>)(?![=<>])\s*(.*?)\s*", re.DOTALL)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Condition(NamedTuple):
    """A key, a sign, and the values that it is held against."""

    place: str
    key: str
    sign: str
    wanted: list[Any]

    def met(self, run: Known) -> bool:
        """Whether a run meets it. One without the key meets only !=."""
        has = value(run, self.key)
        if has is ABSENT:
            return self.sign == "!="
        if self.sign in _ORDERS:
            return _comparable(has, self.wanted[0]) and _ORDERS[self.sign](*_cut(self.key, has, self.wanted[0]))
        return any(_same(*_cut(self.key, has, wanted)) for wanted in self.wanted) == (self.sign == "=")


def select(runs: Sequence[K], conditions: Iterable[str]) -> list[K]:
    """The runs that meet every condition. Raises ConfigError with a line for each that says nothing of them."""
    met, lines = list(runs), []
    for text in conditions:
        try:
            condition = _condition(text, runs)
        except ConfigError as error:
            lines += error.lines
        else:
            met = [run for run in met if condition.met(run)]
    if lines:
        raise ConfigError(lines)
    return met


def resolve(text: str, runs: Sequence[Known], place: str) -> str:
    """The key of these runs that is meant: itself, its section, or its unique end. Raises ConfigError."""
    keys = dict.fromkeys([*ABOUT, *(key for run in runs for key in run.config)])
    forms = (text, f"{text}.name", f"{text}.scheme")
    whole = [form for form in forms if form in keys][:1]
    found = whole or [key for key in keys if key.endswith(tuple(f".{form}" for form in forms))]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{place}: {text} may be {' or '.join(found)} (write the whole key)")
    right = did_you_mean(text, keys, "synthgrad runs show RUN --format json lists the keys of a run")
    raise ConfigError(f"{place}: none of these runs has a key {text} ({right})")


def value(run: Known, key: str) -> Any:
    """What a run has under a key, ABSENT if nothing."""
    has = ABOUT[key](run) if key in ABOUT else run.config.get(key, ABSENT)
    return ABSENT if has is None and key in ABOUT else has


# reading a condition ------------------------------------------------------------------------------


def _condition(text: str, runs: Sequence[Known]) -> Condition:
    place = f"--where {show(text)}"
    found = _CONDITION.fullmatch(text)
    if not found or not found[3]:
        signs = "= != < <= > >="
        raise ConfigError(f"{place}: expected KEY, a sign ({signs}) and VALUE (for example 'trainer.alpha<=0.01')")
    sign = found[2].replace("==", "=")
    key = resolve(found[1], runs, place) if runs else found[1]
    condition = Condition(place, key, sign, _values(found[3], key, place))
    if sign in _ORDERS:
        _check_order(condition, runs)
    return condition


def _values(text: str, key: str, place: str) -> list[Any]:
    """The values between commas: text as it is where the key is text, elsewhere YAML."""
    if key in TEXTS:
        return [part.strip().replace("T", " ") if key == "started" else part.strip() for part in text.split(",")]
    tree = parse(f"[{text}]", place, in_file=False)
    if tree.findings or not isinstance(tree.data, list) or not tree.data:
        wrong = "; ".join(finding.message for finding in tree.findings) or "is not a value"
        raise ConfigError(f"{place}: {show(text)}: {wrong}")
    return [_written(value, key) for value in tree.data]


def _written(value: object, key: str) -> Any:
    """The value as a config writes it: generator inputs in their order, [label, layer-output] as both."""
    if not isinstance(value, list) or not key.endswith("generator.input"):
        return value
    from synthgrad.generators import GeneratorOptions

    choice = next(m for m in GeneratorOptions.model_fields["input"].metadata if isinstance(m, AnyOf))
    try:
        return choice.write(choice.parse(value))
    except ValueError:
        return value


def _check_order(condition: Condition, runs: Sequence[Known]) -> None:
    """Raise ConfigError where a sign such as < has nothing to put in order."""
    place, key, sign, (wanted, *more) = condition
    if more:
        raise ConfigError(f"{place}: {sign} takes one value (several are for = and !=)")
    there = [has for run in runs if (has := value(run, key)) is not ABSENT]
    if there and not any(_comparable(has, wanted) for has in there):
        raise ConfigError(f"{place}: {show(there[0])} and {show(wanted)} have no order (use = or !=)")


# comparing ----------------------------------------------------------------------------------------


def _cut(key: str, has: Any, wanted: Any) -> tuple[Any, Any]:
    """The two sides; a time only as far as it is asked for, so that a day means all of it."""
    return (has[: len(wanted)] if key == "started" else has), wanted


def _comparable(has: object, wanted: object) -> bool:
    return (is_number(has) and is_number(wanted)) or (isinstance(has, str) and isinstance(wanted, str))


def is_number(value: object) -> TypeGuard[float]:
    """Whether a setting is a number; on and off are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(has: object, wanted: object) -> bool:
    """Whether they are equal; on and yes are true, 1 is not; where true is a name, it is meant as that."""
    if isinstance(has, bool) and isinstance(wanted, str):
        wanted = SWITCHES.get(wanted.lower(), wanted)
    if isinstance(has, str):
        wanted = Word.parse(wanted)
    if isinstance(has, bool) or isinstance(wanted, bool):
        return has is wanted
    return bool(has == wanted)
