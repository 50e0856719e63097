"""What the config says about a file: the tests' way to ask."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from synthgrad.config import load
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config

BASE = "task: {name: binary-addition}\ntrainer: {name: backprop}\n"
"""The shortest config; what a test adds stands from line 3 on."""
DNI = "task: {name: binary-addition}\ntrainer:\n  name: dni\n  generator:\n    input: both\n"
TOP = f"known here: {', '.join(Config.model_fields)}"


def made(text: str | bytes, *settings: str) -> Config:
    """The config of a file ``a.yaml`` with this text and of these overrides."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "a.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            return load(path, Config, settings)
        except ConfigError as error:
            raise ConfigError(line.replace(str(path), "a.yaml") for line in error.lines) from None


def said(text: str | bytes, *settings: str) -> list[str]:
    """The lines of the error; none if the config is right."""
    try:
        made(text, *settings)
    except ConfigError as error:
        return error.lines
    return []
