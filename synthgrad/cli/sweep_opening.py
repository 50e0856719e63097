"""The lines that ``sweep`` prints before it trains: remarks on the runs it found, the data, the work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from synthgrad.cli.data_sentence import data_sentence
from synthgrad.runs.locking import UNLOCKED
from synthgrad.sweep.planning import Plan, not_of_the_grid
from synthgrad.text import are, counted


def opening(plan: Plan, place: str, jobs: int, runs: Path) -> Iterator[str]:
    """What to know beforehand, then how much there is to train, and on which ``place``."""
    if not plan.locked:
        yield f"{runs}: {UNLOCKED}"
    for remark in (*not_of_the_grid(plan.others), *_remarks(plan, jobs)):
        yield f"sweep: {remark}"
    tasks = {order.config.task: order.config for stack in plan.stacks for order in stack.orders}
    data = [config.data() for config in tasks.values()]
    yield from dict.fromkeys(data_sentence(each) for each in data if "file" in each)
    yield _work(plan, place)


def _remarks(plan: Plan, jobs: int) -> Iterator[str]:
    """Which runs are of an older version, may be in training elsewhere, or vary with timing."""
    if plan.unproved:
        runs = counted(plan.unproved, "run")
        yield f"{runs} of an older version kept no copy of the settings: config.yaml is taken as it is"
    if plan.unseen:
        runs, them = counted(len(plan.unseen), "run"), "it" if len(plan.unseen) == 1 else "them"
        yield f"{runs} left alone: another process may still train {them} ({plan.unseen[0]}); if it has ended: --force"
    varying = sum(order.config.varies for stack in plan.stacks for order in stack.orders)
    if varying and min(jobs, len(plan.stacks)) > 1:
        runs = f"{counted(varying, 'run')} with the free schedule {'varies' if varying == 1 else 'vary'}"
        yield f"{runs} with what else the cores do: --jobs 1 trains one after the other"


def _work(plan: Plan, place: str) -> str:
    orders = [order for stack in plan.stacks for order in stack.orders]
    total, there, elsewhere = len(plan.grid), len(plan.there), len(plan.elsewhere)
    resumed = sum(order.resume is not None for order in orders)
    parts = []
    if there:
        diverged = f" ({len(plan.diverged):,} diverged)" if plan.diverged else ""
        many = f"{'all' if there == total > 1 else f'{there:,}'} exist{'s' * (there == 1)}"
        parts.append(f"{many} already{diverged}")
    if elsewhere:
        parts.append(f"{elsewhere:,} {are(elsewhere)} being trained by another process")
    if orders:
        stacks = f"in {counted(len(plan.stacks), 'stack')} on" if len(plan.stacks) < len(orders) else "on"
        earlier = f" ({resumed:,} continue{'s' * (resumed == 1)} an earlier attempt)" if resumed else ""
        parts.append(f"{len(orders):,} to train, {stacks} {place}{earlier}")
    return f"{counted(total, 'run')}: {', '.join(parts)}"
