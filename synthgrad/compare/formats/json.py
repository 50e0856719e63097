"""A report as JSON: everything in it, numbers to the last bit."""

from __future__ import annotations

import dataclasses
import json

from synthgrad.compare.report import Report
from synthgrad.config import schema_of
from synthgrad.records import Settings


def as_json(report: Report) -> str:
    """One object; its schema is that of ``schema``."""
    text = json.dumps(dataclasses.asdict(report), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # bytes of a path that are no text, as JSON escapes them


def schema() -> Settings:
    """The JSON Schema of ``as_json``."""
    return schema_of(Report)
