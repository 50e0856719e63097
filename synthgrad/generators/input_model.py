"""The input model I: a small network that predicts a module's input from the input of the whole network.

    x^ = I_i(x), in the place of h_i, for the module above hidden layer i
    fit: one step on 1/2 |x^ - h_i|^2

With synthetic inputs and synthetic gradients no module waits for another: the paper's complete unlock (arXiv
1608.05343, section 2 and figure 2d). Held-out examples go through the modules themselves, one after the other.
"""

from __future__ import annotations

from synthgrad.generators.generator import Generator


class InputModel(Generator):
    """I of the hidden layer ``i`` (counted from 1): a generator that predicts h instead of delta."""

    kind, gives, error = "input_model", "synthetic input", "input_error"
