"""One step of all modules with more locks removed: modules update by chance, or work on predicted inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgrad.generators import InputModel
from synthgrad.nn.context import Context
from synthgrad.schedules.schedule import Schedule, Slot, Source, errors
from synthgrad.types import Array, Batch, Metrics, State


class Unlocked(Schedule):
    """h_i = f_i(h_{i-1}), or f_i(I_i(x)) where there is an input model; a module learns if its coin says so.

    A module that learns fits the generator below it, even if the module there does not learn in this step, and its own
    input model. With coins that always say so, and without input models, this is the sweep of DNI.
    """

    def __init__(
        self, slots: Sequence[Slot], generators: Sequence[Source], inputs: Sequence[InputModel | None], coins: Coins
    ) -> None:
        """``inputs``: the model of each module's input, the lowest first, None where it waits for the module below."""
        self.slots, self.generators, self.coins = list(zip(slots, inputs, strict=True)), generators, coins
        self.input_models = [I for I in inputs if I]
        self.updates = [0] * len(slots)

    def step(self, h: Array, batch: Batch) -> None:
        x, below = h, True
        for k, learns in enumerate(self.coins.toss()):
            (f, optimizer, M, M_below), I = self.slots[k]
            h_below, h = h, f.forward(I.delta(x, batch) if I else h)  # h_i = f_i(h_{i-1}), or f_i(I_i(x))
            if learns:
                f.backward(M.delta(h, batch))  # grad = sg_i · dh_i/dtheta_i
                target = f.delta_below() if M_below else None
                optimizer.update()  # theta_i <- theta_i - alpha · grad
                if M_below and target is not None:
                    if not below:
                        M_below.delta(h_below, batch)
                    M_below.fit(target)  # sg_{i-1} -> sg_i · dh_i/dh_{i-1}
                if I:
                    I.fit(h_below)  # I_i(x) -> h_{i-1}
                self.updates[k] += 1
            below = learns

    def columns(self) -> list[str]:
        return list(self._updates_by_layer())

    def metrics(self) -> Metrics:
        """Errors of the models, and updates by layer, since the last call."""
        replicas = self.coins.context.replicas
        counts = {name: np.full(replicas, float(count)) for name, count in self._updates_by_layer().items()}
        self.updates = [0] * len(self.slots)
        return errors(self.generators) | errors(self.input_models) | counts

    def _updates_by_layer(self) -> dict[str, int]:
        sizes = [len(f.layers) for (f, *_), _ in self.slots]
        by_layer = [count for count, size in zip(self.updates, sizes, strict=True) for _ in range(size)]
        return {f"updates.{i}": count for i, count in enumerate(by_layer, 1)}

    def state(self) -> State:
        return self.coins.state()


class Coins:
    """Chances of modules: whether module k updates in step t, with probability p, a function of the seed, t and k.

    Drawn in blocks from the run's own streams; no numbers of the run's other draws are shifted.
    """

    BLOCK = 1024

    def __init__(self, probability: float, modules: int, context: Context) -> None:
        from statistics import NormalDist  # long to import

        self.modules, self.context = modules, context
        self.always = probability == 1
        self.below = np.inf if self.always else NormalDist().inv_cdf(probability)
        self.t = np.zeros((), np.int64)
        self.block, self.rows = -1, [[True] * modules]

    def toss(self) -> list[bool]:
        """Whether each module, the lowest first, updates in the next step."""
        if self.always:
            return self.rows[0]
        block, row = divmod(int(self.t), self.BLOCK)
        if block != self.block:
            drawn = self.context.draw(f"schedule.{block}", (self.BLOCK, self.modules))
            self.block, self.rows = block, (drawn < self.below).tolist()
        self.t += 1
        return self.rows[row]

    def state(self) -> State:
        """The count of steps."""
        return {} if self.always else {"schedule.t": self.t}
