"""The words of a sweep as data: which runs there are, wherever they are written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt
from pathlib import Path

from synthgrad.errors import ConfigError
from synthgrad.sweep.ablation import ABLATIONS, ablated
from synthgrad.sweep.grid import Planned, grid
from synthgrad.text import did_you_mean, listed

COMMAND = ("synthgrad", "sweep")
OPTIONS = ("set", "seed", "name", "ablate")


@dataclass(frozen=True)
class SweepLine:
    """``synthgrad sweep CONFIG... [-s KEY=VALUES]... [--seed SEEDS] [--name TEXT] [--ablate layers]``."""

    configs: tuple[Path, ...]
    settings: tuple[str, ...] = ()
    seed: str | None = None
    name: str | None = None
    ablate: str | None = None

    @classmethod
    def parse(cls, words: Sequence[str], directory: Path) -> SweepLine:
        """The line of these words, with or without the command; configs lie in ``directory``. Raises ConfigError."""
        words = words[len(COMMAND) :] if tuple(words[: len(COMMAND)]) == COMMAND else words
        try:
            typed, configs = gnu_getopt(list(words), "s:", [f"{name}=" for name in OPTIONS])
        except GetoptError as error:
            raise ConfigError(_refused(error)) from None
        if not configs:
            raise ConfigError("there is no config (expected CONFIG.yaml first)")
        options = {name.lstrip("-"): value for name, value in typed}
        ablate = options.get("ablate")
        if ablate is not None and ablate not in ABLATIONS:
            raise ConfigError(f"--ablate {ablate}: is not one of {listed(ABLATIONS)}")
        return cls(
            tuple(Path(os.path.normpath(directory / config)) for config in configs),
            tuple(value for name, value in typed if name in ("-s", "--set")),
            options.get("seed"),
            options.get("name"),
            ablate,
        )

    def runs(self) -> list[Planned]:
        """The runs of the grid. Raises ConfigError."""
        seeds = () if self.seed is None else (f"seed={self.seed}",)
        every = grid(self.configs, (*self.settings, *seeds))
        return ablated(every) if self.ablate else every

    def words(self) -> list[str]:
        """The words of the command that makes these runs."""
        words = [*COMMAND, *(f"./{path}" if str(path).startswith("-") else str(path) for path in self.configs)]
        words += [word for setting in self.settings for word in ("-s", setting)]
        named = {"--seed": self.seed, "--name": self.name, "--ablate": self.ablate}
        return words + [word for name, value in named.items() if value is not None for word in (name, value)]


def _refused(error: GetoptError) -> str:
    option = f"{'-' if len(error.opt) == 1 else '--'}{error.opt}"
    if error.opt in OPTIONS:
        return f"{option} needs a value"
    options = [f"--{name}" for name in OPTIONS]
    there = f"there are {listed(['-s', *options])}, which say what runs there are"
    return f"{option} has no place here ({did_you_mean(option, options, there, 0.8)})"
