"""A selection of layers: all of them, or some by their numbers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from synthgrad.config.messages import show
from synthgrad.config.options import Json, whole, wrong_names

ALL: Literal["all"] = "all"


class AllOrNumbers:
    """Field metadata: ``all``, or a list of numbers from 1 on, in their order and each once."""

    @staticmethod
    def parse(value: Any) -> Any:
        """Read ``all`` or a list of numbers."""
        if value == ALL:
            return ALL
        if not isinstance(value, list | tuple):
            raise wrong_names([(None, f"expected all, or a list of numbers such as [1, 3], got {show(value)}")])
        numbers = [whole(number) for number in value]
        slips: list[tuple[int | None, str]] = []
        for at, number in enumerate(numbers):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                slips.append((at, f"expected a whole number of at least 1, got {show(number)}"))
            elif number in numbers[:at]:
                slips.append((at, f"names {number} twice (leave one out)"))
        if slips:
            raise wrong_names(slips)
        return tuple(sorted(numbers))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(lambda value: value if value == ALL else list(value))
        return core_schema.no_info_plain_validator_function(self.parse, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        return {"anyOf": [{"enum": [ALL]}, {"type": "array", "uniqueItems": True, "items": _NUMBER}]}


_NUMBER = {"type": "integer", "minimum": 1}
LayerSelection = Annotated[tuple[int, ...] | Literal["all"], AllOrNumbers()]
"""``all``, or the numbers of some layers, counted from 1."""


def selected_layers(selection: tuple[int, ...] | Literal["all"], count: int) -> tuple[int, ...]:
    """The numbers of the selected layers, of ``count`` layers."""
    return tuple(range(1, count + 1)) if selection == ALL else selection
