"""Colours for the verdicts, warnings and curves in the output of ``compare``."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

STYLES = {
    r"(?<= )better\*?(?= |$)|^held(?=:)": "green",
    r"(?<= )worse(?= |$)|^not held(?=:)|\bdiverged\b|\bdiv \d+|!.*$": "red",
    r"(?<= )too few(?= |$)|^undecided(?=:)|^no control\b": "yellow",
    r"[▁▂▃▄▅▆▇█]+": "cyan",
    r"^method .*|^== .* ==$|^last epoch.*": "bold",
}


def coloured(text: str) -> None:
    """Print text to stdout in colours; square brackets are text, not markup."""
    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        shown = Text(line)
        for pattern, style in STYLES.items():
            shown.highlight_regex(pattern, style)
        console.print(shown)
