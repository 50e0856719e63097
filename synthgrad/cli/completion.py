"""Completion of ``-s KEY=VALUE`` and ``--from RUN@EPOCH`` in Bash, where ``=`` and ``@`` end a word."""

from __future__ import annotations

import re

from click.shell_completion import BashComplete, CompletionItem


class Bash(BashComplete):
    """Click's completion, which joins the words that Bash has split at ``=`` or ``@``."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *[=@] ]] && compopt -o nospace'
    )
    done = ""
    """The part of the word that Bash keeps; it replaces the rest."""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        text = re.sub(r"\0([=@])(?:\0|$)", r"\1", "\0".join([*args, incomplete]))
        *words, word = text.split("\0")
        if word != incomplete:
            self.done = word[: max(word.rfind("="), word.rfind("@")) + 1]
        return words, word

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value.removeprefix(self.done)}"
