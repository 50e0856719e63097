"""The page as a reader meets it: in a browser, at a desk and on a telephone, light and dark, scripts on and off."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.image import imread
from support.browser import Browser, installed
from support.reports import HOSTILE, report

from synthgrad.compare.page import page
from synthgrad.compare.report import SCHEMA

DESK, TELEPHONE = (1280, 900), (390, 844)
SIZES = pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all; on a machine that has none, or where none starts, there is nothing to look with."""
    program = installed()
    if program is None:
        pytest.skip("no browser of the Chromium family is installed")
    try:
        opened = Browser(program).__enter__()
    except (TimeoutError, OSError, RuntimeError) as error:
        pytest.skip(f"{program} does not start here: {error}")
    yield opened
    opened.__exit__()


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of four methods."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(report(epochs=30, seeds=6, diverged={"dni both": 1})), encoding="utf-8")
    return path


def brightness(browser: Browser) -> float:
    """The mean of the window's pixels, 0 black to 1 white."""
    return float(imread(io.BytesIO(browser.picture()), format="png")[..., :3].mean())


@SIZES
@SCHEMES
def test_the_page_is_light_or_dark_and_never_wider_than_the_window(
    browser: Browser, comparison: Path, size: tuple[int, int], scheme: str
):
    """Tables scroll in boxes of their own."""
    browser.open(comparison, *size, scheme)
    light = brightness(browser)
    assert light > 0.85 if scheme == "light" else light < 0.25
    assert browser.value("document.documentElement.scrollWidth") <= size[0]
    assert browser.value("[...document.querySelectorAll('.box')].some(b => b.scrollWidth > b.clientWidth)")


@SCHEMES
def test_figures_have_the_colours_of_the_scheme(browser: Browser, comparison: Path, scheme: str):
    """The line of backprop is nearly black by day and nearly white by night; axes and letters follow."""
    browser.open(comparison, *DESK, scheme)
    style = "getComputedStyle(document.querySelector('figure [data-of=t1s0] path')).stroke"
    ink = "getComputedStyle(document.querySelector('figure text')).fill"
    light = {"light": ["rgb(26, 26, 26)", "rgb(26, 26, 26)"], "dark": ["rgb(244, 244, 242)", "rgb(232, 232, 230)"]}
    assert [browser.value(style), browser.value(ink)] == light[scheme]


def test_a_printed_page_is_light(browser: Browser, comparison: Path):
    """Also where the screen is dark."""
    browser.open(comparison, *DESK, "dark")
    browser.media("dark", "print")
    assert brightness(browser) > 0.85
    assert browser.ask("Page.printToPDF")["data"].startswith("JVBERi")  # %PDF


@SIZES
def test_no_figure_is_cut_and_no_label_lies_on_another(browser: Browser, comparison: Path, size: tuple[int, int]):
    """Letters within the drawing; those of line ends apart."""
    browser.open(comparison, *size)
    outside = """[...document.querySelectorAll('figure svg')].flatMap(svg => {
        const box = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter(text => {
            const t = text.getBoundingClientRect();
            return t.left < box.left - 1 || t.right > box.right + 1 || t.top < box.top - 1 || t.bottom > box.bottom + 1;
        }).map(text => text.textContent);
    })"""
    overlapping = """[...document.querySelectorAll('figure svg')].flatMap(svg => {
        const boxes = [...svg.querySelectorAll('text')].map(text => [text.getBoundingClientRect(), text.textContent]);
        return boxes.flatMap(([a, name], i) => boxes.slice(i + 1).filter(([b]) =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.35 * Math.min(a.height, b.height)
        ).map(([, other]) => name + ' / ' + other));
    })"""
    assert browser.value(outside) == []
    assert browser.value(overlapping) == []


def test_nothing_is_requested_and_nothing_is_refused(browser: Browser, comparison: Path):
    """The file is all there is; the page's policy has nothing to forbid."""
    browser.open(comparison)
    asked = [event["request"]["url"] for event in browser.said("Network.requestWillBeSent")]
    assert asked == [comparison.resolve().as_uri()]
    assert browser.said("Log.entryAdded") == []
    assert browser.said("Runtime.exceptionThrown") == []


