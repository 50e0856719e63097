"""The JSON Schema of a dataclass."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter


def schema_of(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a dataclass and of those inside it; no other fields, and each of them there."""
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
            part["required"] = list(part["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
