"""The batches of an epoch, as views that are made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from synthgrad.types import Array, Batch

BLOCK_BYTES = 1 << 22
"""Shuffled inputs are gathered in blocks of about this size, rather than by batch or by epoch."""

Order = npt.NDArray[np.int64]


class Feed:
    """Cuts X (..., N, n_x) and Y (..., N, n_y) into batches; the last may be shorter.

    ``h`` (..., N, n_y) collects the outputs of an epoch, ``y`` the labels in the same order. ``order``
    gives the shuffled order of an epoch, (..., N); without it batches are consecutive slices.
    """

    def __init__(self, x: Array, y: Array, batch_size: int, order: Callable[[int], Order] | None) -> None:
        self.source_x, self.source_y, self.order = x, y, order
        self.size = batch_size
        n, size = x.shape[-2], batch_size
        self.h = np.empty(y.shape, y.dtype)  # x and y may be one array that all replicas share, without a copy for each
        self.y = y if order is None else np.empty(y.shape, y.dtype)
        self.steps = -(-n // size)
        per_block = self.steps if order is None else max(1, BLOCK_BYTES // (size * x[..., 0, :].nbytes))
        self.blocks: list[tuple[slice, Array, list[Batch]]] = []
        gathered = None if order is None else np.empty(x[..., : per_block * size, :].shape, x.dtype)
        for start in range(0, n, per_block * size):
            rows = slice(start, min(start + per_block * size, n))
            block = x[..., rows, :] if gathered is None else gathered[..., : rows.stop - start, :]
            batches = [
                Batch(block[..., a - start : b - start, :], self.y[..., a:b, :], self.h[..., a:b, :])
                for a, b in ((a, min(a + size, n)) for a in range(start, rows.stop, size))
            ]
            self.blocks.append((rows, block, batches))

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, counted from 1; each is valid until the next is taken."""
        order = self.gather_labels(epoch)
        if order is None:
            yield from self.blocks[0][2]
            return
        for rows, block, batches in self.blocks:
            _gather(self.source_x, order[..., rows], block)
            yield from batches

    def gather_labels(self, epoch: int) -> Order | None:
        """Put the labels of one epoch into ``y``, in the epoch's order, and return that, if there is one."""
        if self.order is None:
            return None
        order = self.order(epoch)
        _gather(self.source_y, order, self.y)
        return order

    def replace(self, x: Array, y: Array) -> None:
        """Put other examples of the same number in place of the present ones."""
        np.copyto(self.source_x, x)
        np.copyto(self.source_y, y)


def _gather(source: Array, order: Order, out: Array) -> None:
    """out[..., k, :] = source[..., order[..., k], :], replica by replica."""
    if order.ndim == 1:
        np.take(source, order, axis=0, out=out, mode="clip")  # the default mode checks first, three times slower
        return
    for r, rows in enumerate(order):
        np.take(source[r], rows, axis=0, out=out[r], mode="clip")
