"""All randomness of a run, by name.

A stream is a pure function of the seed and a name, so that nothing drawn for one purpose shifts what is
drawn for another: every trainer with the same seed starts from the same weights and sees the same
batches, and a run resumed at epoch 40 needs no saved generator state.

The tutorial draws everything from one legacy stream instead: first the data, then the weights layer
by layer. ``TutorialStreams`` replays that order and hands the draws out under the same names.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

Normals = npt.NDArray[np.float64]


class Streams:
    """Independent named streams: PCG64 seeded by (seed, crc32(name), index)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def rng(self, name: str, *index: int) -> np.random.Generator:
        """The stream ``name``; ``index`` may add an epoch, counted from 1.

        Raises ValueError for an index below 1: the seed is padded with zeros, so 0 would be the same as none.
        """
        if any(i < 1 for i in index):
            raise ValueError(f"an index of the stream {name!r} is below 1: {index}")
        return np.random.default_rng([self.seed, crc32(name.encode()), *index])

    def normal(self, name: str, shape: tuple[int, ...]) -> Normals:
        """Standard normal numbers for the array ``name``."""
        return self.rng(name).standard_normal(shape)


class TutorialStreams(Streams):
    """One ``RandomState(seed)`` (NumPy's frozen legacy generator) for data, then weights.

    ``interleaved`` draws what the tutorial's DNI class draws, layer by layer: W, b, then a square
    generator and its bias, for every layer, whichever generator the run then uses. Without it: W (and b).
    """

    def __init__(self, seed: int, interleaved: bool) -> None:
        super().__init__(seed)
        self.legacy = np.random.RandomState(seed)
        self.interleaved = interleaved
        self.drawn: dict[str, Normals] = {}

    def draw_weights(self, widths: Sequence[int], bias: bool) -> None:
        """Normals for layers of these widths (input first); call once, after the data has been drawn."""
        for i, (n_in, n_out) in enumerate(itertools.pairwise(widths), 1):
            order = [(f"layer.{i}.W", (n_in, n_out)), (f"layer.{i}.b", (1, n_out))]
            if self.interleaved:
                order += [(f"generator.{i}.1.W", (n_out, n_out)), (f"generator.{i}.1.b", (1, n_out))]
            for name, shape in order:
                if bias or name.endswith("W"):
                    self.drawn[name] = self.legacy.randn(*shape)

    def normal(self, name: str, shape: tuple[int, ...]) -> Normals:
        drawn = self.drawn.get(name)
        if drawn is not None and drawn.shape == shape:
            return drawn
        return super().normal(name, shape)


STREAMS = {
    "named": "independent streams, the same weights and batches for every trainer",
    "tutorial": "the tutorial's one legacy stream: data of binary-addition, then W (and b) layer by layer",
    "tutorial-dni": "the same with the draws of the tutorial's DNI class: W, b, generator, its bias",
}


def make_streams(kind: str, seed: int) -> Streams:
    """The streams of a run; ``kind`` is a key of STREAMS."""
    return Streams(seed) if kind == "named" else TutorialStreams(seed, interleaved=kind == "tutorial-dni")
