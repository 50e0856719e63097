"""Is a difference more than luck? Exact tests and intervals for few paired differences.

One construction carries test and interval. Flipping the signs of the subset S of the differences d leaves their sum at
least as large iff mean_S(d) <= 0 or S is empty. So the means of the non-empty subsets say how unusual d is if its
distribution is symmetric about 0 (the test), and, as mean_S(d - theta) = mean_S(d) - theta, about any theta (the
interval). The two cannot disagree.

References: Fisher 1935, The Design of Experiments, section 21, and Pitman 1937, JRSS Suppl. 4 (the sign-flip test);
Conover 1999, Practical Nonparametric Statistics, sections 3.1 and 3.4 (the sign test, the interval of a median);
Hartigan 1969, Using subsample values as typical values, JASA 64 (the interval); Phipson and Smyth 2010, SAGMB 9, and
Hemerik and Goeman 2018, TEST 27 (exact tests from random flips).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import count
from math import ceil, comb, inf, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from synthgrad.compare.arithmetic import alike
from synthgrad.types import Floats

ENUMERATED = 16
"""Up to so many differences every subset is looked at."""
DRAWN = 9_999
"""For more, so many different subsets."""
TIE = 1e-10
"""A sum that cancels to this share of its terms' sizes is 0: rounding leaves more than nothing, 1e-16 of what was
subtracted, which for two accuracies a thousandth of a percent apart is 1e-11 of their difference."""


def subset_means(d: npt.ArrayLike) -> Floats:
    """The means of the non-empty subsets of d, ascending: (..., n) to (..., N); N = 2^n - 1, or 9,999 for n > 16.

    A mean that is 0 except for rounding is exactly 0. Raises ValueError if a difference is not finite.
    """
    return np.sort(_means(d), axis=-1)


def sign_flip_p(d: npt.ArrayLike) -> Floats:
    """The two-sided p of the sign-flip test of "symmetric about 0": (..., n) to (...), one number for one sample.

    p = min(1, 2 min(p_up, p_down)), p_up = (1 + #{m <= 0}) / (N + 1), p_down = (1 + #{m >= 0}) / (N + 1) over the N
    subset means m. Exact for n <= 16; for more the level is exact too, over the drawing of the subsets. At least
    2 / (N + 1). Raises ValueError if a difference is not finite.
    """
    p: Floats = np.minimum(1.0, 2 * np.minimum(*_tails(_means(d))))
    return p


def interval(d: npt.ArrayLike, confidence: float = 0.95) -> Floats | None:
    """All theta for which the sign-flip test of d - theta has p >= alpha = 1 - confidence: (..., n) to (..., 2).

    [m_(K), m_(N+1-K)], K the largest integer below alpha/2 (N + 1). None where K < 1: at .95 with n <= 5. Covers the
    centre of a continuous symmetric distribution with probability 1 - 2K / (N + 1) exactly, whatever its shape.
    """
    m = subset_means(d)
    N = m.shape[-1]
    K = _rank(N, (1 - confidence) / 2)
    return m[..., [K - 1, N - K]] if K >= 1 else None


def one_sided(d: Floats) -> tuple[float, float]:
    """The p of "not above 0" and of "not below 0", of differences (n,), infinite where one run of a pair diverged.

    Of the sign-flip test where all are finite. Else of the sign test, which asks for no sizes: p_up = P(S >= #{d > 0}),
    S binomial (n, 1/2); what is 0 counts for neither side. 1 and 1 of none.
    """
    if not len(d):
        return 1.0, 1.0
    if np.isfinite(d).all():
        above, below = _tails(_means(d))
        return float(above), float(below)
    tails = _binomial_tails(len(d))
    return tails[int(np.count_nonzero(d > 0))], tails[int(np.count_nonzero(d < 0))]


def low_end(d: Floats, alpha: float) -> float:
    """The lower end of what the one-sided test of d - theta at a level alpha leaves, -inf where that is everything.

    It rejects "not above theta" for every theta below this; ``-low_end(-d, alpha)`` is the upper end. Of the sign test
    it is one of the differences, as the interval of a median.
    """
    if np.isfinite(d).all():
        K = _rank(2 ** len(d) - 1 if len(d) <= ENUMERATED else DRAWN, alpha)
        return float(np.partition(_means(d), K - 1)[K - 1]) if K >= 1 else -inf
    needed = next((k for k, tail in enumerate(_binomial_tails(len(d))) if tail < alpha), None)
    return -inf if needed is None else float(np.sort(d)[len(d) - needed])


def ratio_interval(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> tuple[float, float] | None:
    """All g for which the sign-flip test of a - g b has p >= alpha, a and b (n,) paired: around mean(a) / mean(b).

    As mean_S(a - g b) <= 0 iff mean_S(a) / mean_S(b) <= g, these ratios take the place of subset means. None for too
    few pairs, or where some mean_S(b) is not positive, so that the ratio is not bounded.
    """
    x, y = map(_sums, alike(a, b))
    K = _rank(y.shape[-1], (1 - confidence) / 2)
    if K < 1 or (y <= 0).any():
        return None
    ratios = np.sort(x / y)
    return float(ratios[K - 1]), float(ratios[len(ratios) - K])


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: max over j <= i of (m - j + 1) p_(j), at most 1 (Holm 1979, SJS 6)."""
    q = np.asarray(p, np.float64)
    order = np.argsort(q, kind="stable")
    adjusted = np.empty_like(q)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(q[order] * np.arange(q.size, 0, -1)))
    return [float(x) for x in adjusted]


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a share, k of n (Wilson 1927, JASA 22); nothing is known from n = 0: (0, 1).

    (k + z^2/2 -+ z sqrt(k (n - k) / n + z^2/4)) / (n + z^2), z the normal quantile.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle, half = k + z * z / 2, z * sqrt(k * (n - k) / n + z * z / 4)
    return (0.0 if k == 0 else (middle - half) / (n + z * z)), (1.0 if k == n else (middle + half) / (n + z * z))


def d_z(d: npt.ArrayLike) -> float | None:
    """Paired effect size, mean over standard deviation (ddof 1), shape (n,) (Cohen 1988).

    None for fewer than two differences, or if they are all equal except for rounding.
    """
    (each,) = alike(d)
    if each.size < 2 or np.ptp(each) <= TIE * np.abs(each).max():
        return None
    return float(each.mean() / each.std(ddof=1))


def cliffs_delta(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """P(a > b) - P(a < b) over all pairs, shapes (n,) and (m,) (Cliff 1993); None if there are no pairs."""
    a, b = np.asarray(a, np.float64)[:, None], np.asarray(b, np.float64)
    pairs = a.size * b.size
    return (int(np.count_nonzero(a > b)) - int(np.count_nonzero(a < b))) / pairs if pairs else None


def seeds_needed(comparisons: int, alpha: float = 0.05) -> int:
    """The fewest seeds whose smallest p, 2 / 2^n, stays below alpha after Holm's correction for so many comparisons.

    Holds up to 16 seeds, 1,638 comparisons at .05; with more seeds p is at least 2 / 10,000, which carries 249.
    """
    return next(n for n in count(1) if 2 * 2.0**-n * comparisons < alpha)


def _rank(N: int, alpha: float) -> int:
    """K, the largest integer below alpha (N + 1), one-sided."""
    return ceil(round(alpha * (N + 1), 9)) - 1  # .025 * 10,000 is 250, not 250.0000000000002


def _binomial_tails(n: int) -> list[float]:
    """P(S >= k) for k = 0, ..., n, S binomial (n, 1/2)."""
    return [sum(comb(n, i) for i in range(k, n + 1)) / 2**n for k in range(n + 1)]


def _tails(m: Floats) -> tuple[Floats, Floats]:
    """p_up and p_down of subset means, (..., N) to (...)."""
    N = m.shape[-1]
    return (1 + np.count_nonzero(m <= 0, axis=-1)) / (N + 1), (1 + np.count_nonzero(m >= 0, axis=-1)) / (N + 1)


def _means(d: npt.ArrayLike) -> Floats:
    """The subset means of d, in no particular order."""
    d = np.asarray(d, np.float64)
    if not np.isfinite(d).all():
        raise ValueError("differences must be finite: leave diverged runs out")
    n = d.shape[-1].bit_length()
    small = np.ldexp(d, -n)  # exact, and no sum overflows
    sums = _sums(small)
    means = np.ldexp(sums / _sums(np.ones(d.shape[-1])), n)
    return np.where(np.abs(sums) <= TIE * _sums(np.abs(small)), 0.0, means)


def _sums(x: Floats) -> Floats:
    """The sums over the non-empty subsets of the last axis, (..., n) to (..., N)."""
    n = x.shape[-1]
    if n > ENUMERATED:
        return np.asarray(x @ _drawn(n))
    sums = np.zeros((*x.shape[:-1], 2**n))
    for i in range(n):  # without and with x_i
        np.add(sums[..., : 2**i], x[..., i, None], out=sums[..., 2**i : 2 ** (i + 1)])
    return sums[..., 1:]


@cache
def _drawn(n: int) -> Floats:
    """9,999 different non-empty subsets of n > 16 things as columns of 0 and 1, the same for every NumPy.

    Different, as only a draw without replacement, together with the empty subset that stands for d itself, makes
    (1 + count) / (9,999 + 1) an exact p. Of 12,000 draws well over 10,000 differ even at n = 17.
    """
    draws = np.random.RandomState(1969).randint(0, 2, (12_000, n), dtype=np.uint8)
    draws = draws[draws.any(axis=1)]
    _, first = np.unique(draws, axis=0, return_index=True)
    return np.ascontiguousarray(draws[np.sort(first)[:DRAWN]].T, np.float64)
