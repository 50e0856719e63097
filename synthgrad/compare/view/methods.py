"""The table of methods, each against the control, and the tables that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from synthgrad.compare.layout import Column
from synthgrad.compare.learning import learns
from synthgrad.compare.report import Answer, Difference, Estimate, Group, Report, Table
from synthgrad.compare.view.cells import (
    Cell,
    digits_for,
    gap,
    interval,
    number,
    p_value,
    record,
    shown,
    to_target,
    verdict,
)
from synthgrad.numbers import percent, short

LAYER_DIGITS = 2
LEAST = 9
"""The rank of the column that is dropped first, also to have space for a curve."""


class Methods:
    """The columns of one table's methods; ``names`` are their labels as shown, ``most`` how many there is room for."""

    def __init__(
        self, report: Report, table: Table, names: Mapping[str, str] | None = None, most: int | None = None
    ) -> None:
        self.table = table
        every, self.differences = report.of_table(table)
        self.names = names or {group.label: group.label for group in every}
        self.groups = every[:most]
        self.against = "frozen" if table.lacks_control else next(iter(table.family), None)
        magnitude = max((abs(g.mean) for g in self.groups if g.mean is not None), default=1.0)
        self.digits = digits_for((g.interval for g in self.groups), magnitude)

    def difference(self, group: Group, against: str | None) -> Difference | None:
        """The difference of a group from another; None if there is none."""
        return next((d for d in self.differences if d.of == group.label and d.against == against), None)

    def columns(self) -> list[Column]:
        """One row for each group."""
        groups = self.groups
        found = [self.difference(group, self.against) for group in groups]
        pairs = list(zip(groups, found, strict=True))
        header = f"against {self.names.get(str(self.against), self.against)}"
        verdicts = [verdict(d, self.digits, self._role(group)) for group, d in pairs]
        target = f"to {short(self.table.target)}" if self.table.target is not None else "to"
        return [
            self._labels(groups),
            Column("n", [number(g.n) for g in groups]),
            Column("div", [number(g.diverged or None) for g in groups], rank=3),
            Column("mean", [number(g.mean, self.digits) for g in groups]),
            Column("95% interval", [self._interval(g) for g in groups], rank=4),
            Column("median", [number(g.median, self.digits) for g in groups], detail=True),
            *([Column(header, verdicts, right=False)] if self.against is not None else []),
            Column("its 95%", [interval(d.interval if d else None, self.digits, "+") for d in found], rank=7),
            Column("p Holm", [p_value(d.p_holm if d else None) for d in found], rank=LEAST),
            Column("W-L", [record(d) for d in found], rank=1),
            Column("gap", [gap(d, "0%" if g.label == self.table.control else "") for g, d in pairs], rank=2),
            Column(target, [self._epochs(g) for g in groups], rank=6),
            Column("reached", [number(g.reached) for g in groups], detail=True),
            Column("s/epoch", [_pace(g) for g in groups], rank=8),
            Column("seconds", [number(g.seconds, 1) for g in groups], detail=True),
        ]

    def _labels(self, groups: Sequence[Group], header: str = "method") -> Column:
        return Column(header, [self.names[group.label] for group in groups], right=False)

    def _role(self, group: Group) -> str:
        """What stands in the place of a difference."""
        return "no control" if self.table.lacks_control else "control" if group.label == self.table.control else ""

    def _interval(self, group: Group) -> Cell:
        """The interval of the mean; for a few runs, in parentheses, the lowest and the highest."""
        values = [v for v in group.values if v is not None]
        if group.interval is None and len(values) > 1:
            return Cell("(", *interval((min(values), max(values)), self.digits).parts, ")")
        return interval(group.interval, self.digits)

    def _epochs(self, group: Group) -> Cell:
        return to_target(group.epochs_to_target, group.reached, len(group.seeds) - group.incomplete)

    def beside(self, against: str) -> list[Column]:
        """The differences of the groups that are shown from another group."""
        labels = {group.label for group in self.groups}
        found = [d for d in self.differences if d.against == against and d.of in labels]
        return self.tests(found, f"against {self.names[against]}") if found else []

    def tests(self, found: Sequence[Difference], header: str = "method") -> list[Column]:
        """Differences with their tests, one row for each."""
        digits = digits_for((d.interval for d in found), 1.0) if header == "method" else self.digits
        return [
            Column(header, [self.names[d.of] for d in found], right=False),
            Column("against", [self.names[d.against] for d in found], right=False, detail=True),
            Column("n", [number(d.n) for d in found], detail=True),
            Column("difference", [number(d.mean, digits, "+") for d in found]),
            Column("95% interval", [interval(d.interval, digits, "+") for d in found], rank=2),
            Column("verdict", [d.verdict for d in found], right=False),
            Column("W-L", [record(d) for d in found], rank=3),
            Column("p", [p_value(d.p) for d in found], detail=True),
            Column("p Holm", [p_value(d.p_holm) for d in found], rank=1),
            Column("of", [number(d.family) for d in found], rank=1),
            Column("gap", [gap(d) for d in found], detail=True),
            Column("its 95%", [_percents(d) for d in found], detail=True),
            Column("d_z", [number(d.d_z, 2, "+") for d in found], detail=True),
            Column("Cliff's δ", [number(d.cliffs_delta, 2, "+") for d in found], detail=True),
            Column("seeds' r", [number(d.correlation, 2) for d in found], detail=True),
        ]

    def layers(self) -> list[Column]:
        """How well what each hidden layer received predicts the true gradient; nothing if it was not measured."""
        groups = [group for group in self.groups if any(layer.cosine.n or layer.skill.n for layer in group.layers)]
        numbers = sorted({layer.layer for group in groups for layer in group.layers})
        columns = [self._labels(groups, "")]
        for kind in ("cosine", "skill"):
            for i in numbers:
                found = [_layer(group, i, kind) for group in groups]
                cells = [number(each.mean if each else None, LAYER_DIGITS) for each in found]
                columns.append(Column(f"{kind.removesuffix('ine')} {i}", cells, rank=i))
                ends = [interval(each.interval if each else None, LAYER_DIGITS) for each in found]
                columns.append(Column("95%", ends, rank=100 + i, detail=kind == "skill"))
        if self.table.control:
            found_control = [self.difference(group, self.table.control) for group in groups]
            answers = [learns(d) if d else "" for d in found_control]
            columns.append(Column("does it learn below the top layer?", answers, right=False, rank=99))
        return columns if groups else []

    def others(self) -> Iterator[list[Column]]:
        """A table for each metric that is only described."""
        for name in dict.fromkeys(name for group in self.groups for name in group.others):
            groups = [group for group in self.groups if name in group.others]
            known = [group.others[name] for group in groups]
            digits = digits_for(each.interval for each in known)
            yield [
                self._labels(groups, name),
                Column("n", [number(each.n) for each in known]),
                Column("mean", [_long(each.mean, digits) for each in known]),
                Column("95% interval", [interval(each.interval, digits) for each in known], rank=1),
            ]


