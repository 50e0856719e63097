"""The feed: every example once an epoch, whatever the batch size, the order, the blocks, the replicas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synthgrad.tasks import feed as feed_module
from synthgrad.tasks.feed import Feed, Order

N, N_X, N_Y = 23, 3, 2
ROW_BYTES = N_X * 8


def source(replicas: tuple[int, ...] = (), n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Examples that carry their number: x[..., 0] counts all rows, y = 1000 + x."""
    x = np.arange(np.prod((*replicas, n, N_X)), dtype=float).reshape(*replicas, n, N_X)
    return x, 1000 + x[..., :N_Y].copy()


def shuffled(replicas: tuple[int, ...] = (), n: int = N) -> Callable[[int], Order]:
    """A different order for every epoch and every replica."""

    def order(epoch: int) -> Order:
        rng = np.random.default_rng(epoch)
        orders = [rng.permutation(n) for _ in range(int(np.prod(replicas)))]
        return np.array(orders).reshape(*replicas, n)

    return order


def seen(feed: Feed, epoch: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """All inputs and labels of an epoch, copied batch by batch as a step would see them."""
    batches = [(batch.x.copy(), batch.y.copy()) for batch in feed.epoch(epoch)]
    return tuple(np.concatenate(arrays, axis=-2) for arrays in zip(*batches, strict=True))  # type: ignore[return-value]


@pytest.fixture(params=[1 << 22, 1, 4 * ROW_BYTES, 11 * ROW_BYTES], ids=["one-block", "tiny", "4-rows", "11-rows"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of several sizes."""
    monkeypatch.setattr(feed_module, "BLOCK_BYTES", request.param)


LEADS = pytest.mark.parametrize("replicas", [(), (1,), (3,)], ids=["one", "stack-of-1", "stack-of-3"])
BATCHES = pytest.mark.parametrize("size", [1, 4, 5, 22, 23])


@LEADS
@BATCHES
def test_without_an_order_the_batches_are_consecutive_slices(replicas: tuple[int, ...], size: int) -> None:
    """As in the tutorial: every example once, in the order given."""
    x, y = source(replicas)
    for epoch in (1, 2):
        for got, given in zip(seen(Feed(x, y, size, None), epoch), (x, y), strict=True):
            np.testing.assert_array_equal(got, given)


@pytest.mark.usefixtures("blocks")
@LEADS
@BATCHES
def test_an_order_is_followed_in_every_replica(replicas: tuple[int, ...], size: int) -> None:
    """Row k of an epoch is row order[k] of the examples, inputs and labels alike."""
    x, y = source(replicas)
    order = shuffled(replicas)
    feed = Feed(x, y, size, order)
    for epoch in (1, 2):
        rows = order(epoch)[..., None]
        for got, given in zip(seen(feed, epoch), (x, y), strict=True):
            np.testing.assert_array_equal(got, np.take_along_axis(given, rows, axis=-2))


@pytest.mark.usefixtures("blocks")
@LEADS
def test_every_example_is_seen_exactly_once_an_epoch(replicas: tuple[int, ...]) -> None:
    """In whatever order."""
    x, y = source(replicas)
    got, _ = seen(Feed(x, y, 4, shuffled(replicas)))
    np.testing.assert_array_equal(np.sort(got[..., 0], axis=-1), x[..., 0])


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("order", [None, shuffled()], ids=["plain", "shuffled"])
@pytest.mark.parametrize(("size", "rows"), [(5, [5, 5, 5, 5, 3]), (22, [22, 1]), (23, [23])])
def test_the_last_batch_holds_the_rest(order: Callable[[int], Order] | None, size: int, rows: list[int]) -> None:
    """And ``steps`` counts it."""
    feed = Feed(*source(), size, order)
    assert [batch.rows for batch in feed.epoch(1)] == rows
    assert feed.steps == len(rows)


@pytest.mark.usefixtures("blocks")
@LEADS
def test_outputs_and_labels_of_an_epoch_stand_side_by_side(replicas: tuple[int, ...]) -> None:
    """What steps write into ``batch.h`` is ``feed.h``, row by row beside the labels ``feed.y``."""
    feed = Feed(*source(replicas), 4, shuffled(replicas))
    for batch in feed.epoch(1):
        batch.h[...] = -batch.y
    np.testing.assert_array_equal(feed.h, -feed.y)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("shuffle", [True, False], ids=["shuffled", "plain"])
def test_examples_that_replicas_share_are_fed_as_copies_are(shuffle: bool) -> None:
    """A stack whose replicas have one array, without a copy for each, has its own order and its own outputs in each."""
    (x, y), replicas = source(), (3,)
    order = shuffled(replicas) if shuffle else None
    shared = Feed(np.broadcast_to(x, (*replicas, *x.shape)), np.broadcast_to(y, (*replicas, *y.shape)), 4, order)
    for got, given in zip(seen(shared), seen(Feed(np.stack([x] * 3), np.stack([y] * 3), 4, order)), strict=True):
        np.testing.assert_array_equal(got, given)
    for batch in shared.epoch(1):
        batch.h[...] = -batch.y + np.arange(3)[:, None, None]
    np.testing.assert_array_equal(shared.h, -shared.y + np.arange(3)[:, None, None])
    assert shared.h.flags.c_contiguous


def test_the_batches_are_made_once() -> None:
    """An epoch hands out the same objects as the one before."""
    feed = Feed(*source(), 4, shuffled())
    assert [id(batch) for batch in feed.epoch(1)] == [id(batch) for batch in feed.epoch(2)]


def test_shuffling_leaves_the_examples_where_they_are() -> None:
    """The source is read and never written."""
    x, y = source()
    feed = Feed(x.copy(), y.copy(), 4, shuffled())
    seen(feed)
    np.testing.assert_array_equal(feed.source_x, x)
    np.testing.assert_array_equal(feed.source_y, y)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("order", [None, shuffled()], ids=["plain", "shuffled"])
def test_replaced_examples_are_those_of_the_next_epoch(order: Callable[[int], Order] | None) -> None:
    """Nothing of the old examples is left."""
    x, y = source()
    feed = Feed(x.copy(), y.copy(), 4, order)
    seen(feed)
    feed.replace(x + 500, y + 500)
    got, labels = seen(feed)
    np.testing.assert_array_equal(np.sort(got[:, 0]), x[:, 0] + 500)
    np.testing.assert_array_equal(labels, got[:, :N_Y] + 1000)


@pytest.mark.usefixtures("blocks")
def test_inputs_of_float32_stay_float32() -> None:
    """And so do labels and the record of outputs."""
    x, y = (array.astype(np.float32) for array in source())
    feed = Feed(x, y, 4, shuffled())
    assert {array.dtype for batch in feed.epoch(1) for array in (batch.x, batch.y, batch.h)} == {np.dtype(np.float32)}


def test_shuffled_inputs_are_gathered_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many examples there are, the buffer holds BLOCK_BYTES of them."""
    monkeypatch.setattr(feed_module, "BLOCK_BYTES", 8 * ROW_BYTES)
    feed = Feed(*source(n=1000), 4, shuffled(n=1000))
    assert max(block.nbytes for _, block, _ in feed.blocks) == 8 * ROW_BYTES
    assert len({block.base is not None and id(block.base) for _, block, _ in feed.blocks}) == 1
