"""The tables of a sweep: every method against the settings that were tried, and the methods at their best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from synthgrad.compare.groups import end
from synthgrad.compare.groups import shown as setting_text
from synthgrad.compare.layout import Column
from synthgrad.compare.report import Cell as Setting
from synthgrad.compare.report import Report, Sweep, Table, Tuned
from synthgrad.compare.tuning import order
from synthgrad.compare.view.cells import Cell, digits_for, gap, interval, number, record, shown, to_target, verdict
from synthgrad.compare.view.methods import Methods
from synthgrad.numbers import fixed, short

BEST = "best setting"


class Settings:
    """The columns of a sweep, the best method first; ``names`` are the methods' names as shown."""

    def __init__(self, table: Table, sweep: Sweep, names: Mapping[str, str] | None = None) -> None:
        self.table, self.sweep = table, sweep
        found = [m.difference.interval for m in sweep.methods if m.difference is not None]
        self.digits = digits_for(found, max((abs(m.mean) for m in sweep.methods if m.mean is not None), default=1.0))
        self.methods = sorted(sweep.methods, key=self._rank)
        self.names = names or {method.method: method.method for method in sweep.methods}
        settings = {cell.label: cell.setting for method in self.methods for cell in method.cells}
        self.labels = sorted(settings, key=lambda label: [order(value) for value in settings[label].values()])

    def _rank(self, method: Tuned) -> float:
        return float("inf") if method.mean is None else -method.mean if self.table.up else method.mean

    def grid(self, draw: Callable[[Setting, Tuned], str] | None = None) -> list[Column]:
        """Every setting side by side; ``draw`` makes another text of it."""
        draw = draw or (lambda setting, method: self.cell(setting))
        columns = []
        for label in self.labels:
            found = [next((cell for cell in m.cells if cell.label == label), None) for m in self.methods]
            cells = [draw(cell, m) if cell else "" for cell, m in zip(found, self.methods, strict=True)]
            columns.append(Column(label, cells))
        return self._columns(*columns)

    def cell(self, setting: Setting) -> Cell:
        """The mean of a setting, or how many of its seeds diverged."""
        parts = number(setting.mean, self.digits).parts
        return (
            Cell("div ", (str(setting.diverged), setting.diverged))
            if setting.diverged
            else Cell(*parts, best=setting.best)
        )

    def tuned(self) -> list[Column]:
        """The methods, each with its best setting only."""
        best = Column(BEST, [self._best(m) for m in self.methods], right=False, rank=2)
        return self._columns(best, Column("mean*", [number(m.mean, self.digits) for m in self.methods]))

    def _best(self, method: Tuned) -> str:
        best = next((cell for cell in method.cells if cell.best), None)
        if best is None:
            return "-"
        return " ".join(f"{end(k, best.setting)}={setting_text(v)}" for k, v in best.setting.items()) + "<" * bool(
            method.edge
        )

    def _columns(self, *settings: Column) -> list[Column]:
        methods, control = self.methods, self.sweep.control
        found = [m.difference for m in methods]
        verdicts = [
            verdict(d, self.digits, "control" if m.method == control else "")
            for m, d in zip(methods, found, strict=True)
        ]
        against = [
            Column(f"against {self.names.get(str(control), control)}", verdicts, right=False),
            Column("its 95%", [interval(d.interval if d else None, self.digits, "+") for d in found], rank=7),
            Column("W-L", [record(d) for d in found], rank=3),
            Column("gap", [gap(d) for d in found], rank=1),
        ]
        target = f"to {short(self.table.target)}" if self.table.target is not None else "to"
        near = [Cell((str(m.near_best), m.near_best), f" of {len(m.cells)}") for m in methods]
        epochs = [to_target(m.epochs_to_target, m.reached, m.runs) for m in methods]
        return [
            Column("method", [self.names[m.method] for m in methods], right=False),
            *settings,
            *(against if control is not None else []),
            *([Column(target, epochs, rank=4)] if self.table.target is not None else []),
            Column("s/epoch", [shown(m.seconds_per_epoch, short(m.seconds_per_epoch)) for m in methods], rank=5),
            Column("near best", near, rank=6),
            Column("at the edge, add", [m.edge for m in methods], right=False, detail=True),
            Column("seconds", [number(m.seconds, 1) for m in methods], detail=True),
        ]

    def marginals(self) -> Iterator[list[Column]]:
        """For each key: the mean over the other keys' settings, and the best of them."""
        for key, values in self.sweep.marginals.items():
            columns = [Column(f"{key}: mean, best", list(values), right=False)]
            for at, method in enumerate(self.sweep.methods):
                pairs = [v[2 * at : 2 * at + 2] for v in values.values()]
                cells = [" ".join(fixed(value, self.digits) for value in pair) for pair in pairs]
                columns.append(Column(self.names[method.method], cells, rank=at))
            yield columns


def tables(report: Report, table: Table) -> Iterator[list[Column]]:
    """The columns for formats without a width: of a sweep the tuned methods; then, always, the groups."""
    if table.sweep is not None:
        yield Settings(table, table.sweep).tuned()
    yield Methods(report, table).columns()
