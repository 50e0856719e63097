"""Figures within a page: one SVG for light and dark, its colours named by what they are for, and few bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, fromstring

from synthgrad.compare.figures import Palette, Panel, svg
from synthgrad.compare.page.markup import Node, e

WIDTH = 3.4
"""Inches: letters of 7 points can be read where this is as wide as a telephone."""
NAMES = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "reference", "control", "ink", "muted", "grid")
_STAND_IN = "#0a0b"
_COLOURS = [f"{_STAND_IN}{i:02x}" for i in range(len(NAMES))]
PAGE = Palette(tuple(_COLOURS[:7]), *_COLOURS[7:])
"""Colours that stand for the custom properties of the page's style."""
_UNUSED = ("metadata", "style", "title")
_OF = re.compile(r"([\w-]+)\.\d+")
_PLACES = ("d", "x", "y", "points", "transform", "width", "height")


def picture(panel: Panel, name: str, title: str, says: str, caption: Node) -> Element:
    """A figure with a text alternative; ``name`` tells its ids from those of others."""
    drawn = slim(svg(panel, PAGE, WIDTH), name)
    drawn.set("role", "img")
    drawn.set("aria-labelledby", f"{name}-t {name}-d")
    drawn[:0] = [e("title", title, id=f"{name}-t"), e("desc", says, id=f"{name}-d")]
    return e("figure", drawn, e("figcaption", caption))


def colour(stand_in: str) -> str:
    """The custom property that a colour of ``PAGE`` stands for."""
    return f"var(--{NAMES[_COLOURS.index(stand_in)]})"


def slim(text: str, name: str) -> Element:
    """An SVG of matplotlib without what a page has no use for."""
    root = fromstring(text)
    wanted = {
        ref for element in root.iter() for value in element.attrib.values() for ref in re.findall(r"#(\w+)", value)
    }
    found = Element("svg", {"viewBox": root.attrib["viewBox"]})
    found.extend(part for child in root for part in _slimmed(child, name, wanted))
    return found


def _slimmed(element: Element, name: str, wanted: set[str]) -> Iterator[Element]:
    """The element with less in it; what it holds alone if it says nothing; nothing if there is nothing in it."""
    tag = element.tag.rpartition("}")[2]
    if tag in _UNUSED:
        return
    attributes = dict(_attributes(element, name, wanted))
    inside = [part for child in element for part in _slimmed(child, name, wanted)]
    if tag == "g" and not attributes:
        yield from inside
    elif inside or tag not in ("g", "defs"):
        found = Element(tag, attributes)
        found.extend(inside)
        found.text = element.text if tag in ("text", "tspan") else None
        yield found


def _attributes(element: Element, name: str, wanted: set[str]) -> Iterator[tuple[str, str]]:
    for qualified, value in element.attrib.items():
        key = qualified.rpartition("}")[2]
        if key == "id":
            if value in wanted:
                yield key, f"{name}-{value}"
            elif _OF.fullmatch(value):
                yield "data-of", value.partition(".")[0].replace("-", " ")
        elif key == "style":
            yield key, _style(value)
        elif key == "transform" and re.fullmatch(r"rotate\(-?0 .*\)", value):
            continue
        else:
            yield key, re.sub(r"#(\w+)", rf"#{name}-\1", _placed(key, value))


def _style(text: str) -> str:
    """Declarations without fonts, for letters are the page's own; colours by name."""
    parts = [part.strip() for part in text.split(";")]
    kept = ";".join(re.sub(r":\s+", ":", part) for part in parts if part and not part.startswith("font-family"))
    return re.sub(rf"{_STAND_IN}(\w\w)", lambda match: f"var(--{NAMES[int(match[1], 16)]})", kept)


def _placed(key: str, value: str) -> str:
    if key == "d" and not re.search(r"[^MLz\d\s.eE+-]", value):
        return _relative(value)
    if key in _PLACES:
        return re.sub(r"-?\d+\.\d+", lambda match: _tenths(round(float(match[0]) * 10)), value)
    return value


def _relative(path: str) -> str:
    """A path of straight lines by steps in tenths, so that errors do not add up."""
    said, last, before = [], (0, 0), ""
    for step in re.finditer(r"([ML])\s*(\S+)\s+(\S+)|z", path):
        letter = step[1] or "z"
        if letter == "z":
            said.append("z")
        else:
            at = round(float(step[2]) * 10), round(float(step[3]) * 10)
            said.append(_pair(letter, before, at if letter == "M" else (at[0] - last[0], at[1] - last[1])))
            last = at
        before = letter
    return "".join(said)


def _pair(letter: str, before: str, pair: Sequence[int]) -> str:
    """A step; its letter is left out where it goes on as before."""
    x, y = map(_tenths, pair)
    lead = "M" if letter == "M" else "l" if before != "L" else "" if x.startswith("-") else " "
    return f"{lead}{x}{y if y.startswith('-') else ' ' + y}"


def _tenths(count: int) -> str:
    """``-3`` is -.3."""
    text = f"{count / 10:g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
