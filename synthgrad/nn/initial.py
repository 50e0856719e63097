"""Initial weights: W = scale * normal + shift, one scheme a class."""

from __future__ import annotations

import math
from typing import Literal

from synthgrad.config import Options, option


class Initial(Options):
    """What every scheme has."""

    scheme: str
    biases: Literal["zeros", "like-weights"] = option("zeros", "biases start at zero, or drawn like the weights")

    def law(self, n_in: int, n_out: int, last: bool) -> tuple[float, float]:
        """Scale and shift for a layer of this size."""
        raise NotImplementedError


class Normal(Initial):
    """W = scale * normal + shift: the tutorial's, randn * 0.2 - 0.1."""

    scheme: str = "normal"
    scale: float = option(0.2, "standard deviation of the weights", ge=0, stacks=True)
    shift: float = option(-0.1, "mean of the weights", stacks=True)

    def law(self, n_in: int, n_out: int, last: bool) -> tuple[float, float]:
        return self.scale, self.shift


class Glorot(Initial):
    """W = gain * sqrt(2 / (n_in + n_out)) * normal (Glorot and Bengio 2010)."""

    gain: float = option(1.0, "factor on the standard deviation", ge=0, stacks=True)

    def law(self, n_in: int, n_out: int, last: bool) -> tuple[float, float]:
        return self.gain * math.sqrt(2 / (n_in + n_out)), 0.0


class He(Initial):
    """W = gain * sqrt(2 / n_in) * normal, sqrt(1 / n_in) in the last layer (He et al., 1502.01852)."""

    gain: float = option(1.0, "factor on the standard deviation", ge=0, stacks=True)

    def law(self, n_in: int, n_out: int, last: bool) -> tuple[float, float]:
        return self.gain * math.sqrt((1 if last else 2) / n_in), 0.0


INITIAL: dict[str, type[Initial]] = {"normal": Normal, "glorot": Glorot, "he": He}
