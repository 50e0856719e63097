"""The input model I: a small network that predicts a module's input from the input of the whole network.

    x^ = I_i(x), in the place of h_i, for the module above hidden layer i
    fit: one step on 1/2 |x^ - h_i|^2

With synthetic inputs beside synthetic gradients no module waits for any other: the paper's complete unlock (arXiv
1608.05343, section 2 and figure 2d). Held-out examples go through the modules themselves, one after the other.
"""

from __future__ import annotations

from synthgrad.generators.generator import Generator


class InputModel(Generator):
    """I of the hidden layer ``i`` (counted from 1), whose output it predicts: a generator of h, with all its ways."""

    kind, gives, error = "input_model", "synthetic input", "input_error"
