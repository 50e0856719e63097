"""HTML as a tree of elements, so that nothing in a name or a config can become markup; the frame of every page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from synthgrad.records import finite

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a page may load and run besides its own script: nothing."""
Node = Element | str | None
Nodes = Iterable[Node]


def e(tag: str, *inside: Node | Nodes, **attributes: str | None) -> Element:
    """An element: what is None is left out, ``class_`` is class, ``data_value`` is data-value."""
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    element = Element(tag, {name: clean(value) for name, value in names.items() if value is not None})
    for part in inside:
        if part is None or isinstance(part, str | Element):
            add(element, part)
        else:
            for each in part:
                add(element, each)
    return element


def add(element: Element, part: Node) -> None:
    """Put an element or text at the end of another."""
    if isinstance(part, Element):
        element.append(part)
    elif part is not None and len(element):
        element[-1].tail = (element[-1].tail or "") + clean(part)
    elif part is not None:
        element.text = (element.text or "") + clean(part)


def clean(text: str) -> str:
    """Text without what HTML cannot hold: control characters, and halves of characters from undecodable names."""
    return "".join("\ufffd" if (c < " " and c not in "\n\t") or "\ud800" <= c <= "\udfff" else c for c in text)


def document(title: str, body: Nodes, data: object, file: str) -> str:
    """A page that asks the network for nothing; ``data`` goes into it as JSON, and is offered as ``file``."""
    script, style = _read("script.js"), _read("style.css")
    policy = f"{POLICY}; script-src '{_hash(script)}'"
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", http_equiv="Content-Security-Policy", content=policy),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="color-scheme", content="light dark"),
        e("title", title),
        e("style", style),
    )
    block = e("script", as_json(data), type="application/json", id="data", data_file=file)
    page = e("html", head, e("body", body, block, e("script", script)), lang="en")
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html") + "\n"


def as_json(data: object) -> str:
    """JSON that cannot end the script element it is in; a number that is not finite is null."""
    text = json.dumps(finite(data, lambda _: None), separators=(",", ":"), allow_nan=False, default=str)
    return text.replace("<", "\\u003c")


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