def test_a_hostile_name_runs_nothing(browser: Browser, tmp_path: Path):
    """No dialog, no error, and its letters on the page."""
    path = tmp_path / "hostile.html"
    attack = f"{HOSTILE}<img src=x onerror='window.done=1'>\"><svg onload='window.done=1'>"
    path.write_text(page(report({attack: 0.7, "frozen": 0.5}, seeds=2, epochs=4)), encoding="utf-8")
    browser.open(path)
    assert browser.value("window.done") is None
    assert browser.said("Page.javascriptDialogOpening") == []
    assert browser.value("document.querySelectorAll('script').length") == 2
    assert browser.value("document.querySelectorAll('img, [onload], [onerror]').length") == 0
    assert "<img src=x onerror=" in browser.value("document.body.innerText")


def test_the_policy_stops_a_script_that_is_not_ours(browser: Browser, comparison: Path, tmp_path: Path):
    """Were markup ever to slip in, it would not run."""
    path = tmp_path / "tampered.html"
    bad = "<script>window.done=1</script><p onclick='window.done=1' id='bad'></p>"
    path.write_text(comparison.read_text(encoding="utf-8").replace("<main>", f"<main>{bad}"), encoding="utf-8")
    browser.open(path)
    browser.value("document.getElementById('bad').click()")
    assert browser.value("window.done") is None
    assert browser.value("document.getElementById('download').hidden") is False


def test_the_page_is_read_without_scripts(browser: Browser, comparison: Path):
    """The answer, the table, the figures; no boxes to tick that would do nothing."""
    browser.open(comparison, script=False)
    shown = browser.value("document.body.innerText")
    assert "its hidden layers learn" in shown
    assert "dni layer-output" in shown
    assert browser.value("document.querySelectorAll('figure svg').length") == 5
    assert browser.value("[...document.querySelectorAll('input, #download')].every(box => !box.checkVisibility())")


def test_a_click_on_a_heading_sorts_the_table(browser: Browser, comparison: Path):
    """By the value, not by its letters; once more turns it round; what has no number is last."""
    browser.open(comparison)
    table = "[...document.querySelectorAll('table')].find(t => t.caption.innerText.includes('of each method'))"
    click = f"{table}.tHead.rows[0].cells[3].querySelector('button').click()"
    means = f"[...{table}.tBodies[0].rows].map(row => Number(row.cells[3].querySelector('[data-value]').dataset.value))"
    browser.value(click)
    up = browser.value(means)
    browser.value(click)
    down = browser.value(means)
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert browser.value(f"{table}.tHead.rows[0].cells[3].getAttribute('aria-sort')") == "descending"
    browser.value(f"{table}.tHead.rows[0].cells[6].querySelector('button').click()")
    assert browser.value(f"[...{table}.tBodies[0].rows].at(-1).cells[0].innerText") == "frozen"


def test_a_method_that_is_not_ticked_is_hidden_in_every_figure(browser: Browser, comparison: Path):
    """Lines, bands, labels; and the lines from its runs to others."""
    browser.open(comparison)
    parts = "[...document.querySelectorAll('[data-of~=t1s1]')]"
    shown = f"{parts}.filter(part => getComputedStyle(part).display !== 'none').length"
    box = "document.querySelector('input[data-series=t1s1]')"
    before = browser.value(shown)
    browser.value(f"{box}.click()")
    assert (before > 5, browser.value(shown)) == (True, 0)
    browser.value(f"{box}.click()")
    assert browser.value(shown) == before


def test_the_data_can_be_taken_along(browser: Browser, comparison: Path):
    """The link holds the JSON of the page."""
    browser.open(comparison)
    name = browser.value("document.getElementById('download').download")
    text = browser.value("document.getElementById('data').textContent")
    assert name == "comparison.json"
    assert json.loads(text)["schema"] == SCHEMA
    assert browser.value("document.getElementById('download').href").startswith("blob:")
