"""A report in the formats of other tools. Each is a function from a report to text.

The table for a terminal is ``screens``, the page is ``page``.
"""

from collections.abc import Callable

from synthgrad.compare.formats.json import as_json, schema
from synthgrad.compare.formats.markdown import as_markdown
from synthgrad.compare.formats.tex import as_tex
from synthgrad.compare.formats.tidy import as_csv
from synthgrad.compare.report import Report

WRITERS: dict[str, Callable[[Report], str]] = {
    "json": as_json,
    "csv": as_csv,
    "md": as_markdown,
    "tex": as_tex,
}
"""By the name of a format, what writes it; the command adds the terminal table and the HTML page."""

__all__ = ["WRITERS", "as_csv", "as_json", "as_markdown", "as_tex", "schema"]
