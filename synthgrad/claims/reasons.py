"""Why a claim is held, not held or undecided: the numbers in a line."""

from __future__ import annotations

from synthgrad.claims.evidence import Evidence, moved
from synthgrad.compare.subjects import FINISHED
from synthgrad.numbers import decimals, fixed, short, small, spread
from synthgrad.text import counted, listed, numbered

TINY = 1e-4
"""If all numbers are below this they are printed with powers of ten."""
EXACT = 6
"""Significant digits of the values of one seed."""


def why(evidence: Evidence, p: str, needed: int, early: bool) -> str:
    """The numbers of an answer; ``needed`` are the seeds that it takes, ``early`` says that they are not all there."""
    known, match = evidence.told, evidence.match
    if not match.begun:
        return "no runs yet"
    if lacking := _lacking(evidence):
        return lacking
    if evidence.claim.each:
        return _of_each(evidence, needed if early else 0)
    if evidence.lost:
        p = f"{evidence.score} in seeds, {p}"
    told = f"{_numbers(evidence, p)}; " if evidence.contest.tested else ""
    if early and evidence.seeds:
        return f"{told}{counted(len(evidence.seeds), 'seed')}, {needed} are needed"
    lost = len(evidence.seeds) - known.n
    diverged = f", {lost} diverged" if lost else ""
    waits = f"; {_waiting(evidence)}" if evidence.incomplete else ""
    if evidence.contest.tested < needed:
        return f"{told}{counted(known.n, 'seed')}, too few: {needed} are needed{diverged}{waits}"
    return f"{_numbers(evidence, p)}, {counted(known.n, 'seed')}{diverged}{waits}"


def _waiting(evidence: Evidence) -> str:
    """The seeds that both were given and of which a run has no outcome."""
    return f"undecided until every group has a result of {numbered(evidence.incomplete)}"


def _lacking(evidence: Evidence) -> str:
    """Which groups have runs that finished, but not the number that is compared; nothing if all have."""
    read, methods = evidence.match.measure, evidence.match.methods
    empty = {name: m.best for name, m in methods.items() if not m.best.values and not m.best.diverged}
    ended = [name for name, best in empty.items() if any(s.outcome == FINISHED for s in best.subjects)]
    return f"no {read.metric}{f' at epoch {read.epoch}' if read.epoch else ''} in {listed(ended)}" if ended else ""


def _numbers(evidence: Evidence, p: str) -> str:
    """The mean, its interval if there are enough seeds for one, and what decides; a plus for gains of a difference."""
    known, number = evidence.told, evidence.claim.number or 0.0
    if known.mean is None:
        return p
    ends, mean = known.interval or (0.0, 0.0), known.mean
    sign = "" if evidence.match.against is None else "+"
    margin, inner = evidence.claim.within, moved(evidence.equivalence, number)
    if 0 < max(abs(mean), *map(abs, ends)) < TINY:
        text, between, inside = f"{mean:{sign}.2g}", _tiny(ends, sign), _tiny(inner or (), sign)
    else:
        digits = decimals([ends[1] - ends[0]], abs(mean))
        text, between, inside = fixed(mean, digits, sign), spread(ends, digits, sign), spread(inner, digits, sign)
    text += f" [{between}]" if known.interval is not None else ""
    about = f" about {number:g}" if number else ""
    if margin is not None:
        return f"{text}, 90 % interval {inside or '-'}, margin {margin:g}{about}"
    return f"{text}, {p}" if known.interval is not None or evidence.lost else text


def _tiny(ends: tuple[float, ...], sign: str) -> str:
    return "..".join(f"{end:{sign}.2g}" for end in ends)


def _of_each(evidence: Evidence, needed: int) -> str:
    """In how many seeds it is so, or the first in which it is not."""
    n, otherwise = len(evidence.seeds), evidence.otherwise
    if otherwise:
        first = f"the first is seed {otherwise[0]}: {_of_seed(evidence, otherwise[0])}"
        return f"not so in {len(otherwise)} of {counted(n, 'seed')}, {first}"
    same, seeds = "the same" if evidence.claim.sign == "=" else "so", counted(n, "seed")
    if needed or not evidence.incomplete:
        return f"{same} in {seeds}, {needed} are needed" if needed else f"{same} in all of {seeds}"
    return f"{same} in {seeds}; {_waiting(evidence)}"


def _of_seed(evidence: Evidence, seed: int) -> str:
    """The values of a seed in each group, and how far they are from what was claimed."""
    told = [short(s.values[seed], EXACT) if seed in s.values else "diverged" for s in evidence.scores.values()]
    apart = evidence.values.get(seed, 0.0)
    return " and ".join(told) + (f", {short(abs(apart))} apart" if apart and evidence.claim.sign == "=" else "")


def tested(evidence: Evidence, p_holm: float | None, family: int) -> str:
    """The p that decides, and how many claims it was corrected for."""
    p = small(evidence.p if p_holm is None else p_holm)
    return f"p {p}" if p_holm is None or family == 1 else f"p {p} Holm of {family}"
