"""One sentence on the data of a run: how many examples, and which kind of target."""

from __future__ import annotations

from synthgrad.records import Record
from synthgrad.text import counted

KINDS = {"classes": ("class", "classes"), "bits": ("bit", "bits"), "values": ("value", "values")}
"""By the kind of outputs, the singular and the plural of its name."""


def data_sentence(data: Record) -> str:
    """``iris.csv: 150 rows, 3 classes from `species`, 30 rows held out``."""
    kind, file = data["kind"], data.get("file")
    examples = "row" if file else "example"
    target = "values" if kind == "values" and data["outputs"] == 1 else counted(data["outputs"], *KINDS[kind])
    target += f" from `{data['target']}`" if "target" in data else ""
    unseen = f" ({counted(data['only_held_out'], 'class', 'classes')} only there)" if "only_held_out" in data else ""
    held_out = f"{counted(data['held_out'], examples)} held out{unseen}"
    return f"{file or data['task']}: {counted(data['rows'], examples)}, {target}, {held_out}"
