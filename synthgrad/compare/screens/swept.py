"""The screen of a sweep: every method against the settings that were tried, and the methods at their best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.groups import end, shown
from synthgrad.compare.judging import DECIDED, TOO_FEW, seeds_needed
from synthgrad.compare.report import Cell, Difference, Group, Report, Sweep, Table, Tuned
from synthgrad.compare.screens.head import WIDE, arrival, arrived, measured
from synthgrad.compare.screens.layout import Column, fits, lay_out, taken
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.text import ends, fill, names
from synthgrad.compare.tuning import order
from synthgrad.numbers import decimals, fixed, percent, short, spread
from synthgrad.text import counted, numbered

BEST = "best setting"
WIDEST_GRID = 8
"""Of more settings, only the best is shown, and the marginal of each key."""


class SweepScreen:
    """A sweep as lines of text."""

    def __init__(self, report: Report, table: Table, sweep: Sweep, width: int, label: int | None = None) -> None:
        self.table, self.sweep, self.width = table, sweep, width
        self.groups: list[Group] = report.of_table(table)[0]
        differences = [m.difference for m in sweep.methods if m.difference is not None]
        known = [d.interval[1] - d.interval[0] for d in differences if d.interval is not None]
        self.digits = decimals(known, max((abs(m.mean) for m in sweep.methods if m.mean is not None), default=1.0))
        self.methods = sorted(sweep.methods, key=self._rank)
        self.names = names([m.method for m in self.methods], label or max(10, min(16, width - 30), width // 4))
        points = [value for m in self.methods for cell in m.cells for value in cell.curve]
        self.scale = (min(points), max(points)) if points and len(sweep.methods[0].cells) <= 4 else ()
        found = {cell.label: cell.setting for method in self.methods for cell in method.cells}
        self.settings = sorted(found, key=lambda label: [order(value) for value in found[label].values()])

    def _rank(self, method: Tuned) -> float:
        return float("inf") if method.mean is None else -method.mean if self.table.up else method.mean

    def lines(self) -> Iterator[str]:
        """The whole screen."""
        yield from self._head()
        yield ""
        yield from self._table()
        if self.table.answers:
            yield ""
        for answer in self.table.answers:
            yield from fill(answer, self.width, 2)
        if self.sweep.marginals:
            yield ""
            yield from self._marginals()
        yield ""
        yield from self._notes()

    def _head(self) -> Iterator[str]:
        seeds = sorted({seed for group in self.groups for seed in group.seeds})
        many = {"method": len(self.methods), "setting": len(self.settings), "seed": len(seeds)}
        what = f"{self.table.runs} runs: {' x '.join(counted(number, word) for word, number in many.items())}"
        yield from ends(what, measured(self.table, self.width), self.width)
        yield from fill(f"columns {', '.join(self.sweep.keys)}; mean over seeds", self.width)

    def _table(self) -> Iterator[str]:
        """Settings side by side where they fit, or else only the best, and all of them below."""
        grid = self._columns([self._setting(label) for label in self.settings])
        if len(self.settings) <= WIDEST_GRID and fits(grid, self.width):
            lines = lay_out(grid, self.width)
            yield from [*lines, *self._paces(lines[0])]
            return
        lines = lay_out(self.tuned(), self.width)
        yield from [*lines, *self._paces(lines[0])]
        if len(self.settings) <= WIDEST_GRID or BEST not in lines[0]:
            yield ""
            for m in self.methods:
                cells = ", ".join(f"{cell.label} {self._cell(cell, m).strip()}" for cell in m.cells)
                yield from fill(f"{m.method}: {cells}", self.width, 2)

    def tuned(self) -> list[Column]:
        """The methods, each with its best setting only."""
        best = Column(BEST, [self._best(m) for m in self.methods], right=False, rank=2)
        return self._columns([best, Column("mean*", [fixed(m.mean, self.digits) for m in self.methods])])

    def _columns(self, settings: list[Column]) -> list[Column]:
        """The table; intervals of differences only where they take no other column's place."""
        whole = self._with(settings, ends=True)
        return whole if self.width >= WIDE and taken(whole) <= self.width else self._with(settings, ends=False)

    def _with(self, settings: list[Column], *, ends: bool) -> list[Column]:
        columns = [Column("method", [self.names[m.method] for m in self.methods], right=False), *settings]
        if self.sweep.control is not None:
            cells = [self._verdict(m.method, m.difference, ends) for m in self.methods]
            columns.append(Column(f"against {self.names[self.sweep.control]}", cells, right=False))
            found = [m.difference for m in self.methods]
            columns.append(Column("W-L", [f"{d.wins}-{d.losses}" if d else "" for d in found], rank=3))
            columns.append(
                Column("gap", [percent(m.difference.gap) if m.difference else "" for m in self.methods], rank=1)
            )
        near = [f"{m.near_best} of {len(m.cells)}" for m in self.methods]
        return [*columns, *self._times(), Column("near best", near, rank=6)]

    def _times(self) -> list[Column]:
        """Epochs to the target, and seconds for an epoch, of the best setting."""
        target = [] if self.table.target is None else [
            Column(f"to {short(self.table.target)}", [_arrival(m) for m in self.methods], rank=4)
        ]  # fmt: skip
        return [*target, Column("s/epoch", [short(m.seconds_per_epoch) for m in self.methods], rank=5)]

    def _paces(self, header: str) -> Iterator[str]:
        """The times as text, where the table has no room for them."""
        if "s/epoch" in header:
            return
        times = {m.method: f"{_arrival(m)}, " if self.table.target is not None else "" for m in self.methods}
        told = [f"{m.method} {times[m.method]}{short(m.seconds_per_epoch)} s" for m in self.methods]
        what = f"epochs to {short(self.table.target)}, " if self.table.target is not None else ""
        yield ""
        yield from fill(f"{what}seconds an epoch, of the best setting: {'; '.join(told)}", self.width, 2)

    def _setting(self, label: str) -> Column:
        found = [next((cell for cell in m.cells if cell.label == label), None) for m in self.methods]
        cells = [self._cell(cell, m) if cell else "" for cell, m in zip(found, self.methods, strict=True)]
        return Column(label, cells)

    def _cell(self, cell: Cell, method: Tuned) -> str:
        """[ ] the best by mean, < at the edge of the grid, div k where seeds diverged."""
        text = fixed(cell.mean, self.digits)
        if cell.diverged:
            return f"div {cell.diverged}"
        text = f"[{text}]{'<' if method.edge else ' '}" if cell.best else f"{text}  "
        return f"{sparkline(cell.curve, 4, *self.scale)} {text}" if self.width >= WIDE and self.scale else text

    def _best(self, method: Tuned) -> str:
        best = next((cell for cell in method.cells if cell.best), None)
        if best is None:
            return "-"
        return " ".join(f"{end(k, best.setting)}={shown(v)}" for k, v in best.setting.items()) + (
            "<" if method.edge else ""
        )

    def _verdict(self, label: str, difference: Difference | None, ends: bool) -> str:
        if difference is None:
            return "control" if label == self.sweep.control else ""
        wide = f" {spread(difference.interval, self.digits, '+')}" if ends and difference.interval else ""
        return f"{fixed(difference.mean, self.digits, '+')}{wide} {difference.verdict}"

    def _marginals(self) -> Iterator[str]:
        """For each key: the mean over the other keys' settings, and the best of them."""
        for key, values in self.sweep.marginals.items():
            columns = [Column(f"{key}: mean, best", list(values), right=False)]
            for at, method in enumerate(self.sweep.methods):
                cells = [
                    f"{fixed(v[2 * at], self.digits)} {fixed(v[2 * at + 1], self.digits)}" for v in values.values()
                ]
                columns.append(Column(self.names[method.method], cells, rank=at))
            yield from lay_out(columns, self.width)

    def _notes(self) -> Iterator[str]:
        edges = [f"{m.method}: add {m.edge}" for m in self.methods if m.edge]
        legend = "[ ] best by mean*; near best: settings within 95% of it"
        if any(cell.diverged for m in self.methods for cell in m.cells):
            legend += "; div: seeds that diverged, not ranked"
        yield from fill(" ".join([f"{legend}.", *arrival(self.table, f"to {short(self.table.target)}")]), self.width)
        if edges:
            yield from fill(f"< the best lies at the edge of the grid ({'; '.join(edges)}).", self.width)
        yield from fill(self._rule(), self.width, 2)
        yield from fill(self._budget(), self.width)
        for key, bound in self.sweep.bounds.items():
            yield from fill(
                f"{key} above {short(bound)}: the generator's own regression is unstable at first.", self.width
            )
        for remark in self.table.fairness:
            yield from fill(f"- {remark}", self.width, 2)

    def _rule(self) -> str:
        """What the best mean is worth, how verdicts come about, and how many seeds they take."""
        rule = "* on the seeds that made it the best, which flatters many settings."
        found = [m.difference for m in self.methods if m.difference is not None]
        if not found:
            return rule
        rule += f" Against {self.sweep.control}: each at its best, all settings against all, corrected for their number"
        rule += f" and for {counted(len(found), 'comparison')} (Holm)."
        if few := [d for d in found if d.verdict == TOO_FEW]:
            rule += f" {max(seeds_needed(d, d.family) for d in few)} seeds are needed."
        if incomplete := sorted({seed for d in found for seed in d.incomplete}):
            rule += f" incomplete: not every setting has a result of {numbered(incomplete)}."
        decided = ["{} against {}".format(*d.deciding) for d in found if d.deciding and d.verdict in DECIDED]
        return f"{rule} Nearest to deciding: {'; '.join(decided)}." if decided else rule

    def _budget(self) -> str:
        counts: Sequence[int] = [len(m.cells) for m in self.methods]
        equal = "budget equal" if len(set(counts)) == 1 else "budget not equal"
        told = ", ".join(f"{m.method} {counted(len(m.cells), 'setting')}, {m.seconds:.0f} s" for m in self.methods)
        return f"{equal}: {told}"


def _arrival(method: Tuned) -> str:
    return arrived(method.epochs_to_target, method.reached, method.runs)
