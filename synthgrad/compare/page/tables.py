"""The tables of a comparison: methods, differences, settings, layers, seeds, configs, claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

from synthgrad.compare.groups import shown
from synthgrad.compare.page.cells import NONE, Row, digits_for, interval, number, record, table
from synthgrad.compare.page.markup import Node, e
from synthgrad.compare.report import Answer, Cell, Difference, Estimate, Group, Table, Tuned
from synthgrad.numbers import percent, short, small

LAYER_DIGITS = 2


def methods(about: Table, groups: Sequence[Group], differences: Sequence[Difference]) -> Element:
    """Every method's result, and its difference from the first reference."""
    digits = digits_for([group.interval for group in groups])
    against = next((d.against for d in differences), None)
    found = {d.of: d for d in differences if d.against == against}
    finer = digits_for([d.interval for d in found.values()])
    rows = [
        {
            **_own(group, digits),
            **(_beside(found.get(group.label), group, finer) if against else {}),
            **_cost(group, about.target is not None),
        }
        for group in groups
    ]
    beside = f"; differences from {against}" if against else ""
    headings = list(rows[0]) if rows else []
    return table(f"{about.metric} of each method{beside}", headings, [list(row.values()) for row in rows])


def _own(group: Group, digits: int) -> dict[str, Node]:
    return {
        "method": group.label,
        "n": number(group.n),
        "mean": number(group.mean, digits),
        "95 % interval": interval(group.interval, digits),
        "median": number(group.median, digits),
    }


def _beside(difference: Difference | None, group: Group, digits: int) -> dict[str, Node]:
    if difference is None:
        role = group.role if group.role != "method" else NONE
        return {"difference": NONE, "its 95 %": NONE, "verdict": role, "W-L": NONE, "gap closed": NONE}
    return {
        "difference": number(difference.mean, digits, "+"),
        "its 95 %": interval(difference.interval, digits, "+"),
        "verdict": difference.verdict,
        "W-L": record(difference.wins, difference.losses, difference.ties),
        "gap closed": number(difference.gap, text=percent(difference.gap)),
    }


def _cost(group: Group, target: bool) -> dict[str, Node]:
    reached: dict[str, Node] = {
        "reached target": number(group.reached),
        "epochs to it": _arrived(group),
    }
    return {
        "diverged": number(group.diverged),
        **(reached if target else {}),
        "s/epoch": number(group.seconds_per_epoch, text=short(group.seconds_per_epoch)),
        "pace": _pace(group),
        "seconds": number(group.seconds, 1),
    }


def _arrived(runs: Group | Tuned) -> Node:
    """The median of the epochs to the target, which more than half of the runs must have reached."""
    if runs.epochs_to_target is None:
        return NONE if runs.reached is None else "not reached"
    return number(runs.epochs_to_target, text=f"{runs.epochs_to_target:g}")


def _pace(group: Group) -> Node:
    """Seconds an epoch against those of the reference; ``!`` where they ran on different machines."""
    if group.times_reference is None:
        return NONE
    return e("span", "×", number(group.times_reference, 2), "!" if group.other_machine else None)


def differences(about: Table, found: Sequence[Difference]) -> Element:
    """Every difference with its test."""
    digits = digits_for([d.interval for d in found])
    headings = ["method", "against", "n", "difference", "95 %", "verdict", "W-L", "p", "p, Holm", "of"]
    headings += ["gap closed", "95 %", "d_z", "Cliff's δ", "seeds' r"]
    rows = [
        [
            d.of,
            d.against,
            number(d.n),
            number(d.mean, digits, "+"),
            interval(d.interval, digits, "+"),
            d.verdict,
            record(d.wins, d.losses, d.ties),
            number(d.p, text=small(d.p)),
            number(d.p_holm, text=small(d.p_holm)),
            number(d.family),
            number(d.gap, text=percent(d.gap)),
            _percents(d.gap_interval),
            number(d.d_z, 2, "+"),
            number(d.cliffs_delta, 2, "+"),
            number(d.correlation, 2),
        ]
        for d in found
    ]
    return table(f"differences in {about.metric}, paired by seed", headings, rows)


def _percents(ends: tuple[float, float] | None) -> Node:
    if ends is None:
        return NONE
    low, high = (number(end, text=percent(end)) for end in ends)
    return e("span", low, "..", high)


def settings(about: Table) -> Element:
    """A sweep: the mean of each setting, the best one marked; then the methods at their best."""
    assert about.sweep is not None
    found = about.sweep.methods
    columns = list(dict.fromkeys(cell.label for method in found for cell in method.cells))
    digits = digits_for([method.difference.interval for method in found if method.difference])
    own = ["best", "near it", "at the edge, add", "seconds", "epochs to target", "s/epoch"]
    beside = ["difference", "95 %", "verdict", "W-L", "gap closed"]
    rows = [
        [
            method.method,
            *(_setting(next((c for c in method.cells if c.label == column), None), digits) for column in columns),
            *_tuned(method, digits),
        ]
        for method in found
    ]
    keys = ", ".join(about.sweep.keys)
    return table(f"mean {about.metric} by {keys}", ["method", *columns, *own, *beside], rows)


