"""Claims about groups, and whether the runs bear them out: ``dni both > frozen``, ``backprop - dni both < 0.01``.

More and less are decided by the exact sign-flip test of the per-seed differences, Holm's correction taking all such
claims together; "not told apart" by the same test without a correction, or more claims would make it easier to hold.
A claim that is about every seed is decided by each of them, and by the first that contradicts it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgrad.compare import statistics
from synthgrad.compare.cases import Tables
from synthgrad.compare.evidence import Evidence, moved
from synthgrad.compare.groups import APART
from synthgrad.compare.judging import ALPHA
from synthgrad.compare.reasons import tested, why
from synthgrad.compare.report import Answer
from synthgrad.compare.statement import Claim
from synthgrad.config import Complaints

HELD, NOT_HELD, UNDECIDED = "held", "not held", "undecided"


def check(claims: Sequence[Claim], tables: Tables) -> list[Answer]:
    """The answers to all claims, each in every table that has its groups.

    Raises ConfigError with a line for each claim that is about nobody.
    """
    complaints, found = Complaints(), list[Evidence]()
    for claim in claims:
        with complaints:
            found += map(Evidence, tables.cases(claim))
    complaints.settle()
    directed = [each for each in found if each.claim.directed]
    adjusted = iter(statistics.holm([1.0 if each.p is None else each.p for each in directed]))
    return [_answer(e, next(adjusted) if e.claim.directed else None, len(directed), tables.planned) for e in found]


def exit_code(answers: Sequence[Answer]) -> int:
    """0 if all held, 4 if one did not, 5 if one is undecided."""
    found = {each.answer for each in answers}
    return 4 if NOT_HELD in found else 5 if UNDECIDED in found else 0


def _answer(evidence: Evidence, p_holm: float | None, family: int, planned: bool) -> Answer:
    claim, case = evidence.claim, evidence.case
    asked = claim.seeds or (len(case.seeds) if planned else 0)
    answer, needed = _judge(evidence, p_holm, family)
    early = len(evidence.seeds) < max(asked, 1)
    if (early and not evidence.otherwise) or (answer == HELD and not claim.each and evidence.known.n < needed):
        answer = UNDECIDED
    diverges = answer == HELD and not claim.each and evidence.diverges
    known = evidence.told
    p = tested(evidence, p_holm, family)
    takes = max(needed, asked) if early else needed
    reason = why(evidence, p, takes, early) + ("; it diverges more often" if diverges else "")
    return Answer(
        table=case.table,
        claim=claim.text,
        answer=UNDECIDED if diverges else answer,
        n=known.n,
        mean=known.mean,
        interval=known.interval,
        p=evidence.p,
        p_holm=p_holm,
        why=reason,
        line=claim.line,
        title=case.title,
        setting={key: value for key, value in case.of.members.settings.items() if key.startswith(APART)},
        metric=case.measure.metric,
        at=case.measure.at,
        epoch=case.measure.epoch or None,
        family=family if claim.directed else 1,
        needed=max(needed, asked),
        means={name: float(np.mean([s.values[seed] for seed in evidence.values])) for name, s in case.scores.items()}
        if evidence.values
        else {},
        seeds=list(evidence.values),
        values=[value + (claim.number or 0.0) for value in evidence.values.values()],
        equivalence=moved(evidence.equivalence, claim.number or 0.0),
    )


def _judge(evidence: Evidence, p_holm: float | None, family: int) -> tuple[str, int]:
    """Held, not held or undecided, if all seeds that were asked for are there; the seeds that it takes to hold."""
    claim = evidence.claim
    if claim.each:
        return (NOT_HELD if evidence.otherwise else HELD), 1
    if claim.within is not None:
        return _within(evidence, claim.within), FEWEST
    mean, p = evidence.known.mean or 0.0, evidence.p if p_holm is None else p_holm
    if p is None or p >= ALPHA:  # as little as nothing can be told of too few
        return (HELD if claim.sign == "~" else UNDECIDED), statistics.seeds_needed(family if claim.directed else 1)
    if claim.sign == "~":
        return NOT_HELD, 0
    return (HELD if (mean > 0) == (claim.sign == ">") else NOT_HELD), 0


FEWEST = next(n for n in range(1, 99) if statistics.interval([0.0] * n, 1 - 2 * ALPHA) is not None)
"""As many seeds as it takes to show equivalence."""


def _within(evidence: Evidence, margin: float) -> str:
    """Whether what is about 0 lies within the margins: by two one-sided tests, or beyond one by a two-sided test."""
    inner, outer = evidence.equivalence, evidence.known.interval
    if inner is not None and max(map(abs, inner)) <= margin:
        return HELD
    beyond = outer is not None and (outer[0] > margin or outer[1] < -margin)
    return NOT_HELD if beyond else UNDECIDED
