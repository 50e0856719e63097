"""Read a config file as text; one line says why a file cannot be read."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from synthgrad.errors import ConfigError
from synthgrad.files import CONFIG_BYTES, TooLargeError, read_bytes
from synthgrad.text import closest

_CLAIMS = re.compile(r"""^(["']?)claims\1[ \t]*:(\s|$)""", re.MULTILINE)


def read_text(path: Path, regular: bool = False) -> str:
    """The text of a file; ``regular`` refuses pipes. Raises ConfigError."""
    try:
        if path.is_dir():
            raise ConfigError(f"{path}: is a directory (expected a YAML file{_such_as(path)})")
        return _decode(read_bytes(path, CONFIG_BYTES, regular), path)
    except TooLargeError:
        raise ConfigError(
            f"{path}: is larger than {CONFIG_BYTES >> 10} KiB (expected a config of a few lines)"
        ) from None
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{_instead(path)}") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = error.strerror or str(error) if isinstance(error, OSError) else "embedded null byte"
        name = str(path) if str(path).isprintable() else repr(str(path))
        raise ConfigError(f"{name}: cannot be read: {reason.lower()}") from None


def has_claims(text: str) -> bool:
    """Whether a text is that of a claims file, not of a config: a line begins with ``claims:``."""
    return _CLAIMS.search(text) is not None


def of_claims(path: Path) -> bool:
    """Whether ``path`` is a claims file."""
    try:
        return has_claims(read_text(path))
    except ConfigError:
        return False


def _decode(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ConfigError(f"{path}: is UTF-16 text (save it as UTF-8)") from None
        before = error.object[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        byte = error.object[error.start]
        raise ConfigError(f"{path}:{line}:{column}: the byte {byte:#04x} is not UTF-8 (save it as UTF-8)") from None


def _configs(directory: Path) -> list[str]:
    try:
        return sorted(p.name for p in directory.iterdir() if p.suffix in (".yaml", ".yml"))
    except OSError:
        return []


def _such_as(directory: Path) -> str:
    names = _configs(directory)
    return f", such as {directory / names[0]}" if names else ""


def _instead(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (there is no directory {path.parent})"
    stems = {Path(name).stem: name for name in _configs(path.parent)}
    near = closest(path.stem, stems, 0.5)
    return f" (did you mean {path.parent / stems[near]}?)" if near else ""