def _setting(cell: Cell | None, digits: int) -> Node:
    if cell is None:
        return NONE
    diverged = e("span", ", ", number(cell.diverged), " diverged") if cell.diverged else None
    return e("span", number(cell.mean, digits), diverged, class_="chosen" if cell.best else None)


def _tuned(method: Tuned, digits: int) -> Row:
    d = method.difference
    near = e("span", number(method.near_best), " of ", str(len(method.cells)))
    own: Row = [number(method.mean, digits), near]
    beside: Row = [NONE] * 5
    if d is not None:
        scored = record(d.wins, d.losses, d.ties)
        change, ends = number(d.mean, digits, "+"), interval(d.interval, digits, "+")
        beside = [change, ends, d.verdict, scored, number(d.gap, text=percent(d.gap))]
    epoch = number(method.seconds_per_epoch, text=short(method.seconds_per_epoch))
    times: Row = [number(method.seconds, 1), _arrived(method), epoch]
    return [*own, method.edge or NONE, *times, *beside]


def layers(groups: Sequence[Group]) -> Element | None:
    """Cosine and skill of what every hidden layer received."""
    every = sorted({layer.layer for group in groups for layer in group.layers})
    if not every:
        return None
    headings = ["method", *(f"layer {i}: {what}" for i in every for what in ("cosine", "95 %", "skill", "95 %"))]
    rows = [[group.label, *(cell for i in every for cell in _layer(group, i))] for group in groups if group.layers]
    return table("How close is each layer's gradient to the true one? (at the epoch of the comparison)", headings, rows)


def _layer(group: Group, number_of: int) -> Row:
    found = next((layer for layer in group.layers if layer.layer == number_of), None)
    return [NONE] * 4 if found is None else [*_estimate(found.cosine), *_estimate(found.skill)]


def _estimate(known: Estimate) -> Row:
    return [number(known.mean, LAYER_DIGITS), interval(known.interval, LAYER_DIGITS)]


def seeds(about: Table, groups: Sequence[Group]) -> Element:
    """A row for each seed: the result of every method's run."""
    digits = digits_for([group.interval for group in groups])
    every = sorted({seed for group in groups for seed in group.seeds})
    rows = [[number(seed), *(_run(group, seed, digits) for group in groups)] for seed in every]
    return table(f"{about.metric} of each run", ["seed", *(group.label for group in groups)], rows)


def _run(group: Group, seed: int, digits: int) -> Node:
    if seed not in group.seeds:
        return NONE
    at = group.seeds.index(seed)
    outcome, value = group.outcomes[at], group.values[at]
    said = None if outcome == "finished" else e("span", f" {outcome}") if value is not None else outcome
    return e("span", number(value, digits) if value is not None else None, said, title=group.runs[at])


def others(groups: Sequence[Group]) -> Element | None:
    """The metrics that are described and not tested."""
    names = list(dict.fromkeys(name for group in groups for name in group.others))
    if not names:
        return None
    digits = {name: digits_for(g.others[name].interval for g in groups if name in g.others) for name in names}
    rows = [[g.label, *(cell for name in names for cell in _other(g.others.get(name), digits[name]))] for g in groups]
    return table("other metrics, described only", ["method", *(h for name in names for h in (name, "95 %"))], rows)


def _other(known: Estimate | None, digits: int) -> Row:
    return [NONE] * 2 if known is None else [number(known.mean, digits), interval(known.interval, digits)]


def configs(groups: Sequence[Group]) -> Element:
    """The keys that differ."""
    keys = list(dict.fromkeys(key for group in groups for key in group.keys_that_differ))
    rows = [[key, *(_value(group.keys_that_differ.get(key)) for group in groups)] for key in keys]
    return table("what differs between the methods", ["key", *(group.label for group in groups)], rows, numeric=False)


def _value(value: Any) -> str:
    return NONE if value is None else shown(value)


def held_equal(groups: Sequence[Group]) -> Element:
    """The keys that all methods share."""
    first, *rest = [group.config for group in groups]
    same = {k: v for k, v in first.items() if all(k in config and config[k] == v for config in rest)}
    rows = [[key, shown(value)] for key, value in same.items()]
    return e(
        "details",
        e("summary", "What is held equal"),
        table("what is held equal", ["key", "value"], rows, numeric=False),
    )


def claims(answers: Sequence[Answer]) -> Element:
    """The claims that were checked; which table each is about, where they are about several."""
    told, signs = len({answer.title for answer in answers}) > 1, [_sign(answer) for answer in answers]
    rows = [
        [
            answer.claim,
            answer.answer,
            number(answer.n),
            number(answer.mean, digits_for([answer.interval]), sign),
            interval(answer.interval, digits_for([answer.interval]), sign),
            number(answer.p_holm, text=small(answer.p_holm)),
            answer.why,
            *([answer.title] if told else []),
        ]
        for answer, sign in zip(answers, signs, strict=True)
    ]
    what = " or ".join(word for word, sign in (("difference", "+"), ("value", "")) if sign in signs)
    headings = ["claim", "answer", "n", what, "95 %", "p, Holm", "why", *(["of"] if told else [])]
    return table("claims", headings, rows)


def _sign(answer: Answer) -> str:
    """A plus for a difference; none for the value of one group, which a claim holds against a number."""
    return "" if len(answer.means) == 1 else "+"
