"""A whole number, or ``auto``: the program chooses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from synthgrad.config.messages import show
from synthgrad.config.options import Json, whole, wrong_names

AUTO: Literal["auto"] = "auto"


class AutoOrWhole:
    """Field metadata: ``auto``, or a whole number from 0 on."""

    @staticmethod
    def parse(value: Any) -> Any:
        """Read ``auto`` or a number."""
        number = whole(value)
        if value == AUTO or (isinstance(number, int) and not isinstance(number, bool) and number >= 0):
            return number
        raise wrong_names([(None, f"expected auto, or a whole number of at least 0, got {show(value)}")])

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        return {"anyOf": [{"enum": [AUTO]}, {"type": "integer", "minimum": 0}]}


Auto = Annotated[int | Literal["auto"], AutoOrWhole()]
"""``auto``, or a whole number from 0 on."""
