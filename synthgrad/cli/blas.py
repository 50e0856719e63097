"""How many threads BLAS may use; said in the environment, which it reads when NumPy is imported."""

from __future__ import annotations

import os

from synthgrad.processes import THREAD_VARIABLES


def one_blas_thread() -> None:
    """Give BLAS one thread, unless the caller's environment says otherwise; before NumPy is imported.

    Networks of this size gain nothing from more, and results then do not depend on the machine's cores.
    """
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
