"""The page of a comparison, part by part."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence

from synthgrad.compare import figures
from synthgrad.compare.figures import Panel
from synthgrad.compare.figures.series import Method
from synthgrad.compare.figures.series import methods as drawn_methods
from synthgrad.compare.page import saying, tables
from synthgrad.compare.page.cells import table as drawn
from synthgrad.compare.page.markup import Node, document, e
from synthgrad.compare.page.pictures import PAGE, colour, picture
from synthgrad.compare.report import Group, Report, Table
from synthgrad.compare.screens.stated import count
from synthgrad.compare.view import notes
from synthgrad.compare.view.methods import Methods, claims
from synthgrad.records import Settings

ENOUGH = 200_000
"""Letters of JSON: above this, curves are left out of the page's data."""
NO_FIGURES = (
    "There are no figures, because they need matplotlib: pip install 'synthgrad[plot]', then make this page again."
)
TUNED = (
    "Bold: the best setting by mean, on the seeds that made it the best, which flatters a method with many settings; "
    "div: seeds that diverged; near best: settings within 95 % of it. Against the control: the method at its best "
    "against the control at its best, every setting against every setting, corrected for their number."
)
NO_CONTROL = "There is no frozen control among these runs: nothing tells whether the hidden layers learn."
RULES = (
    "better, worse: the 95 % interval of the per-seed difference leaves out 0 and p is below .05 after Holm's "
    "correction over its family. ~: not told apart. Gap closed: 0 % is level with the frozen control, 100 % as good "
    "as backprop. W-L: seeds won and lost; a diverged run is a loss, and if there is one, wins and losses are tested. "
    "incomplete: both were given a seed of which a run has no result. Means are over the runs that finished."
)


def page(report: Report) -> str:
    """A report as one HTML file that needs no network, and no script to be read; without matplotlib no figures."""
    runs = sum(table.runs for table in report.tables)
    title = f"Comparison of {runs} runs" if runs > 1 else "One run" if runs else f"Claims: {count(report.claims)}"
    data, left_out = embedded(report)
    body: list[Node] = [e("h1", title)]
    if len(report.tables) > 1:
        links = (e("li", e("a", table.title, href=f"#table-{table.number}")) for table in report.tables)
        body.append(e("ul", links))
    body += [e("section", _table(report, table), id=f"table-{table.number}") for table in report.tables]
    apart = [claim for claim in report.claims if not claim.table]
    body += [drawn("claims", claims(apart))] if apart else []
    body += _warnings(report)
    body += _made_with(report)
    body += _repeat(report)
    body += data_section(left_out)
    return document(title, e("main", body), data, "comparison.json")


# one table ----------------------------------------------------------------------------------------


def _table(report: Report, table: Table) -> Iterator[Node]:
    view = Methods(report, table)
    groups = view.groups
    if len(report.tables) > 1:
        yield e("h2", table.title)
    yield e("ul", (e("li", answer) for answer in table.answers), class_="answers")
    if mine := claims([claim for claim in report.claims if claim.table == table.number]):
        yield drawn("claims", mine)
    yield e("p", "; ".join([notes.size(table, groups, len(groups)), notes.measured(table), *notes.shared(table)]), ".")
    if table.lacks_control and not table.controls_left_out:
        yield e("p", e("strong", NO_CONTROL))
    if table.sweep is not None:
        yield tables.settings(table)
        yield e("p", TUNED, class_="note")
    yield drawn(f"{table.metric} of each method", view.columns())
    yield e("p", " ".join([RULES, *notes.target(table)]), class_="note")
    if view.differences:
        yield e("h3", "Differences")
        yield drawn(f"differences in {table.metric}, paired by seed", view.tests(view.differences))
    yield from _figures(report, table, view)
    yield e("h3", "Every run")
    yield tables.seeds(view)
    if others := list(view.others()):
        yield e("h3", "Other metrics")
        yield from (drawn(f"{columns[0].header}, described only", columns) for columns in others)
    if table.fairness:
        yield e("h3", "Is it fair?")
        yield e("ul", (e("li", remark) for remark in table.fairness))
    yield e("h3", "Config")
    if any(group.keys_that_differ for group in groups):
        yield tables.configs(groups)
    yield tables.held_equal(groups)


