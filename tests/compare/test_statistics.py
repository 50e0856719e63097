"""Tests, intervals and effect sizes for few paired differences, held against SciPy and against their definitions."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test

from synthgrad.compare.statistics import (
    cliffs_delta,
    d_z,
    holm,
    interval,
    ratio_interval,
    seeds_needed,
    sign_flip_p,
    subset_means,
    wilson,
)

RNG = np.random.default_rng(0)
ALPHA = 0.05

SAMPLES = {
    "normal": RNG.normal(0.4, 1, 9),
    "skewed": RNG.exponential(1, 10) - 0.7,
    "all up": RNG.random(8) + 0.1,
    "all down": -RNG.random(7) - 0.1,
    "tied": np.array([1.0, 1, 1, 2, 2, -1, -1, 3]),
    "with zeros": np.array([0.0, 0, 1, -2, 3, 0, 4, 4]),
    "sums of zero": np.array([1.0, 2, -3, 4, -4, 0.5, -0.5]),
    "only zeros": np.zeros(6),
    "constant": np.full(8, 0.25),
    "constant, not binary": np.full(8, 0.1),
    "two": np.array([1.0, 2]),
    "tiny": RNG.normal(1e-9, 1e-9, 8),
    "huge": RNG.normal(1e9, 1e9, 8),
}


def draws(n: int, rng: np.random.Generator, rows: int = 200) -> np.ndarray:
    """Samples of n differences, (rows, n): continuous, in steps, mostly zero, of accuracies, with an outlier."""
    shift = rng.normal(0, 0.6, (rows, 1))
    accuracies = np.round(rng.normal(0.7, 0.004, (2, rows, n)), 3)
    outlier = rng.normal(shift, 1, (rows, n))
    outlier[:, 0] *= 1e6
    return np.concatenate(
        [
            rng.normal(shift, 1, (rows, n)),
            np.round(rng.normal(shift, 1, (rows, n)) * 2),
            rng.integers(-1, 2, (rows, n)) * (rng.random((rows, n)) < 0.5) * 0.1,
            accuracies[0] - accuracies[1],
            outlier,
        ]
    )


def flipped(d: np.ndarray) -> float:
    """The two-sided p by its definition: the sums under all 2^n choices of signs against the one observed."""
    bits = np.arange(2 ** len(d))[:, None] >> np.arange(len(d)) & 1
    sums, least = (1 - 2 * bits) @ d, 1e-12 * np.abs(d).sum()
    return min(1, 2 * min(np.mean(sums >= d.sum() - least), np.mean(sums <= d.sum() + least)))


# the subset means -----------------------------------------------------------------------------------


def test_the_means_of_all_subsets_are_there_in_order():
    """Doubling finds what a loop over the subsets finds."""
    d = RNG.normal(size=5)
    masks = [np.array(mask, bool) for mask in product([0, 1], repeat=5) if any(mask)]
    np.testing.assert_allclose(subset_means(d), sorted(d[mask].mean() for mask in masks), rtol=1e-14)


@pytest.mark.parametrize("n", [1, 7, 17])
def test_leading_axes_stand_for_many_samples(n):
    """Each row of a stack gets what it gets alone."""
    d = RNG.normal(0.5, 1, (2, 3, n))
    means, ps, ends = subset_means(d), sign_flip_p(d), interval(d)
    assert means.shape == (2, 3, min(2**n - 1, 9999))
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(means[i, j], subset_means(d[i, j]), rtol=1e-12, atol=1e-14)
        assert ps[i, j] == sign_flip_p(d[i, j])
        if ends is not None:
            np.testing.assert_allclose(ends[i, j], interval(d[i, j]), rtol=1e-12)


def test_a_mean_that_is_zero_but_for_rounding_is_zero():
    """.1 + .2 - .3 is not 0 in floating point."""
    assert 0.1 + 0.2 - 0.3 != 0
    assert np.count_nonzero(subset_means([0.1, 0.2, -0.3]) == 0) == 1


def test_a_small_mean_beside_a_large_difference_is_not_taken_for_zero():
    """What counts as rounding is measured against the subset, not against the largest difference of all."""
    assert np.count_nonzero(subset_means([1e13, 0.5, 0.25])) == 7


@pytest.mark.parametrize("function", [subset_means, sign_flip_p, interval])
def test_a_difference_that_is_not_finite_is_refused(function):
    """A NaN compares false with everything, and would make p small."""
    with pytest.raises(ValueError, match="finite"):
        function([1.0, np.nan, 2, 3, 4, 5, 6])


# the test -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_p_is_that_of_scipy(name):
    """Ties, zeros and constants included."""
    d = SAMPLES[name]
    theirs = permutation_test(
        (d,), np.mean, permutation_type="samples", alternative="two-sided", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip_p(d) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 6, 9, 12])
def test_p_is_that_of_the_definition(n):
    """Counting subsets is counting flips, on samples of every kind."""
    for d in draws(n, np.random.default_rng(n), rows=20):
        assert sign_flip_p(d) == pytest.approx(flipped(d), abs=1e-12)


@pytest.mark.parametrize("steps", [1e3, 1e4, 1e5])
def test_ties_in_decimals_decide_as_ties_in_integers(steps):
    """Differences of accuracies a few steps below 1 have the p of the steps themselves, though none is exact."""
    rng = np.random.default_rng(1)
    a, b = steps - rng.integers(1, 6, (2, 500, 9))
    assert np.array_equal(sign_flip_p(a / steps - b / steps), sign_flip_p(a - b))


def test_neither_side_is_preferred():
    """A against B has the p of B against A, and the interval mirrored."""
    for n in (8, 20):
        d = RNG.normal(0.3, 1, n)
        assert sign_flip_p(d) == sign_flip_p(-d)
        np.testing.assert_allclose(interval(d), -interval(-d)[::-1], rtol=1e-12)


def test_five_seeds_can_never_reach_five_percent():
    """The smallest p is 2 / 2^n."""
    assert [float(sign_flip_p(np.arange(1, n + 1))) for n in (4, 5, 6, 10)] == [2 / 16, 2 / 32, 2 / 64, 2 / 1024]


def test_no_difference_at_all_has_p_one():
    """Also where there is nothing to compare."""
    assert sign_flip_p(np.zeros(8)) == 1
    assert sign_flip_p([]) == 1


# the interval ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 7, 8, 11, 17])
def test_zero_is_outside_the_interval_exactly_when_the_test_rejects(n):
    """They never disagree, whatever the data, also at a level that p can hit."""
    d = draws(n, np.random.default_rng(n), rows=50)
    ps = sign_flip_p(d)
    for alpha in (ALPHA, 0.1, 0.25, 0.5):
        low, high = np.moveaxis(interval(d, 1 - alpha), -1, 0)
        assert np.array_equal((low > 0) | (high < 0), ps < alpha)


def test_an_interval_of_ten_thousand_ranks_decides_as_p_does_at_exactly_five_percent():
    """With 9,999 flips p = .05 is possible; then 0 lies inside."""
    d = np.random.default_rng(2).normal(0.5, 1, 17)
    d -= subset_means(d)[249]  # 249 means below 0 and one at it: p = 2 (1 + 250) / 10,000
    assert sign_flip_p(d) == 0.0502
    d += 1e-7
    assert sign_flip_p(d) == ALPHA
    assert interval(d)[0] <= 0


@pytest.mark.parametrize("n", [6, 9, 12, 17])
def test_the_interval_holds_what_the_test_does_not_reject(n):
    """p(d - theta) is below alpha just outside of both ends, and not below at them and just inside."""
    d = np.random.default_rng(n).normal(0.5, 1, n)
    low, high = interval(d)
    assert max(sign_flip_p(d - low + 1e-7), sign_flip_p(d - high - 1e-7)) < ALPHA
    assert min(sign_flip_p(d - theta) for theta in (low, low + 1e-7, high - 1e-7, high)) >= ALPHA


@pytest.mark.parametrize("n", [6, 10, 18])
def test_the_interval_follows_a_change_of_unit_and_origin(n):
    """From d to 3 - 2 d the ends go the same way, and change places."""
    d = RNG.normal(size=n)
    low, high = interval(d)
    np.testing.assert_allclose(interval(3 - 2 * d), [3 - 2 * high, 3 - 2 * low], rtol=1e-12)


def test_six_differences_have_an_interval_from_least_to_greatest():
    """K = floor(.025 * 64) = 1."""
    d = RNG.normal(size=6)
    assert interval(d).tolist() == [d.min(), d.max()]


def test_seven_differences_leave_out_two_means_on_either_side():
    """K = floor(.025 * 128) = 3: the third of the sorted means, and the third from above."""
    d = RNG.normal(size=7)
    assert interval(d).tolist() == [subset_means(d)[2], subset_means(d)[-3]]


@pytest.mark.parametrize("n", range(6))
def test_five_differences_and_fewer_have_no_interval(n):
    """At 95 %; at 90 % five have one."""
    assert interval(np.arange(n)) is None
    assert interval(np.arange(5), 0.9).tolist() == [0, 4]


@pytest.mark.parametrize(("n", "K"), [(6, 1), (8, 6), (10, 25)])
def test_the_interval_covers_the_centre_as_often_as_it_says(n, K):
    """1 - 2K / 2^n, in 2,000 draws of three symmetric shapes, to four standard errors."""
    rng = np.random.default_rng(n)
    says = 1 - 2 * K / 2**n
    for draw in (rng.standard_normal, rng.laplace, lambda size: rng.uniform(-1, 1, size)):
        low, high = interval(draw(size=(2000, n))).T
        covered = np.mean((low <= 0) & (high >= 0))
        assert abs(covered - says) < 4 * np.sqrt(says * (1 - says) / 2000)
        assert 0.93 < covered < 0.98


def test_twelve_seeds_take_no_time():
    """Test and interval together stay far below a second."""
    d = RNG.normal(size=12)
    start = time.perf_counter()
    assert sign_flip_p(d) > 0
    assert interval(d) is not None
    assert time.perf_counter() - start < 0.5


# more than sixteen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.0, 0.45, 0.6])
def test_drawn_subsets_come_close_to_all_of_them(shift):
    """At n = 17 p is that of all 131,072 flips to four standard errors."""
    d = np.random.default_rng(5).normal(shift, 1, 17)
    exact = flipped(d)
    error = 2 * np.sqrt(exact / 2 * (1 - exact / 2) / 9999)
    assert sign_flip_p(d) == pytest.approx(exact, abs=4 * error + 1e-4)


def test_drawn_subsets_are_the_same_in_another_process():
    """A comparison repeated says the same."""
    line = "from synthgrad.compare.statistics import *; print(*interval([x * x % 7 - 2.5 for x in range(20)]))"
    there = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout.split()
    assert [float(x) for x in there] == interval([x * x % 7 - 2.5 for x in range(20)]).tolist()


def test_drawn_subsets_all_differ_and_none_is_empty():
    """Random numbers tell every subset by its mean; only such a draw makes (1 + count) / 10,000 exact."""
    for n in (17, 40):
        m = subset_means(RNG.random(n) + 1)
        assert len(np.unique(m)) == 9999
        assert m[0] >= 1


def test_the_smallest_p_of_drawn_subsets_is_one_in_five_thousand():
    """p = 2 (1 + 0) / (9,999 + 1)."""
    assert sign_flip_p(np.arange(1, 31)) == 0.0002


# families, shares, sizes ----------------------------------------------------------------------------


def test_holm_by_hand():
    """.01, .02, .03, .04 times 4, 3, 2, 1 is .04, .06, .06, .04; none may be below the one before it."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize(
    ("p", "adjusted"), [([], []), ([0.3], [0.3]), ([0.6, 0.9], [1, 1]), ([0.02, 0.02], [0.04] * 2)]
)
def test_holm_at_its_edges(p, adjusted):
    """Nothing, one, more than 1, ties."""
    assert holm(p) == pytest.approx(adjusted)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (0, 1), (3, 1000)])
