"""How often the 95 % interval of a mean covers the truth, by simulation.

    python tests/benchmarks/coverage.py             the interval that inverts the sign-flip test
    python tests/benchmarks/coverage.py --rivals    Student's t and the percentile bootstrap beside it

20,000 samples of n differences for each cell, from three symmetric distributions about 0. The goal is .93 to .98
everywhere. "exact" is what the sign-flip interval covers of any continuous symmetric distribution, 1 - 2K / 2^n; the
standard error of a cell is .0015. Each bootstrap takes 1,000 resamples, drawn anew for every 200 samples.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from synthgrad.compare.statistics import interval, subset_means

DRAWS, CHUNK, RESAMPLES = 20_000, 200, 1_000
SEEDS = (6, 8, 10, 12)
LOW, HIGH = 0.93, 0.98

Generator = np.random.Generator
Ends = tuple[np.ndarray, np.ndarray]

SHAPES: dict[str, Callable[[Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "Laplace": lambda rng, shape: rng.laplace(size=shape),
}


def sign_flip(d: np.ndarray, rng: Generator) -> Ends:
    """The interval of ``synthgrad compare``."""
    ends = interval(d)
    return ends[..., 0], ends[..., 1]


def student(d: np.ndarray, rng: Generator) -> Ends:
    """mean -+ t s / sqrt(n)."""
    from scipy.stats import t

    n = d.shape[-1]
    half = t.ppf(0.975, n - 1) * d.std(axis=-1, ddof=1) / np.sqrt(n)
    return d.mean(axis=-1) - half, d.mean(axis=-1) + half


def bootstrap(d: np.ndarray, rng: Generator) -> Ends:
    """The middle 95 % of the means of resamples."""
    n = d.shape[-1]
    weights = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n
    low, high = np.quantile(d @ weights.T, [0.025, 0.975], axis=-1)
    return low, high


def coverage(method: Callable[[np.ndarray, Generator], Ends], shape: str, n: int) -> float:
    """The share of the samples whose interval holds 0; every method sees the same samples."""
    rng, own = np.random.default_rng([n, *shape.encode()]), np.random.default_rng(7)
    covered = 0
    for _ in range(DRAWS // CHUNK):
        low, high = method(SHAPES[shape](rng, (CHUNK, n)), own)
        covered += np.count_nonzero((low <= 0) & (high >= 0))
    return covered / DRAWS


def exact(n: int) -> float:
    """1 - 2K / 2^n, with K read off the interval of differences whose subset means all differ."""
    d = np.random.default_rng(n).random(n)
    return 1 - 2 * (1 + int(np.searchsorted(subset_means(d), interval(d)[0]))) / 2**n


def main() -> int:
    parser = argparse.ArgumentParser(description="Coverage of 95 % intervals, by simulation.")
    parser.add_argument("--rivals", action="store_true", help="Student's t and the percentile bootstrap too")
    methods = {"sign-flip": sign_flip}
    if parser.parse_args().rivals:
        methods |= {"Student t": student, "bootstrap": bootstrap}
    start = time.perf_counter()
    print(f"{'interval':<10} {'n':>3}" + "".join(f"{shape:>9}" for shape in SHAPES) + f"{'exact':>9}")
    missed = 0
    for method, ends in methods.items():
        for n in SEEDS:
            found = [coverage(ends, shape, n) for shape in SHAPES]
            ours = ends is sign_flip
            held = all(LOW <= c <= HIGH for c in found)
            missed += ours and not held
            line = f"{method:<10} {n:>3}" + "".join(f"{c:>9.4f}" for c in found)
            print(line + (f"{exact(n):>9.4f}  {'ok' if held else 'MISSED'}" if ours else ""))
    print(f"{DRAWS:,} draws a cell, goal {LOW} to {HIGH}, {time.perf_counter() - start:.0f} s")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