def claims(answers: Sequence[Answer]) -> list[Column]:
    """The claims and their answers; of which table, where they are about several. None if nothing was claimed."""
    signs = ["" if len(each.means) == 1 else "+" for each in answers]
    digits = [digits_for([each.interval]) for each in answers]
    rows = list(zip(answers, digits, signs, strict=True))
    what = " or ".join(word for word, sign in (("difference", "+"), ("value", "")) if sign in signs)
    columns = [
        Column("claim", [each.claim for each in answers], right=False),
        Column("of", [each.title for each in answers], right=False),
        Column("answer", [each.answer for each in answers], right=False),
        Column("n", [number(each.n) for each in answers]),
        Column(what, [number(each.mean, d, sign) for each, d, sign in rows]),
        Column("95% interval", [interval(each.interval, d, sign) for each, d, sign in rows]),
        Column("p Holm", [p_value(each.p_holm) for each in answers]),
        Column("why", [each.why for each in answers], right=False),
    ]
    if len({each.title for each in answers}) < 2:
        del columns[1]
    return columns if answers else []


def _layer(group: Group, i: int, kind: str) -> Estimate | None:
    layer = next((layer for layer in group.layers if layer.layer == i), None)
    return None if layer is None else layer.cosine if kind == "cosine" else layer.skill


def _pace(group: Group) -> Cell:
    """Seconds an epoch, times those of the reference; ! where they were not measured on the same machine."""
    seconds, times = group.seconds_per_epoch, group.times_reference
    against = () if times is None else (" x", (f"{times:.1f}", times))
    return Cell(*shown(seconds, short(seconds, 2)).parts, *against, "!" if group.other_machine else "")


def _percents(d: Difference) -> Cell:
    if d.gap_interval is None:
        return Cell()
    low, high = ((percent(end), end) for end in d.gap_interval)
    return Cell(low, "..", high)


def _long(value: float | None, digits: int) -> Cell:
    return shown(value, short(value, 4)) if value is not None and abs(value) >= 1000 else number(value, digits)
