"""The output of ``compare``: its format, where it goes, and its colours on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from synthgrad.compare.report import Report
    from synthgrad.compare.subjects import Gathered

FORMATS = ("table", "json", "csv", "md", "html", "tex")
WIDE = 120
WARNINGS = 5
"""The most warnings that are shown; a report in JSON has them all."""
STYLES = {
    r"(?<= )better\*?(?= |$)|^held(?=:)": "green",
    r"(?<= )worse(?= |$)|^not held(?=:)|\bdiverged\b|\bdiv \d+|!.*$": "red",
    r"(?<= )too few(?= |$)|^undecided(?=:)|^no control\b": "yellow",
    r"[▁▂▃▄▅▆▇█]+": "cyan",
    r"^method .*|^== .* ==$|^last epoch.*": "bold",
}


class Output(NamedTuple):
    """The format of the report, where it goes, and what else is written."""

    kind: str
    output: Path | None
    curves: bool
    wide: bool
    whole: bool
    plot: str | None
    html: Path | None
    schema: bool

    @property
    def all_curves(self) -> bool:
        """Whether the report needs more curves than the metric's; in CSV they come from the runs."""
        return self.kind == "html" or bool(self.html or self.plot) or (self.curves and self.kind == "json")

    def print_schema(self) -> None:
        """Print the JSON Schema of the JSON."""
        import json

        from synthgrad.compare.formats import schema

        click.echo(json.dumps(schema(), indent=2))

    def write(self, report: Report, gathered: Gathered) -> None:
        """Print the warnings; write or print the report; write the page and the figure. Raises RunError."""
        from synthgrad.runs.directory import write_text
        from synthgrad.text import printable

        for warning in report.warnings[:WARNINGS]:
            click.echo(printable(f"compare: {warning}"), err=True)
        if len(report.warnings) > WARNINGS:
            click.echo(f"compare: and {len(report.warnings) - WARNINGS} more warnings", err=True)
        if self.html is not None:
            from synthgrad.compare.page import page

            write_text(self.html, page(report))
        text = self._text(report, gathered)
        if self.output is not None:
            write_text(self.output, text)
        else:
            self._print(text)
        if self.plot not in (None, "-"):
            from synthgrad.compare.figures import save

            save(report, Path(str(self.plot)))

    def _text(self, report: Report, gathered: Gathered) -> str:
        if self.kind == "html":
            from synthgrad.compare.page import page

            return page(report)
        if self.kind == "csv" and self.curves:
            from synthgrad.compare.formats.tidy import curves_as_csv

            return curves_as_csv(report, gathered.subjects)
        if self.kind != "table":
            from synthgrad.compare.formats import WRITERS

            return WRITERS[self.kind](report)
        from synthgrad.compare.screens import screen

        width = shutil.get_terminal_size((80, 24)).columns - 1
        width = max(width, WIDE) if self.wide else max(width, 40)
        lines = screen(report, gathered.subjects, width, self.whole)
        if self.plot == "-":
            from synthgrad.compare.screens.chart import chart

            lines += ["", *chart(report, width)]
        return "\n".join(lines) + "\n"

    def _print(self, text: str) -> None:
        if self.kind == "table":
            from synthgrad.compare.text import legible

            text = legible(text, sys.stdout)
        if self.kind == "table" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            _print_coloured(text)
        else:
            click.echo(text.encode("utf-8", "surrogateescape"), nl=False)  # a path may have bytes that are not text


def _print_coloured(text: str) -> None:
    """Print text in colours; square brackets are text, not markup."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        shown = Text(line)
        for pattern, style in STYLES.items():
            shown.highlight_regex(pattern, style)
        console.print(shown)
