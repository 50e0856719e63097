"""The page of a comparison and of a run: whole without a network, safe whatever names hold, true to its data."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import tiny
from support.reports import HOSTILE, report

from synthgrad.compare import figures
from synthgrad.compare.page import page, show_page
from synthgrad.compare.page.markup import as_json, e
from synthgrad.compare.page.pictures import slim
from synthgrad.compare.report import Missing
from synthgrad.config import dump, plain
from synthgrad.runs.reading import Recorded

RAW = ("script", "style")


class Page(HTMLParser):
    """The elements of a page with their attributes, its texts, and every tag that does not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.raw: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in RAW:
            self.raw.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of one kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self) -> list[str]:
        """Whatever is marked as a number of the data."""
        return [a["data-value"] for _, a in self.elements if "data-value" in a]

    @property
    def data(self) -> Any:
        """The JSON within."""
        return json.loads(next(text for text in self.raw if text.startswith("{")))


def numbers(data: Any) -> Iterator[str]:
    """Every number of a JSON document."""
    if isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from numbers(part)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield repr(data)


def hostile() -> str:
    """A page in which everything that a person names is an attack."""
    made = report({HOSTILE: 0.7, "frozen": 0.53}, seeds=6, epochs=20, sweep=[0.1, 0.2])
    made.command = ["synthgrad", "compare", HOSTILE]
    made.warnings, made.claims[0].claim = [HOSTILE], HOSTILE
    for table in made.tables:
        table.title, table.answers, table.fairness = HOSTILE, [HOSTILE], [HOSTILE]
        table.missing = [Missing(HOSTILE, 3)]
    for group in made.groups:
        group.keys_that_differ[HOSTILE], group.config[HOSTILE] = HOSTILE, [HOSTILE, None]
        group.runs = [HOSTILE for _ in group.runs]
        group.others = {HOSTILE: group.others.popitem()[1]}
    return page(replace(made, environment={HOSTILE: HOSTILE + "\ud800"}))


def recorded(directory: Path, hostile: bool = False, **result: Any) -> Recorded:
    """A run of six epochs; ``hostile`` names things as an attacker would."""
    name = "</script><script>x" if hostile else "plain"
    path = directory / f"20261124-191841-{name.replace('/', '%')}-s3-b19d"
    path.mkdir()
    (path / "config.yaml").write_text(dump(plain(tiny({"trainer.name": "dni", "trainer.generator.input": "both"}))))
    columns = ["loss", "bit_accuracy", "test_bit_accuracy", "generator_error.1", "cosine.1", "skill.1"]
    rows = [[1 / i, 0.5 + 0.01 * i, 0.5 + 0.02 * i, 100.5 / i, 0.1 * i, -2 + i] for i in range(1, 7)]
    lines = [f"{i},{4 * i},{0.1 * i}," + ",".join(map(repr, row)) for i, row in enumerate(rows, 1)]
    (path / "metrics.csv").write_text("\n".join([",".join(["epoch", "step", "seconds", *columns]), *lines, ""]))
    about = {"synthgrad": "0.1.0", "host": HOSTILE if hostile else "vm", "command": ["synthgrad", "train", name]}
    (path / "run.json").write_text(json.dumps({**about, "git": {"commit": "b19d", "dirty": True}}))
    whole = {"outcome": "finished", "epoch": 6, "step": 24, "seconds": 0.6, "steps_per_second": 40.123456789}
    (path / "result.json").write_text(json.dumps({**whole, "last": {}, "best": {}, **result}))
    return Recorded(path)


@cache
def made(kind: str) -> str:
    """Pages that several tests look at."""
    many = {"backprop": 0.71, "frozen": 0.53} | {f"dni variant {i}": 0.5 + 0.02 * i for i in range(9)}
    makers = {
        "plain": lambda: page(report(epochs=30, seeds=6, diverged={"dni both": 1})),
        "sweep": lambda: page(report(epochs=20, seeds=6, sweep=[0.001, 0.01, 0.1])),
        "tables": lambda: page(report(epochs=5, seeds=2, tables=2, layers=1)),
        "many": lambda: page(report(many, epochs=5, seeds=2)),
        "one seed": lambda: page(report(epochs=5, seeds=1, layers=0)),
        "hostile": hostile,
    }
    return makers[kind]()