@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_interval_of_a_share_is_that_of_scipy(k, n, confidence):
    """Wilson's, between 0 and 1 at the ends."""
    theirs = binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert wilson(k, n, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_a_share_of_nothing_may_be_anything():
    """No runs, no knowledge."""
    assert wilson(0, 0) == (0, 1)


def test_d_z_is_mean_over_standard_deviation():
    """Mean 2, standard deviation 1."""
    assert d_z([1.0, 2, 3]) == 2


@pytest.mark.parametrize("d", [[], [1.0], [0.0, 0.0], [0.1, 0.1, 0.1], [0.3, 0.1 + 0.2, 0.3]])
def test_d_z_is_undefined_without_spread(d):
    """Also where the spread is rounding alone."""
    assert d_z(d) is None


def test_cliffs_delta_counts_pairs():
    """Of six pairs four are won, one is lost, one is a tie."""
    assert cliffs_delta([1, 2, 3], [0, 2]) == pytest.approx((4 - 1) / 6)
    assert cliffs_delta([1], []) is None


@pytest.mark.parametrize(("comparisons", "seeds"), [(1, 6), (2, 7), (3, 7), (4, 8), (6, 8), (7, 9), (25, 10), (26, 11)])
def test_how_many_seeds_carry_how_many_comparisons(comparisons, seeds):
    """6, 7, 8, 10 seeds carry 1, 3, 6, 25."""
    assert seeds_needed(comparisons) == seeds


def test_the_seeds_needed_are_enough_and_no_more():
    """With n seeds that all agree Holm's smallest p is below alpha, with one fewer it is not."""
    for comparisons in (1, 3, 10):
        n = seeds_needed(comparisons)
        least = [holm([sign_flip_p(np.ones(k))] * comparisons)[0] for k in (n, n - 1)]
        assert least[0] < ALPHA <= least[1]


def test_the_interval_of_a_ratio_inverts_the_test():
    """a - g b has p >= .05 just inside of both ends, and p < .05 just outside."""
    rng = np.random.default_rng(5)
    b = rng.uniform(0.5, 1.5, 8)
    a = 0.6 * b + rng.normal(0, 0.1, 8)
    low, high = ratio_interval(a, b)
    assert low < a.mean() / b.mean() < high
    for end, inward in ((low, 1e-6), (high, -1e-6)):
        assert sign_flip_p(a - (end + inward) * b) >= 0.05
        assert sign_flip_p(a - (end - inward) * b) < 0.05


def test_a_ratio_to_what_may_be_nothing_has_no_interval():
    """Nor has one of five pairs."""
    assert ratio_interval([1.0] * 8, [1.0] * 7 + [0.0]) is None
    assert ratio_interval([1.0] * 5, [2.0] * 5) is None
