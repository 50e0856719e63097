"""The screen of a table of methods: each against the control, in one line, and what may be concluded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthgrad.compare.answers import learns
from synthgrad.compare.arithmetic import share
from synthgrad.compare.judging import DECIDED, INCOMPLETE, TOO_FEW
from synthgrad.compare.report import Difference, Estimate, Group, Report, Table
from synthgrad.compare.screens.head import WIDE, arrival, arrived, head
from synthgrad.compare.screens.layout import Column, fits, lay_out, taken
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.statistics import seeds_needed
from synthgrad.compare.text import cell_width, cut, fill, names
from synthgrad.numbers import decimals, fixed, percent, short, small, spread
from synthgrad.text import counted, numbered

MAX_ROWS = 12
"""With more groups than this only the first ``SHOWN`` are listed."""
SHOWN = 10
LEAST = 9
"""The rank of the column that is dropped first, also to have space for a curve."""
DENSITY = " .:*#"
"""A place of the strip of seeds holds none, one, two, three, more of them."""
CLOSENESS = (
    "How close is each layer's gradient to the true one? (cos 1: the same direction; skill 1: exact, 0: no better than "
    "zero)"
)


class Screen:
    """One table of a report as lines of text."""

    def __init__(self, report: Report, table: Table, width: int, whole: bool = False, label: int | None = None) -> None:
        self.table, self.width = table, width
        groups, self.differences = report.of_table(table)
        self.names = names([g.label for g in groups], label or max(10, min(16, width - 30), width // 4))
        self.hidden = 0 if whole or len(groups) <= MAX_ROWS else len(groups) - SHOWN
        self.groups = groups[: len(groups) - self.hidden]
        self.every = groups
        self.against = "frozen" if table.lacks_control else next(iter(table.family), None)
        widths = [g.interval[1] - g.interval[0] for g in groups if g.interval is not None]
        self.digits = decimals(widths, max((abs(g.mean) for g in groups if g.mean is not None), default=1.0))

    def lines(self) -> Iterator[str]:
        """The whole screen."""
        yield from head(self.table, self.every, self.width)
        yield ""
        rows = lay_out(self.columns(), self.width)
        yield from rows
        if self.hidden:
            yield f"+ {self.hidden} more (--all shows them)"
        notes = self._notes(rows[0])
        for part in (self._answers(), self._second(), self._layers(), self._strip(), self._others(), notes):
            lines = list(part)
            if lines:
                yield ""
                yield from lines

    # the table ----------------------------------------------------------------------------------

    def columns(self) -> list[Column]:
        """All columns, one row for each group."""
        groups, control = self.groups, self.against
        found = [self._difference(group, control) for group in groups]
        columns = [
            Column("method", [self.names[g.label] for g in groups], right=False),
            Column("n", [str(g.n) for g in groups]),
            Column("div", [str(g.diverged or "-") for g in groups], rank=3),
            Column("mean", [fixed(g.mean, self.digits) for g in groups]),
            Column("95% interval", [self._interval(g) for g in groups], rank=4),
            *([self._verdicts(found)] if control is not None else []),
            Column("p Holm", [small(d.p_holm) if d else "-" for d in found], rank=LEAST),
            Column("W-L", [f"{d.wins}-{d.losses}" if d else "-" for d in found], rank=1),
            Column("gap", [self._gap(g, d) for g, d in zip(groups, found, strict=True)], rank=2),
            Column(self._to_target(), [self._epochs(g) for g in groups], rank=6),
            Column("s/epoch", [_pace(g) for g in groups], rank=8),
        ]
        return [*columns, *self._curve(columns)]

    def _verdicts(self, found: Sequence[Difference | None]) -> Column:
        wide = self.width >= WIDE
        header = f"against {self.names.get(str(self.against), self.against)}" + (", 95%" if wide else "")
        cells = [self._verdict(g, d, wide) for g, d in zip(self.groups, found, strict=True)]
        return Column(header, cells, right=False)

    def _verdict(self, group: Group, d: Difference | None, wide: bool) -> str:
        if self.table.lacks_control:
            return "no control"
        if d is None:
            return "control" if group.label == self.table.control else ""
        between = f"{spread(d.interval, self.digits, '+')} " if wide and d.interval else ""
        return f"{fixed(d.mean, self.digits, '+')} {between}{d.verdict}"

    def _gap(self, group: Group, d: Difference | None) -> str:
        return "0%" if group.label == self.table.control else percent(d.gap) if d else ""

    def _interval(self, group: Group) -> str:
        if group.interval is None and group.n:
            values = [v for v in group.values if v is not None]
            return f"({fixed(min(values), self.digits)}..{fixed(max(values), self.digits)})" if len(values) > 1 else ""
        return spread(group.interval, self.digits)

    def _to_target(self) -> str:
        return f"to {short(self.table.target)}" if self.table.target is not None else "to"

    def _epochs(self, group: Group) -> str:
        if group.reached is None:
            return ""
        return arrived(group.epochs_to_target, group.reached, len(group.seeds) - group.incomplete)

    def _curve(self, columns: Sequence[Column]) -> list[Column]:
        kept = [column for column in columns if not column.empty]
        ranks = (LEAST + 1, LEAST) if self.width >= WIDE else (5,)  # the columns that a curve leaves room for
        spaces = [self.width - taken([column for column in kept if column.rank < rank]) - 2 for rank in ranks]
        space = min(next((space for space in spaces if space >= 8), spaces[-1]), 24)
        means = [[float("nan") if v is None else v for v in g.curves[self.table.metric].mean] for g in self.groups]
        every = [v for line in means for v in line if v == v]
        if space < 5 or not every:
            return []
        cells = [sparkline(line, space, min(every), max(every)) for line in means]
        return [Column("curve", cells, right=False, rank=5)]

    def _difference(self, group: Group, against: str | None) -> Difference | None:
        return next((d for d in self.differences if d.of == group.label and d.against == against), None)

    # below the table ----------------------------------------------------------------------------

    def _second(self) -> Iterator[str]:
        """Against the second reference, one line each."""
        for against in [label for label in self.table.family if label != self.against]:
            found = [d for d in self.differences if d.against == against and d.of in {g.label for g in self.groups}]
            first = f"against {self.names[against]}"
            columns = [
                Column("", [self.names[d.of] for d in found], right=False),
                Column("", [fixed(d.mean, self.digits, "+") for d in found]),
                Column(
                    "", [f"[{spread(d.interval, self.digits, '+')}]" if d.interval else "" for d in found], False, 2
                ),
                Column("", [d.verdict for d in found], right=False),
                Column("", [f"{d.wins}-{d.losses}" for d in found], rank=3),
                Column("", [f"p {small(d.p_holm)} Holm of {d.family}" for d in found], False, 1),
            ]
            beside = [Column("", [first, *[""] * (len(found) - 1)], right=False), *columns]
            if found and fits(beside, self.width):
                yield from lay_out(beside, self.width)[1:]
            elif found:
                yield from [first, *(f"  {line}" for line in lay_out(columns, self.width - 2)[1:])]

    def _layers(self) -> Iterator[str]:
        """How well what each hidden layer received predicts the true gradient."""
        told = [group for group in self.groups if any(layer.cosine.n or layer.skill.n for layer in group.layers)]
        if not told:
            return
        numbers = sorted({layer.layer for group in told for layer in group.layers})
        columns = [Column("", [self.names[g.label] for g in told], right=False)]
        columns += [Column(f"cos {i}", [self._layer(g, i, "cosine") for g in told], rank=i) for i in numbers]
        columns += [Column(f"skill {i}", [self._layer(g, i, "skill") for g in told], rank=i) for i in numbers]
        if self.width >= WIDE and self.table.control:
            columns.append(Column("does it learn below the top layer?", [self._learns(g) for g in told], right=False))
        yield from fill(CLOSENESS, self.width)
        yield from lay_out(columns, self.width)

    def _layer(self, group: Group, i: int, kind: str) -> str:
        known: Estimate | None = next((getattr(layer, kind) for layer in group.layers if layer.layer == i), None)
        if known is None or known.mean is None:
            return "-"
        between = f" {spread(known.interval, 2)}" if self.width >= WIDE and kind == "cosine" and known.interval else ""
        return f"{fixed(known.mean, 2)}{between}"

    def _learns(self, group: Group) -> str:
        d = self._difference(group, self.table.control)
        return learns(d) if d else ""

    def _strip(self) -> Iterator[str]:
        """Each seed's value in its place on a common axis."""
        values = [v for g in self.groups for v in g.values if v is not None]
        label = max(cell_width(name) for name in ["seeds", *(self.names[g.label] for g in self.groups)])
        width = self.width - label - 4
        if len(values) < 2 or min(values) == max(values) or width < 20 or self.hidden:
            return
        low, high = min(values), max(values)
        left, right = fixed(low, self.digits), fixed(high, self.digits)
        yield f"{'seeds':<{label}}  {left}{right:>{max(0, width + 2 - len(left))}}"
        for g in self.groups:
            places = np.zeros(width, int)
            for v in g.values:
                if v is not None:
                    places[min(width - 1, int(share(v, low, high) * width))] += 1
            marks = "".join(DENSITY[min(count, 4)] for count in places)
            name = self.names[g.label]
            yield f"{name}{' ' * (label - cell_width(name))}  |{marks}|"

    def _others(self) -> Iterator[str]:
        """The metrics that are only described."""
        names = list(dict.fromkeys(name for group in self.groups for name in group.others))
        for name in names:
            known = [group.others[name] for group in self.groups]
            digits = decimals([k.interval[1] - k.interval[0] for k in known if k.interval], 1.0)
            yield from lay_out(
                [
                    Column(cut(name, self.width // 3), [self.names[g.label] for g in self.groups], right=False),
                    Column("n", [str(k.n) for k in known]),
                    Column("mean", [_plain(k.mean, digits) for k in known]),
                    Column("95% interval", [spread(k.interval, digits) for k in known], rank=1),
                ],
                self.width,
            )

    def _answers(self) -> Iterator[str]:
        for answer in self.table.answers:
            yield from fill(answer, self.width, 2)

    def _notes(self, headings: str) -> Iterator[str]:
        """How to read the table with these headings, and what is to be known before it is believed."""
        rules = " ".join([*self.rules(), *arrival(self.table, headings)])
        yield from fill(rules, self.width) if rules else ()
        for remark in [*self.diverged(), *self.table.fairness]:
            yield from fill(f"- {remark}", self.width, 2)

    def rules(self) -> Iterator[str]:
        """How verdicts come about, and what pairing is worth here."""
        judged = [d for d in self.differences if d.against == self.against] or self.differences
        if judged and any(d.verdict in DECIDED for d in judged):
            yield (
                f"better, worse: 95% interval of the per-seed difference leaves out 0 and p < .05, exact sign-flip "
                f"test, Holm over {judged[0].family}; ~ not told apart{self._gap_rule()}."
            )
        elif any(d.verdict == TOO_FEW for d in judged):
            needed = f"{seeds_needed(len(judged))} shared seeds are needed for {counted(len(judged), 'comparison')}"
            ranges = any(g.interval is None and g.n > 1 for g in self.groups)
            yield f"n too small to decide: {needed}{'; in parentheses lowest..highest' if ranges else ''}."
        if any(d.diverged or d.against_diverged for d in judged):
            yield "A run that diverged has lost; where there is one, wins and losses are tested (exact sign test)."
        if any(d.verdict == INCOMPLETE for d in judged):
            yield "incomplete: both were given a seed of which a run has no result yet."
        known = [d for d in judged if d.correlation is not None and d.verdict in DECIDED]
        r = float(np.median([d.correlation or 0.0 for d in known])) if known else 0.0
        if 0.05 < r < 1:
            n = min(d.n for d in known)
            pairing = f"{n} paired seeds tell as much as {round(n / (1 - r))} unpaired"
            yield f"Pairing r {small(r)} (median): {pairing}."

    def _gap_rule(self) -> str:
        known = any(d.gap is not None for d in self.differences)
        return f"; gap: 0% {self.table.control}, 100% {self.table.reference}" if known else ""

    def diverged(self) -> Iterator[str]:
        """Runs without a result."""
        for group in self.groups:
            seeds = [s for s, outcome in zip(group.seeds, group.outcomes, strict=True) if outcome == "diverged"]
            if seeds:
                low, high = group.diverged_interval or (0.0, 1.0)
                share = f"share {low:.0%} to {high:.0%}"
                yield f"{group.label} diverged in {numbered(seeds)}: counted as lost, not in the mean ({share})"
            if group.incomplete and self.table.at in ("last", "best"):
                yield f"{group.label}: {group.incomplete} of {len(group.seeds)} runs did not finish and are left out"


def _pace(group: Group) -> str:
    """Seconds an epoch, times those of the reference; ! where they were not measured on the same machine."""
    times = f" x{group.times_reference:.1f}" if group.times_reference is not None else ""
    return f"{short(group.seconds_per_epoch, 2)}{times}{'!' if group.other_machine else ''}"


def _plain(value: float | None, digits: int) -> str:
    return short(value, 4) if value is not None and abs(value) >= 1000 else fixed(value, digits)
