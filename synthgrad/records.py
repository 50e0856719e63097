"""Types of what YAML and JSON files hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = dict[str, Any]
"""Settings of a run by dotted key, or an object of its JSON files: values of any kind."""
Record = Mapping[str, Any]
"""The same, only to be read."""
