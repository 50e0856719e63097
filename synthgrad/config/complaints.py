"""Several errors said as one."""

from __future__ import annotations

from types import TracebackType

from synthgrad.errors import ConfigError


class Complaints:
    """Takes up the ConfigErrors of its ``with`` blocks: every line once, in the order they came."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: TracebackType | None) -> bool:
        if not isinstance(error, ConfigError):
            return False
        self.lines |= dict.fromkeys(error.lines)
        return True

    def settle(self) -> None:
        """Raise ConfigError with every line, if there is one."""
        if self.lines:
            raise ConfigError(self.lines)
