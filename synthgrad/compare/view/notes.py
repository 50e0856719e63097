"""The sentences around a table: what is compared, how to read it, and what is to be known before it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthgrad.compare import statistics
from synthgrad.compare.judging import DECIDED, INCOMPLETE, TOO_FEW, seeds_needed
from synthgrad.compare.report import Group, Sweep, Table
from synthgrad.compare.view.methods import Methods
from synthgrad.numbers import short, small
from synthgrad.text import counted, listed, numbered

CLOSENESS = (
    "How close is each layer's gradient to the true one? (cos 1: the same direction; skill 1: exact, 0: no better than "
    "zero)"
)


def size(table: Table, groups: Sequence[Group], methods: int, settings: int = 0) -> str:
    """How many runs there are: ``28 runs: 4 methods x 7 seeds (0..6)``; of a sweep the settings in place of seeds."""
    seeds = sorted({seed for group in groups for seed in group.seeds})
    run = len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1
    which = f"{seeds[0]}..{seeds[-1]}" if run else listed(seeds, 6)
    many = [
        counted(methods, "method"),
        *([counted(settings, "setting")] if settings else []),
        counted(len(seeds), "seed"),
    ]
    return f"{counted(table.runs, 'run')}: {' x '.join(many)}{'' if settings else f' ({which})'}"


def measured(table: Table, wide: bool = True) -> str:
    """By which number, which way, and where it was read."""
    at = f"epoch {table.epoch}" if table.epoch else "no epoch to compare"
    if table.at == "best":
        at = f"best epoch of each run{', selected on test' if table.metric.startswith('test_') else ''}"
    long = "higher is better" if table.up else "lower is better"
    return f"{table.metric}, {long if wide else 'up' if table.up else 'down'}, {at}"


def shared(table: Table) -> list[str]:
    """How many settings are held equal, and which differ."""
    return [
        f"held equal  {table.held_equal} keys",
        *([f"differs  {', '.join(table.differs)}"] if table.differs else []),
    ]


def target(table: Table) -> Iterator[str]:
    """How to read the column of the epochs to the target."""
    if table.target is not None:
        held = f"median epoch from which {short(table.target)} was held for three evaluations"
        yield f"to {short(table.target)}: {held}; k/n: not reached, as only k of n runs held it."


def rules(view: Methods) -> Iterator[str]:
    """How verdicts come about, and what pairing is worth here."""
    judged = [d for d in view.differences if d.against == view.against] or view.differences
    if judged and any(d.verdict in DECIDED for d in judged):
        known = any(d.gap is not None for d in view.differences)
        gap = f"; gap: 0% {view.table.control}, 100% {view.table.reference}" if known else ""
        yield (
            f"better, worse: 95% interval of the per-seed difference leaves out 0 and p < .05, exact sign-flip "
            f"test, Holm over {judged[0].family}; ~ not told apart{gap}."
        )
    elif any(d.verdict == TOO_FEW for d in judged):
        needed = (
            f"{statistics.seeds_needed(len(judged))} shared seeds are needed for {counted(len(judged), 'comparison')}"
        )
        ranges = any(g.interval is None and g.n > 1 for g in view.groups)
        yield f"n too small to decide: {needed}{'; in parentheses lowest..highest' if ranges else ''}."
    if any(d.diverged or d.against_diverged for d in judged):
        yield "A run that diverged has lost; where there is one, wins and losses are tested (exact sign test)."
    if any(d.verdict == INCOMPLETE for d in judged):
        yield "incomplete: both were given a seed of which a run has no result yet."
    paired = [d for d in judged if d.correlation is not None and d.verdict in DECIDED]
    r = float(np.median([d.correlation or 0.0 for d in paired])) if paired else 0.0
    if 0.05 < r < 1:
        n = min(d.n for d in paired)
        pairing = f"{n} paired seeds tell as much as {round(n / (1 - r))} unpaired"
        yield f"Pairing r {small(r)} (median): {pairing}."


def lost(view: Methods) -> Iterator[str]:
    """Runs without a result."""
    for group in view.groups:
        seeds = [s for s, outcome in zip(group.seeds, group.outcomes, strict=True) if outcome == "diverged"]
        if seeds:
            low, high = group.diverged_interval or (0.0, 1.0)
            share = f"share {low:.0%} to {high:.0%}"
            yield f"{group.label} diverged in {numbered(seeds)}: counted as lost, not in the mean ({share})"
        if group.incomplete and view.table.at in ("last", "best"):
            yield f"{group.label}: {group.incomplete} of {len(group.seeds)} runs did not finish and are left out"


def of_sweep(sweep: Sweep, table: Table) -> Iterator[str]:
    """How to read a sweep: its marks, edges and verdicts, what it cost, and step sizes that are too large."""
    legend = "[ ] best by mean*; near best: settings within 95% of it"
    if any(cell.diverged for m in sweep.methods for cell in m.cells):
        legend += "; div: seeds that diverged, not ranked"
    yield " ".join([f"{legend}.", *target(table)])
    if edges := [f"{m.method}: add {m.edge}" for m in sweep.methods if m.edge]:
        yield f"< the best lies at the edge of the grid ({'; '.join(edges)})."
    yield _best_against_best(sweep)
    equal = "budget equal" if len({len(m.cells) for m in sweep.methods}) == 1 else "budget not equal"
    spent = ", ".join(f"{m.method} {counted(len(m.cells), 'setting')}, {m.seconds:.0f} s" for m in sweep.methods)
    yield f"{equal}: {spent}"
    for key, bound in sweep.bounds.items():
        yield f"{key} above {short(bound)}: the generator's own regression is unstable at first."


def _best_against_best(sweep: Sweep) -> str:
    """What the best mean is worth, how verdicts come about, and how many seeds they take."""
    rule = "* on the seeds that made it the best, which flatters many settings."
    found = [m.difference for m in sweep.methods if m.difference is not None]
    if not found:
        return rule
    rule += f" Against {sweep.control}: each at its best, all settings against all, corrected for their number"
    rule += f" and for {counted(len(found), 'comparison')} (Holm)."
    if few := [d for d in found if d.verdict == TOO_FEW]:
        rule += f" {max(seeds_needed(d, d.family) for d in few)} seeds are needed."
    if incomplete := sorted({seed for d in found for seed in d.incomplete}):
        rule += f" incomplete: not every setting has a result of {numbered(incomplete)}."
    decided = ["{} against {}".format(*d.deciding) for d in found if d.deciding and d.verdict in DECIDED]
    return f"{rule} Nearest to deciding: {'; '.join(decided)}." if decided else rule
