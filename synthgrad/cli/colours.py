"""Text of a screen with what matters set off: on a terminal that has colours."""

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
    """Print text to stdout; what looks like markup in it is text."""
    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        shown = Text(line)
        for pattern, style in STYLES.items():
            shown.highlight_regex(pattern, style)
        console.print(shown)