def _figures(report: Report, table: Table, view: Methods) -> Iterator[Node]:
    layers = [e("h3", "Layers"), drawn(notes.CLOSENESS, columns)] if (columns := view.layers()) else []
    yield e("h3", "Curves")
    if not figures.available():
        yield from (e("p", NO_FIGURES, class_="note"), *layers)
        return
    lines = drawn_methods(report, table, PAGE)
    yield e("ul", (_legend(table, method) for method in lines), class_="legend")
    if len(lines) < len(view.groups):
        yield e("p", "Curves, runs and layers are those of each method at its best setting.", class_="note")
    panels = figures.panels(report, table, PAGE)
    made = [(panel.kind, _picture(table, panel, i, lines)) for i, panel in enumerate(panels)]
    yield e("div", (each for kind, each in made if kind != "layer"), class_="figures")
    if layers:
        yield from (*layers, e("div", (each for kind, each in made if kind == "layer"), class_="figures"))


def _picture(table: Table, panel: Panel, place: int, drawn: Sequence[Method]) -> Node:
    says = saying.numbers(panel, table, [method.group for method in drawn])
    return picture(panel, f"t{table.number}f{place}", saying.title(panel), says, saying.CAPTIONS[panel.kind])


def _legend(table: Table, method: Method) -> Node:
    """The name of a method next to its line; a script adds the box that hides it."""
    look = method.look
    dash = " ".join(f"{length:g}" for length in look.dash[1]) or "none"
    style = f"stroke:{colour(look.colour)};stroke-width:2.5;stroke-dasharray:{dash}"
    line = e("svg", e("path", d="M0 4h24", style=style), viewBox="0 0 24 8", class_="swatch", aria_hidden="true")
    keys = " ".join([method.key, *_swept(table, method.group)])
    box = e("input", type="checkbox", checked="", hidden="", data_series=keys)
    return e("li", e("label", box, line, method.group.label))


def _swept(table: Table, group: Group) -> Iterator[str]:
    """The names under which the figure of a sweep knows this group's method."""
    for i, method in enumerate(table.sweep.methods if table.sweep else ()):
        if group.label in {cell.group for cell in method.cells}:
            yield f"t{table.number}m{i}"


# all of them --------------------------------------------------------------------------------------


def _warnings(report: Report) -> list[Node]:
    if not report.warnings:
        return []
    return [e("h2", "Warnings"), e("ul", (e("li", warning) for warning in report.warnings))]


def _made_with(report: Report) -> list[Node]:
    return [e("h2", "Environment"), pairs({"compared with synthgrad": report.synthgrad, **report.environment})]


def pairs(rows: Mapping[str, str]) -> Node:
    """Names and values."""
    return e("dl", (part for name, value in rows.items() for part in (e("dt", name), e("dd", value))))


def _repeat(report: Report) -> list[Node]:
    found: list[Node] = [e("h2", "Repeat this"), e("pre", shlex.join(report.command))]
    missing = dict.fromkeys([*report.missing, *(each for table in report.tables for each in table.missing)])
    if missing:
        runs = sum(each.runs for each in missing)
        found.append(e("p", f"Missing runs: {runs}. The commands that make them:"))
        found.append(e("pre", "\n".join(each.line for each in missing)))
    return found


def data_section(left_out: str) -> list[Node]:
    """The link to the data, which a script makes."""
    link = e("a", "Download the data as JSON", id="download", hidden="")
    return [e("h2", "Data"), e("p", link), e("p", left_out, class_="note")]


def embedded(report: Report) -> tuple[Settings, str]:
    """What of the report goes into the page, and a sentence on that."""
    data = dataclasses.asdict(report)
    curves = [curve for group in data["groups"] for curve in group["curves"].values()]
    for curve in curves:
        curve["lines"] = []
    said = "The page holds the comparison as JSON, except the curves of single runs: they are in their metrics.csv."
    if len(json.dumps(data, default=str)) > ENOUGH:
        for group in data["groups"]:
            group["curves"] = {}
        said = "The page holds the comparison as JSON, except its curves, which are many: --format json has them."
    return data, said
