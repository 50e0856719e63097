"""Why a test may be skipped: on CI any other skip is a failure, so that nothing stops running unseen."""

from __future__ import annotations

from collections.abc import Iterable

ALLOWED = {
    "root may": "permissions stop other users only; CI may run as root",
    "this user may read everything": "the same, found out by trying",
    "an archive holds files only": "this damage cannot be done to an archive",
    "a small file system cannot be mounted here": "a file system of its own takes a privilege that CI may lack",
    "no browser of the Chromium family is installed": "a browser is no Python package; one that is there must start",
    "strace ": "tracing takes a program, and a privilege that CI may lack",
}
"""By the beginning of the reason."""


def unexpected(reasons: Iterable[str]) -> list[str]:
    """The reasons that are not allowed, each once."""
    return [reason for reason in dict.fromkeys(reasons) if not reason.startswith(tuple(ALLOWED))]
