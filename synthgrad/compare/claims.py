"""Claims about groups, and whether the runs bear them out: ``dni both > frozen``, ``backprop - dni both < 0.01``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthgrad.compare import statistics
from synthgrad.compare.judging import ALPHA, Scores, called, difference, estimate, unknown
from synthgrad.compare.numbers import decimals, fixed, small, spread
from synthgrad.compare.report import Answer, Estimate
from synthgrad.errors import ConfigError

HELD, NOT_HELD, UNDECIDED = "held", "not held", "undecided"
_FORM = re.compile(r"^(?P<of>.+?)(?: - (?P<minus>.+?))? *(?P<sign>[<>~]) *(?P<than>.+)$")


@dataclass(frozen=True)
class Claim:
    """``of`` [- ``minus``] ``sign`` ``than``: more, less, or not told apart; ``than`` is a group or a number."""

    text: str
    of: str
    minus: str
    sign: str
    than: str

    @classmethod
    def parse(cls, text: str) -> Claim:
        """Raises ConfigError."""
        found = _FORM.match(text.strip())
        if found is None:
            raise ConfigError(f"--check '{text}': is no claim ('dni both > frozen', 'backprop - dni both < 0.01', ~)")
        words = {name: (value or "").strip() for name, value in found.groupdict().items()}
        return cls(text.strip(), **words)


def check(texts: Sequence[str], tables: Sequence[Sequence[Scores]]) -> list[Answer]:
    """The answers to all claims, each in every table that has its groups; Holm's correction takes them together.

    Raises ConfigError where a claim is none, or no table has its groups.
    """
    asked = [(claim, at, tables[at]) for claim in map(Claim.parse, texts) for at in _places(claim, tables)]
    read = [_values(claim, scores) for claim, _, scores in asked]
    ps = [float(statistics.sign_flip_p(values)) if values else 1.0 for values, _ in read]
    return [
        _answer(at + 1, claim, values, diverges, p, adjusted, len(ps))
        for (claim, at, _), (values, diverges), p, adjusted in zip(asked, read, ps, statistics.holm(ps), strict=True)
    ]


def _places(claim: Claim, tables: Sequence[Sequence[Scores]]) -> list[int]:
    """The tables that have all groups of a claim."""
    names = {claim.of, claim.minus or claim.of, claim.of if _number(claim.than) is not None else claim.than}
    found = [at for at, scores in enumerate(tables) if all(len(called(name, scores)) == 1 for name in names)]
    if found:
        return found
    every = [s for scores in tables for s in scores]
    for name in sorted(names):
        if not called(name, every):
            raise ConfigError(f"--check '{claim.text}': {unknown(name, every)}")
    raise ConfigError(f"--check '{claim.text}': no table has exactly one group of each name")


def exit_code(answers: Sequence[Answer]) -> int:
    """0 if all held, 4 if one did not, 5 if one is undecided."""
    found = {each.answer for each in answers}
    return 4 if NOT_HELD in found else 5 if UNDECIDED in found else 0


def _values(claim: Claim, scores: Sequence[Scores]) -> tuple[list[float], bool]:
    """What is said to be above, below or about 0, by seed; whether the side that is favoured diverges more often."""
    of = _named(claim.of, scores)
    number = _number(claim.than)
    if claim.minus and number is None:
        raise ConfigError(f"--check '{claim.text}': {claim.than} is not a number")
    if not claim.minus and number is not None:
        return [value - number for value in of.values.values()], bool(of.diverged)
    than = _named(claim.minus or claim.than, scores)
    told, back = difference(0, of, than), difference(0, than, of)
    favoured = {"~": told.diverges or back.diverges, ">" if of.up else "<": told.diverges}
    return [value - (number or 0.0) for value in told.values], favoured.get(claim.sign, back.diverges)


def _named(name: str, scores: Sequence[Scores]) -> Scores:
    return called(name, scores)[0]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _answer(
    table: int, claim: Claim, values: list[float], diverges: bool, p: float, p_holm: float, family: int
) -> Answer:
    known = estimate(values)
    needed = statistics.seeds_needed(family) if p_holm >= ALPHA else 0
    answer = _judge(claim.sign, known.mean or 0.0, p if claim.sign == "~" else p_holm)
    if answer == HELD and (diverges or known.n < needed):
        answer = UNDECIDED
    known = _moved(known, _number(claim.than) or 0.0)
    why = _why(known, p_holm, needed) + ("; it diverges more often" if diverges else "")
    return Answer(table, claim.text, answer, known.n, known.mean, known.interval, p if values else None, p_holm, why)


def _judge(sign: str, mean: float, p: float) -> str:
    """Held, not held or undecided; p of ``~`` is not corrected, or more claims would make it easier to hold."""
    if sign == "~":
        return NOT_HELD if p < ALPHA else HELD
    if p >= ALPHA:
        return UNDECIDED
    return HELD if (mean > 0) == (sign == ">") else NOT_HELD


def _moved(known: Estimate, number: float) -> Estimate:
    """The estimate of what was claimed to be above or below a number, not of its distance from that number."""
    if known.mean is None:
        return known
    ends = None if known.interval is None else (known.interval[0] + number, known.interval[1] + number)
    return replace(known, mean=known.mean + number, interval=ends)


def _why(known: Estimate, p: float, needed: int) -> str:
    if known.interval is None or known.n < needed:
        return f"{known.n} {'seed' if known.n == 1 else 'seeds'}, too few: {needed} are needed"
    digits = decimals([known.interval[1] - known.interval[0]], abs(known.mean or 0.0))
    return f"{fixed(known.mean, digits, '+')} [{spread(known.interval, digits, '+')}], p {small(p)}, {known.n} seeds"
