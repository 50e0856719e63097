"""PyYAML's syntax errors in plain words."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

MESSAGES = {
    r"character '\t'": "a tab (YAML wants spaces)",
    "could not find expected ':'": "neither a value nor a key (a key ends with ': ', colon and space)",
    "mapping values are not allowed here": "one ': ' too many in this line (quote the text, or begin a new line)",
    "but found '<block mapping start>'": "indented unlike the lines above it (align the keys of a section)",
    "but found '<block sequence start>'": "indented unlike the lines above it (align the items of a list)",
    "expected <block end>, but found '-'": "an item of a list among keys (drop the dash, or put the list under a key)",
    "expected <block end>, but found": "cannot follow the value before it (quote the text, or begin a new line)",
    "expected ',' or '}'": "this section in braces is not closed (a '}' or ',' is missing after it)",
    "expected ',' or ']'": "this list in brackets is not closed (a ']' or ',' is missing after it)",
    "found unexpected end of stream": "this quote is never closed",
    "but found '<stream end>'": "ends too early (a bracket or a quote is not closed)",
    "expected the node content": "a value is missing here",
    "expected a single document": "a second document begins (expected one)",
}
"""A part of PyYAML's message, and what is wrong in plain words."""
BEGUN_EARLIER = ("could not find expected ':'", "expected ',' or", "found unexpected end of stream")
"""Problems whose cause is where PyYAML began to read a value, not where it stopped."""


class _Mark(NamedTuple):
    line: int
    column: int


def explain(error: Exception, text: str) -> tuple[Any, str]:
    """The position (counted from 0, or None) and the message of an error."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        code = error.character if isinstance(error.character, int) else ord(error.character)
        at = _Mark(before.count("\n"), len(before) - before.rfind("\n") - 1)
        return at, f"the character U+{code:04X} is not allowed in YAML (delete it)"
    if not isinstance(error, yaml.MarkedYAMLError):
        return None, f"not valid YAML: {error}"
    said = f"{error.context or ''}: {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(part in said for part in BEGUN_EARLIER):
        mark = error.context_mark
    for part, message in MESSAGES.items():
        if part in said:
            return mark, f"not valid YAML: {message}"
    return mark, f"not valid YAML: {_short(error.problem or error.context or str(error))}"


def _short(problem: str) -> str:
    """PyYAML's own words, for rare mistakes."""
    if problem.startswith("found undefined alias"):
        name = problem.split("'")[1]
        return f"*{name} refers to nothing (there is no &{name} above it)"
    if problem.endswith("that cannot start any token"):
        return f"{problem.split()[2]} cannot begin a value (quote the text)"
    return problem