KINDS = ("plain", "sweep", "tables", "many", "one seed", "hostile")
each = pytest.mark.parametrize("kind", KINDS)


# form and safety ----------------------------------------------------------------------------------


@pytest.mark.few(3)
@each
def test_every_element_is_closed_and_every_id_is_there_once(kind: str):
    """Also where figures of several tables stand in one page."""
    read = Page(made(kind))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert (read.wrong, read.open) == ([], [])
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        wanted = re.findall(r"#([\w-]+)", attributes.get("href", "") + attributes.get("clip-path", ""))
        wanted += attributes.get("aria-labelledby", "").split()
        assert set(wanted) <= set(ids)


@each
def test_nothing_is_asked_of_a_network(kind: str):
    """No address in any attribute, no import in the style; the policy forbids the rest."""
    read = Page(made(kind))
    for tag, attributes in read.elements:
        assert tag not in ("link", "img", "iframe", "object", "base", "form")
        assert not any(
            "//" in value for name, value in attributes.items() if name in ("href", "src", "style", "content")
        )
    style = next(text for text in read.raw if ":root" in text)
    assert "url(" not in style
    assert "@import" not in style


@each
def test_the_policy_admits_one_script_and_it_is_ours(kind: str):
    """It is known by its hash; nothing is loaded from anywhere."""
    read = Page(made(kind))
    policy = next(a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    hashes = re.findall(r"'sha256-([^']+)'", policy)
    script = next(text for text in read.raw if text.startswith('"use strict"'))
    assert hashes == [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "unsafe-inline'; script" not in policy.replace("style-src 'unsafe-inline'", "")
    assert [a.get("type") for a in read.all("script")] == ["application/json", None]


def test_the_script_is_short():
    """Sorting, hiding, the download: a page that works without it needs no more."""
    script = next(text for text in Page(made("plain")).raw if text.startswith('"use strict"'))
    assert len(script.splitlines()) <= 60
    assert "innerHTML" not in script


def test_hostile_names_are_only_ever_text():
    """In titles, tables, attributes, figures, commands and in the data."""
    read = Page(made("hostile"))
    assert len(read.all("script")) == 2
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
    assert not any(value.startswith("javascript:") for _, attributes in read.elements for value in attributes.values())
    assert read.text.count("<script>alert(1)</script>") > 20
    assert read.data["groups"][0]["label"].startswith(HOSTILE)
    made("hostile").encode()
    assert "\x00" not in made("hostile")


def test_text_and_data_cannot_end_their_element():
    """Whatever comes, it is the same text after parsing."""
    for text in ("</script><script>", "<!--", "&amp;", "\u2028]]>", "a\x07b"):
        assert json.loads(as_json({"a": text})) == {"a": text}
        assert "<" not in as_json(text)
    assert as_json([math.nan, math.inf, 1.5]) == "[null,null,1.5]"
    assert e("p", "a", None, e("b", "c"), "\x00d", class_="x").attrib == {"class": "x"}


# truth --------------------------------------------------------------------------------------------


@each
def test_every_number_shown_is_in_the_data_to_the_last_bit(kind: str):
    """A reader who takes the data finds what the page says."""
    read = Page(made(kind))
    values = read.values()
    assert len(values) > 50
    assert set(values) <= set(numbers(read.data))


def test_what_is_shown_is_what_the_value_is():
    """Rounded, never anything else: as a number, a percentage or a p-value."""
    shown = re.findall(r'data-value="([^"]+)">([^<]*)<', made("plain"))
    assert len(shown) > 100
    for value, text in shown:
        read = float(text.removesuffix("%").replace("−", "-")) / (100 if text.endswith("%") else 1)
        assert read == pytest.approx(float(value), abs=0.006, rel=0.06)


def test_the_data_are_the_report_but_for_the_curves_of_single_runs():
    """The page says what was left out."""
    read = Page(made("plain"))
    curves = [curve for group in read.data["groups"] for curve in group["curves"].values()]
    assert read.data["schema"] == "synthgrad.compare/4"
    assert all(curve["lines"] == [] and len(curve["mean"]) == 30 for curve in curves)
    assert "except the curves of single runs" in read.text


@pytest.mark.full
def test_a_page_of_many_runs_is_small():
    """Forty runs of a thousand epochs; what does not fit is left out, and that is said."""
    text = page(report())
    assert len(text.encode()) < 500_000
    huge = page(report({f"dni {i}": 0.6 for i in range(12)}, seeds=2))
    assert "except its curves" in Page(huge).text
    assert all(group["curves"] == {} for group in Page(huge).data["groups"])


def test_the_page_has_its_parts_in_order():
    """First the answer, last the data."""
    text = Page(made("plain")).text
    parts = ["its hidden layers learn", "of each method", "Differences", "Curves", "Layers", "Every run", "Is it fair?"]
    parts += ["Config", "Warnings", "Environment", "Repeat this", "synthgrad compare runs", "synthgrad sweep", "Data"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_sweep_begins_with_its_settings():
    """The best is marked, divergence counted, the tuned mean beside them."""
    text = made("sweep")
    assert "mean test_bit_accuracy by trainer.alpha" in text
    assert 'class="n chosen"' in text
    assert re.search(r"div <span [^>]*>4</span>", text)


def test_each_table_of_a_report_has_a_section():
    """And a link to it."""
    read = Page(made("tables"))
    assert [a["id"] for a in read.all("section")] == ["table-1", "table-2"]
    assert [a["href"] for a in read.all("a") if "href" in a] == ["#table-1", "#table-2"]


def test_what_the_runs_were_made_with_is_shown():
    """As they are, by name."""
    text = Page(page(replace(report(seeds=1, epochs=2, layers=0), environment={"NumPy": "2.4.6 on vm"}))).text
    assert "NumPy2.4.6 on vm" in text


# figures ------------------------------------------------------------------------------------------


def test_every_figure_says_its_numbers_in_words():
    """A title and a description, named by the figure."""
    text = made("plain")
    drawn = re.findall(r"<svg[^>]*role=\"img\".*?</svg>", text, re.DOTALL)
    assert len(drawn) == 5
    assert all(re.search(r"<title id=.+?</title><desc id=.+?</desc>", each) for each in drawn)
    means = [group["mean"] for group in Page(text).data["groups"]]
    assert all(f"{mean:.3f}"[:5] in drawn[2] for mean in means)
    assert "diverged" in drawn[2]
    assert "dni both, cosine.1: " in drawn[3]


@each
def test_the_colours_of_figures_are_those_of_the_style(kind: str):
    """One drawing serves light, dark and print."""
    text = made(kind)
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    style = next(raw for raw in Page(text).raw if ":root" in raw)
    assert re.findall(r"#[0-9a-f]{6}\b", drawn) == []
    used = set(re.findall(r"var\((--\w+)\)", drawn))
    assert {"--ink", "--muted"} <= used
    for scheme in style.split("@media screen and (prefers-color-scheme: dark)"):
        assert all(f"{name}:" in scheme for name in used)


def test_methods_can_be_hidden_by_the_names_that_their_lines_have():
    """Each box of the legend names parts that there are."""
    for kind in ("plain", "sweep", "many"):
        read = Page(made(kind))
        parts = {key for _, a in read.elements if "data-of" in a for key in a["data-of"].split()}
        boxes = [a["data-series"].split() for a in read.all("input")]
        assert boxes
        assert all(set(keys) <= parts for keys in boxes)


def test_a_drawing_is_slimmed_without_moving_anything():
    """Steps in tenths add up to where the line went."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><metadata/><defs><style>*{}</style></defs>'
        '<g id="patch_1"><g id="t1s0.4"><path id="u" d="M 0.04 1 \nL 0.08 1.26 \nL 0.12 1.52 \nz\nM 5 5 \nL 4 5.25 \n" '
        'style="fill: #0a0b00; font-family: x"/></g></g>'
        '<text style="font-size: 7px" transform="rotate(-0 1 2)">a</text></svg>'
    )
    path, text = slim(svg, "f")
    assert path.attrib == {"data-of": "t1s0"}
    assert path[0].attrib == {"d": "M0 1l.1 .3 0 .2zM5 5l-1 .2", "style": "fill:var(--m1)"}
    assert (text.attrib, text.text) == ({"style": "font-size:7px"}, "a")


def test_without_matplotlib_the_page_has_all_but_figures(monkeypatch: pytest.MonkeyPatch):
    """And says how to get them."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    read = Page(page(report(seeds=6, epochs=5)))
    assert not figures.available()
    assert "pip install 'synthgrad[plot]'" in read.text
    assert read.all("svg") == []
    assert "How close is each layer's gradient to the true one?" in read.text


@pytest.mark.parametrize(("left_out", "said"), [(0, True), (3, False)])
def test_a_control_that_conditions_left_out_is_not_said_to_be_missing(left_out: int, said: bool):
    """It is there, and another remark says that it was left out."""
    found = report({"backprop": 0.7, "dni both": 0.6}, seeds=1, epochs=2)
    found.tables[0].controls_left_out = left_out
    assert ("There is no frozen control" in Page(page(found)).text) == said


@pytest.mark.parametrize("layers", [0, 2])
def test_layers_are_shown_where_there_are_any(layers: int):
    """No empty heading."""
    assert ("Layers" in Page(page(report(seeds=1, epochs=2, layers=layers))).text) == (layers > 0)


def test_numbers_that_are_not_finite_are_dashes():
    """JSON has none of them, nor has the page."""
    broken = report(seeds=2, epochs=4, layers=1)
    for group in broken.groups:
        group.mean, group.seconds, group.values[0] = math.nan, math.inf, math.nan
        group.curves["loss"].mean[1] = math.nan
    read = Page(page(broken))
    assert not {"nan", "inf"} & set(read.values())
    assert read.data["groups"][0]["mean"] is None


# a single run -------------------------------------------------------------------------------------


def test_the_page_of_a_run_has_its_parts_in_order(tmp_path: Path):
    """Outcome, figures, last values, config, environment, how to repeat it."""
    read = Page(show_page(recorded(tmp_path)))
    parts = ["plain-s3-b19d", "finished", "Curves", "Metrics", "Layers", "Config", "trainer.generator.input"]
    parts += ["Environment", "b19d, dirty true", "Repeat this", "synthgrad train plain", "config.yaml", "Data"]
    places = [read.text.index(part) for part in parts]
    assert places == sorted(places)
    assert (read.wrong, read.open) == ([], [])
    assert len([a for a in read.all("svg") if a.get("role") == "img"]) == 5
    assert set(read.values()) <= set(numbers(read.data))


def test_a_hostile_run_is_only_text(tmp_path: Path):
    """Its name, its machine, its command."""
    text = show_page(recorded(tmp_path, hostile=True))
    read = Page(text)
    assert len(read.all("script")) == 2
    assert read.text.count("<script>") > 2


@pytest.mark.parametrize("damage", ["metrics.csv", "result.json", "run.json"])
def test_whatever_is_left_of_a_run_is_shown(tmp_path: Path, damage: str):
    """A run that was killed, or half deleted."""
    run = recorded(tmp_path)
    (run.run.path / damage).unlink()
    read = Page(show_page(Recorded(run.run.path)))
    assert (read.wrong, read.open) == ([], [])
    assert ("unfinished" in read.text) == (damage == "result.json")


def test_a_run_that_diverged_says_where(tmp_path: Path):
    """Epoch, step and what stopped being finite."""
    found = {"epoch": 7, "step": 25, "where": "generator 2"}
    text = Page(show_page(recorded(tmp_path, outcome="diverged", diverged=found))).text
    assert "Diverged in epoch 7, step 25: generator 2 stopped being finite." in text


def test_without_matplotlib_the_page_of_a_run_has_all_but_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And says how to get them."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    read = Page(show_page(recorded(tmp_path)))
    assert "pip install 'synthgrad[plot]'" in read.text
    assert read.all("svg") == []


@pytest.mark.few(1)
@pytest.mark.parametrize("sweep", [(), (0.01, 0.1)])
def test_a_target_that_half_of_the_runs_reached_is_not_reached(sweep: tuple[float, ...]) -> None:
    """The page says in the cell of the median how many reached it, and rounds no half epoch away."""
    found = report(sweep=sweep)
    for runs in [*found.groups, *(found.tables[0].sweep.methods if found.tables[0].sweep else ())]:
        runs.reached, runs.epochs_to_target = 5, None
    found.groups[0].epochs_to_target = 12.5
    text = Page(page(found)).text
    methods = len(found.tables[0].sweep.methods) if found.tables[0].sweep else 0
    assert text.count("5/") == len(found.groups) - 1 + methods
    assert "k/n: not reached" in text
    assert "12.5" in text
