"""Completion of ``-s KEY=VALUE`` in Bash, where ``=`` ends a word."""

from __future__ import annotations

from click.shell_completion import BashComplete, CompletionItem


class Bash(BashComplete):
    """Click's completion, with words that Bash has split at ``=`` put together again."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *= ]] && compopt -o nospace'
    )
    done = ""
    """What stands before the part of the word that Bash replaces."""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        text = "\0".join([*args, incomplete]).replace("\0=\0", "=")
        *words, word = (f"{text[:-2]}=" if text.endswith("\0=") else text).split("\0")
        if word != incomplete:
            self.done = word.partition("=")[0] + "="
        return words, word

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value.removeprefix(self.done)}"
