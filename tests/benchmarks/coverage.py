"""How often the 95 % interval of a mean covers the truth, and how often methods at their best are told apart.

    python tests/benchmarks/coverage.py             the interval that inverts the sign-flip test
    python tests/benchmarks/coverage.py --rivals    Student's t and the percentile bootstrap beside it
    python tests/benchmarks/coverage.py --tuned     best against best: level, coverage and power
    python tests/benchmarks/coverage.py --tuned --rivals     settings chosen and scored on other seeds beside it

20,000 samples of n differences for each cell, from three symmetric distributions about 0. The goal is .93 to .98
everywhere. "exact" is what the sign-flip interval covers of any continuous symmetric distribution, 1 - 2K / 2^n; the
standard error of a cell is .0015. Each bootstrap takes 1,000 resamples, drawn anew for every 200 samples.

With --tuned, 2,000 tables a cell (300 for power) of normal values, unit variance, seeds in common with this
correlation. "level": the chance of a verdict, better or worse, where all settings have one mean; the goal is at most
.055. "coverage": that the interval of the difference between the best settings holds the truth, at least .94, there and
where the settings of a method lie a third of a standard deviation apart ("spread"). "1 sd", "2 sd": the chance of
"better" where every setting of the first method is better by so much.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from synthgrad.compare.paired_test import PairedTest
from synthgrad.compare.scored_groups import Method, ScoredGroup
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


# methods at their best ----------------------------------------------------------------------------

TABLES, POWER = 2_000, 300
GRID = ((4, 4), (4, 1), (12, 1))
CORRELATIONS = (0.0, 0.5, 0.9)
TUNED_SEEDS = (6, 8, 10, 12, 20)
MOST, LEAST = 0.055, 0.94


def best_against_best(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The interval of ``synthgrad compare`` for two methods, rows their settings; a verdict where it leaves out 0."""
    return PairedTest(_method(a), _method(b)).interval() or (-np.inf, np.inf)


def _method(table: np.ndarray) -> Method:
    rows = (dict(enumerate(row)) for row in table.tolist())
    return Method("m", [ScoredGroup({}, [], "", True, row, set()) for row in rows])


def leave_one_out(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Each seed's setting chosen by its mean over the other seeds; the scores then tested as if independent."""
    ends = interval(_chosen(a) - _chosen(b))
    return (-np.inf, np.inf) if ends is None else (ends[0], ends[1])


def _chosen(table: np.ndarray) -> np.ndarray:
    others = table.sum(axis=1, keepdims=True) - table
    return table[others.argmax(axis=0), np.arange(table.shape[1])]


def told(method: Callable[[np.ndarray, np.ndarray], tuple[float, float]], n: int, K: tuple[int, int], r: float,
         shift: float, spread: float, tables: int) -> tuple[float, float, float]:  # fmt: skip
    """Shares of tables with a verdict, with "better", and whose interval holds the truth."""
    rng = np.random.default_rng([n, *K, int(10 * r)])
    means = [np.linspace(0, -spread * (k - 1), k)[:, None] for k in K]
    ends = []
    for _ in range(tables):
        common = np.sqrt(r) * rng.standard_normal(n)
        a, b = (mean + common + np.sqrt(1 - r) * rng.standard_normal((len(mean), n)) for mean in means)
        ends.append(method(a + shift, b))
    low, high = np.array(ends).T
    inside = (low <= shift) & (shift <= high)
    return float(np.mean((low > 0) | (high < 0))), float(np.mean(low > 0)), float(np.mean(inside))


def tuned(rivals: bool) -> int:
    """The table of methods at their best; as many cells as missed a goal."""
    methods = {"best v best": best_against_best} | ({"leave one out": leave_one_out} if rivals else {})
    numbers = ("level", "coverage", "spread", "1 sd", "2 sd")
    print(f"{'procedure':<14}{'seeds':>6}{'settings':>10}{'r':>5}" + "".join(f"{name:>10}" for name in numbers))
    missed = 0
    for name, method in methods.items():
        for n in TUNED_SEEDS:
            for K in GRID:
                for r in CORRELATIONS:
                    level, _, covers = told(method, n, K, r, 0.0, 0.0, TABLES)
                    apart = told(method, n, K, r, 0.0, 1 / 3, TABLES)[2]
                    one, two = (told(method, n, K, r, sd, 0.0, POWER)[1] for sd in (1.0, 2.0))
                    held = level <= MOST and min(covers, apart) >= LEAST
                    missed += method is best_against_best and not held
                    cells = f"{name:<14}{n:>6}{f'{K[0]} v {K[1]}':>10}{r:>5.1f}"
                    shares = "".join(f"{share:>10.3f}" for share in (level, covers, apart, one, two))
                    print(f"{cells}{shares}  {'ok' if held else 'MISSED'}", flush=True)
    print(f"{TABLES:,} tables a cell, goals: level at most {MOST}, coverage at least {LEAST}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description="Coverage of 95 % intervals, by simulation.")
    parser.add_argument("--rivals", action="store_true", help="other procedures beside ours")
    parser.add_argument("--tuned", action="store_true", help="methods at their best, of several settings each")
    asked = parser.parse_args()
    start = time.perf_counter()
    missed = tuned(asked.rivals) if asked.tuned else means(asked.rivals)
    print(f"{time.perf_counter() - start:.0f} s")
    return int(missed > 0)


def means(rivals: bool) -> int:
    """The table of intervals of one mean; as many rows as missed the goal."""
    methods = {"sign-flip": sign_flip}
    if rivals:
        methods |= {"Student t": student, "bootstrap": bootstrap}
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
    print(f"{DRAWS:,} draws a cell, goal {LOW} to {HIGH}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
