"""Claims about groups, and whether the runs bear them out: ``dni both > frozen``, ``backprop - dni both < 0.01``.

More and less are decided by the exact sign-flip test of the per-seed differences, Holm's correction taking all such
claims together; "not told apart" by the same test without a correction, or more claims would make it easier to hold.
A claim that is about every seed is decided by each of them, and by the first that contradicts it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from synthgrad.claims.evidence import Evidence, moved
from synthgrad.claims.grammar import Claim
from synthgrad.claims.matching import Match, Tables
from synthgrad.claims.reasons import tested, why
from synthgrad.compare import arithmetic, statistics
from synthgrad.compare.groups import APART
from synthgrad.compare.paired_test import ALPHA
from synthgrad.compare.report import Answer
from synthgrad.errors import ExitCode, collect

HELD, NOT_HELD, UNDECIDED = "held", "not held", "undecided"


def check(claims: Sequence[Claim], tables: Tables) -> list[Answer]:
    """The answers to all claims, each in every table that has its groups.

    Raises ConfigError with a line for each claim that is about nobody.
    """
    matches = list(itertools.chain(*collect(tables.matches, claims)))
    found = {id(match): Evidence(match) for match in matches if not match.unclear}
    directed = [each for each in found.values() if each.claim.directed]
    adjusted = statistics.holm([1.0 if each.p is None else each.p for each in directed])
    by_match = {id(each.match): p for each, p in zip(directed, adjusted, strict=True)}

    def answered(match: Match) -> Answer:
        if match.unclear:
            return _unclear(match)
        return _answer(found[id(match)], by_match.get(id(match)), len(directed), tables.planned)

    return list(map(answered, matches))


def exit_code(answers: Sequence[Answer]) -> int:
    """The exit code of ``--check`` and ``--claims``."""
    found = {each.answer for each in answers}
    return ExitCode.NOT_HELD if NOT_HELD in found else ExitCode.UNDECIDED if UNDECIDED in found else ExitCode.DONE


def _unclear(match: Match) -> Answer:
    """A claim that a table knows the names of, and that cannot be answered there."""
    claim, read = match.claim, match.measure
    return Answer(
        match.table, claim.text, UNDECIDED, 0, None, None, None, None, match.unclear,
        line=claim.line, title=match.title, metric=read.metric, at=read.at, epoch=read.epoch or None,
    )  # fmt: skip


def _answer(evidence: Evidence, p_holm: float | None, family: int, planned: bool) -> Answer:
    claim, match, contest = evidence.claim, evidence.match, evidence.contest
    asked = claim.seeds or (len(match.seeds) if planned else 0)
    answer, needed = _judge(evidence, p_holm, family)
    early = len(evidence.seeds) < max(asked, 1)
    waits = (early or (evidence.incomplete and claim.seeds is None)) and not evidence.otherwise
    if waits or (answer == HELD and not claim.each and contest.tested < needed):
        answer = UNDECIDED
    known, scores = evidence.told, evidence.scores
    reason = why(evidence, tested(evidence, p_holm, family), max(needed, asked) if early else needed, early)
    return Answer(
        table=match.table,
        claim=claim.text,
        answer=answer,
        n=known.n,
        mean=known.mean,
        interval=known.interval,
        p=evidence.p,
        p_holm=p_holm,
        why=reason,
        line=claim.line,
        title=match.title,
        setting={key: value for key, value in match.of.best.settings.items() if key.startswith(APART)},
        metric=match.measure.metric,
        at=match.measure.at,
        epoch=match.measure.epoch or None,
        family=family if claim.directed else 1,
        needed=max(needed, asked),
        means={name: arithmetic.mean([s.values[seed] for seed in evidence.values]) for name, s in scores.items()}
        if evidence.values
        else {},
        seeds=list(evidence.values),
        values=[value + (claim.number or 0.0) for value in evidence.values.values()],
        equivalence=moved(evidence.equivalence, claim.number or 0.0),
    )


def _judge(evidence: Evidence, p_holm: float | None, family: int) -> tuple[str, int]:
    """Held, not held or undecided, if all seeds that were asked for are there; the seeds that it takes to hold."""
    claim, tried = evidence.claim, evidence.contest.tried
    if claim.each:
        return (NOT_HELD if evidence.otherwise else HELD), 1
    if claim.within is not None:
        answer = HELD if evidence.inside else NOT_HELD if evidence.beyond else UNDECIDED
        return answer, statistics.seeds_needed(tried, 2 * ALPHA)
    p = evidence.p if p_holm is None else p_holm
    if p is None or p >= ALPHA:  # as little as nothing can be told of too few
        needed = statistics.seeds_needed(tried * (family if claim.directed else 1))
        return (HELD if claim.sign == "~" and not evidence.lost else UNDECIDED), needed
    if claim.sign == "~":
        return NOT_HELD, 0
    return (HELD if evidence.so else NOT_HELD), 0
