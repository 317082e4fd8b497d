"""Intervals, the exact paired test, power: against statsmodels, SciPy, published figures and enumeration."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as scipy_stats

from mathevalkit.stats.intervals import clustered_interval, mean_interval, wilson_interval
from mathevalkit.stats.paired import adjusted_interval, exchange_test, holm, paired_difference, tango_interval
from mathevalkit.stats.power import (
    detectable_difference,
    detectable_mean_difference,
    mcnemar_power,
    samples_needed,
    samples_needed_for_mean,
)
from mathevalkit.types import Score


def runs_with(*, both: int = 0, lost: int = 0, gained: int = 0, neither: int = 0) -> list[list[Score]]:
    """Two runs of one completion a sample with these counts."""
    cells = [((1, 1), both), ((1, 0), lost), ((0, 1), gained), ((0, 0), neither)]
    pairs = [pair for pair, count in cells for _ in range(count)]
    return [[(first, 1) for first, _ in pairs], [(second, 1) for _, second in pairs]]


# ---- the exact test --------------------------------------------------------------------------------


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (5, 1), (10, 2), (3, 9), (40, 61), (200, 120)])
def test_the_paired_test_is_mcnemars_exact_test_of_statsmodels(gained: int, lost: int) -> None:
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    expected = contingency.mcnemar([[50, lost], [gained, 30]], exact=True).pvalue
    base, tuned = runs_with(both=50, lost=lost, gained=gained, neither=30)
    assert paired_difference(base, tuned).p == pytest.approx(min(1.0, expected), rel=1e-9)


def test_a_tiny_p_value_of_the_paired_test_is_still_exact() -> None:
    base, tuned = runs_with(gained=400, lost=20, both=500)
    expected = scipy_stats.binomtest(20, 420).pvalue
    assert expected < 1e-80
    assert paired_difference(base, tuned).p == pytest.approx(expected, rel=1e-9)


SCORES = st.integers(1, 4).flatmap(lambda scored: st.tuples(st.integers(0, scored), st.just(scored)))


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 4).flatmap(lambda runs: st.lists(st.tuples(*[SCORES] * runs), min_size=1, max_size=5)))
def test_the_exchange_test_is_the_share_of_all_exchanges(samples: list[tuple[Score, ...]]) -> None:
    """Every way in which the last run could have had any run's score on each sample, one by one."""
    rates = [[correct / scored for correct, scored in sample] for sample in samples]
    observed = sum(row[-1] for row in rates)
    totals = [sum(choice) for choice in product(*rates)]
    lower = sum(total <= observed + 1e-9 for total in totals) / len(totals)
    upper = sum(total >= observed - 1e-9 for total in totals) / len(totals)
    runs = [list(run) for run in zip(*samples, strict=True)]
    assert exchange_test(runs) == pytest.approx((lower, upper), abs=1e-12)


def test_with_several_completions_the_exchange_test_is_scipys_permutation_test() -> None:
    rng = np.random.default_rng(5)
    base = rng.binomial(8, 0.4, 12)
    tuned = rng.binomial(8, 0.55, 12)
    expected = scipy_stats.permutation_test(
        (tuned, base), lambda x, y, axis: (x - y).sum(axis=axis), permutation_type="samples", vectorized=True
    )
    difference = paired_difference([(int(c), 8) for c in base], [(int(c), 8) for c in tuned])
    assert difference.p == pytest.approx(expected.pvalue, rel=1e-9)


def test_with_more_baselines_it_is_the_distribution_of_independent_draws() -> None:
    """One completion a sample: the last run's total is a sum of coins, each with its sample's share."""
    rng = np.random.default_rng(11)
    values = rng.random((200, 4)) < rng.beta(0.5, 0.5, (200, 1))
    runs = [[(int(v), 1) for v in values[:, r]] for r in range(4)]
    chances = np.array([1.0])
    for share in values.mean(axis=1):
        chances = np.convolve(chances, [1 - share, share])
    observed = int(values[:, -1].sum())
    expected = (chances[: observed + 1].sum(), chances[observed:].sum())
    assert exchange_test(runs) == pytest.approx(expected, abs=1e-12)


def test_a_very_large_exchange_test_falls_back_to_the_normal_and_agrees_with_sampling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    counts = rng.binomial(16, rng.beta(0.4, 0.4, (600, 1)), (600, 4))
    runs = [[(int(c), 16) for c in counts[:, r]] for r in range(4)]
    exact = exchange_test(runs)
    monkeypatch.setattr("mathevalkit.stats.paired.MAX_WORK", 1000)
    assert exchange_test(runs) == pytest.approx(exact, abs=0.004)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=25))
def test_swapping_the_runs_mirrors_everything(pairs: list[tuple[Score, Score]]) -> None:
    base, tuned = [list(run) for run in zip(*pairs, strict=True)]
    one, other = paired_difference(base, tuned), paired_difference(tuned, base)
    assert one.p == pytest.approx(other.p, abs=1e-12)
    assert (one.gained, one.lost) == (other.lost, other.gained)
    assert (one.low, one.value, one.high) == pytest.approx((-other.high, -other.value, -other.low), abs=1e-9)
    assert -1 <= one.low <= one.high <= 1


def test_runs_of_other_lengths_or_without_completions_are_refused() -> None:
    with pytest.raises(ValueError, match="same samples of both runs, got 2 and 1"):
        paired_difference([(1, 1), (0, 1)], [(1, 1)])
    with pytest.raises(ValueError, match="same samples of both runs, got 0 and 0"):
        paired_difference([], [])
    with pytest.raises(ValueError, match="no scored completion"):
        paired_difference([(0, 0)], [(1, 1)])


# ---- intervals -------------------------------------------------------------------------------------


def score_interval_by_likelihood(gained: int, lost: int, samples: int, z: float) -> tuple[float, float]:
    """Tango's interval from its definition: the constrained maximum found numerically, no formula."""
    rest = samples - gained - lost

    def statistic(difference: float) -> float:
        def loss(share_lost: float) -> float:
            share_gained = share_lost + difference
            remaining = 1 - share_lost - share_gained
            terms = [(gained, share_gained), (lost, share_lost), (rest, remaining)]
            return -sum(count * math.log(max(share, 1e-300)) for count, share in terms if count)

        low, high = max(0.0, -difference), (1 - difference) / 2
        best = optimize.minimize_scalar(
            loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        ).x
        variance = (2 * best + difference - difference**2) / samples
        return ((gained - lost) / samples - difference) / math.sqrt(variance)

    estimate = (gained - lost) / samples
    return (
        optimize.brentq(lambda d: statistic(d) - z, -0.999, estimate),
        optimize.brentq(lambda d: statistic(d) + z, estimate, 0.999),
    )


@pytest.mark.parametrize(
    ("gained", "lost", "samples"), [(7, 1, 21), (5, 5, 40), (12, 3, 100), (60, 90, 1319), (1, 0, 30)]
)
def test_tangos_interval_is_the_one_of_its_definition(gained: int, lost: int, samples: int) -> None:
    expected = score_interval_by_likelihood(gained, lost, samples, 1.959963984540054)
    assert tango_interval(gained=gained, lost=lost, samples=samples) == pytest.approx(expected, abs=1e-5)


def test_tangos_interval_reproduces_the_published_example() -> None:
    """Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness before and after transplantation."""
    low, high = tango_interval(gained=7, lost=1, samples=21)
    assert (round(low, 3), round(high, 3)) == (0.026, 0.517)


@settings(deadline=None)
@given(
    st.integers(1, 60).flatmap(
        lambda n: st.integers(0, n).flatmap(
            lambda gained: st.tuples(st.just(gained), st.integers(0, n - gained), st.just(n))
        )
    )
)
def test_tangos_interval_holds_the_estimate_and_stays_between_minus_1_and_1(
    case: tuple[int, int, int],
) -> None:
    gained, lost, samples = case
    low, high = tango_interval(gained=gained, lost=lost, samples=samples)
    assert -1 <= low <= (gained - lost) / samples <= high <= 1
    assert low < high


def test_tangos_interval_has_a_width_where_nothing_flipped() -> None:
    """Its half width is then z²/(n + z²), as Wilson's at 0."""
    low, high = tango_interval(gained=0, lost=0, samples=100)
    assert (low, high) == pytest.approx((-0.037, 0.037), abs=0.0001)


def test_the_interval_of_means_is_wilsons_for_zeros_and_ones() -> None:
    assert mean_interval([1.0] * 30 + [0.0] * 70) == pytest.approx(wilson_interval(30, 100))
    assert mean_interval([0.0] * 20) == pytest.approx(wilson_interval(0, 20))


def test_the_interval_of_means_is_the_clustered_one_for_equal_clusters() -> None:
    counts = [0, 3, 8, 8, 5, 1, 0, 8, 2, 7]
    expected = clustered_interval([(c, 8) for c in counts])
    assert mean_interval([c / 8 for c in counts]) == pytest.approx(expected, abs=1e-9)


def test_the_clustered_error_is_the_cluster_robust_one_of_statsmodels() -> None:
    regression = pytest.importorskip("statsmodels.regression.linear_model")
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 9, 60)
    correct = rng.binomial(sizes, rng.beta(0.5, 0.5, 60))
    y = np.concatenate([[1] * c + [0] * (m - c) for c, m in zip(correct, sizes, strict=True)])
    groups = np.repeat(np.arange(60), sizes)
    fit = regression.OLS(y, np.ones((len(y), 1))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    error = float(fit.bse[0]) * math.sqrt(60 / 59)
    p = y.mean()
    half = scipy_stats.t.ppf(0.975, 59) * error / (p * (1 - p))
    expected = [1 / (1 + math.exp(-(math.log(p / (1 - p)) + side * half))) for side in (-1, 1)]
    pairs = [(int(c), int(m)) for c, m in zip(correct, sizes, strict=True)]
    assert clustered_interval(pairs) == pytest.approx(expected, abs=1e-9)


def test_the_adjusted_interval_nears_students_where_samples_are_many() -> None:
    differences = np.random.default_rng(4).choice([-0.5, -0.25, 0, 0, 0.25, 0.5, 1], 2000)
    expected = scipy_stats.ttest_1samp(differences, 0).confidence_interval()
    assert adjusted_interval(differences, grain=0.25) == pytest.approx(
        (expected.low, expected.high), abs=3e-4
    )


def test_the_adjusted_interval_is_agresti_and_mins_for_one_completion_a_sample() -> None:
    """With Student's quantile in place of the normal one."""
    gained, lost, n = 12, 5, 80
    differences = np.array([1.0] * gained + [-1.0] * lost + [0.0] * (n - gained - lost))
    centre = (gained - lost) / (n + 2)
    error = math.sqrt(gained + lost + 1 - (gained - lost) ** 2 / (n + 2)) / (n + 2)
    half = scipy_stats.t.ppf(0.975, n + 1) * error
    assert adjusted_interval(differences, grain=1) == pytest.approx((centre - half, centre + half))


def coverage(intervals: list[tuple[float, float]], truth: float) -> float:
    return sum(low <= truth <= high for low, high in intervals) / len(intervals)


def test_intervals_cover_as_often_as_they_say() -> None:
    """2,000 seeded runs each: within 1.5 points of 95 %, three standard errors of the count itself.

    ``benchmarks/interval_coverage.py`` does the same at length.
    """
    rng = np.random.default_rng(20)
    paired, several, passed = [], [], []
    for _ in range(2000):
        gained, lost, _ = rng.multinomial(200, [0.12, 0.05, 0.83])
        paired.append(tango_interval(gained=int(gained), lost=int(lost), samples=200))
        ability = rng.beta(0.33, 0.17, 100)
        other = np.where(rng.random(100) < 0.25, rng.beta(0.33, 0.17, 100), ability)
        first, second = rng.binomial(8, ability), rng.binomial(8, other)
        several.append(adjusted_interval((second - first) / 8, grain=1 / 8))
        passed.append(mean_interval(list(first / 8)))
    assert coverage(paired, 0.07) == pytest.approx(0.95, abs=0.015)
    assert coverage(several, 0.0) == pytest.approx(0.95, abs=0.015)
    assert coverage(passed, 0.66) == pytest.approx(0.95, abs=0.015)


# ---- many tests, and power -------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_statsmodels_holm(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    expected = multitest.multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


def test_the_power_of_mcnemars_test_is_the_sum_over_every_table() -> None:
    samples, flips, difference = 14, 0.6, 0.4
    up, down = (flips + difference) / 2, (flips - difference) / 2
    expected = 0.0
    for gained in range(samples + 1):
        for lost in range(samples + 1 - gained):
            tie = samples - gained - lost
            chance = (
                math.comb(samples, gained)
                * math.comb(samples - gained, lost)
                * up**gained
                * down**lost
                * (1 - flips) ** tie
            )
            if gained + lost and scipy_stats.binomtest(gained, gained + lost).pvalue <= 0.05:
                expected += chance
    assert mcnemar_power(samples=samples, flips=flips, difference=difference) == pytest.approx(expected)


def test_without_a_difference_the_test_alarms_at_most_at_its_level() -> None:
    for samples in (10, 50, 200, 1319):
        for flips in (0.02, 0.1, 0.5):
            assert mcnemar_power(samples=samples, flips=flips, difference=0) <= 0.05
            assert mcnemar_power(samples=samples, flips=flips, difference=0, one_sided=True) <= 0.05


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(20, 3000), flips=st.floats(0.01, 0.6))
def test_the_smallest_detectable_difference_has_the_power_asked_for(samples: int, flips: float) -> None:
    difference = detectable_difference(samples=samples, flips=flips)
    assert difference is not None

    def power(size: float) -> float:
        return mcnemar_power(samples=samples, flips=max(flips, size), difference=size)

    assert power(difference + 1e-4) >= 0.8
    assert power(difference * 0.98 - 1e-4 if difference > 2e-4 else 0.0) < 0.8


def test_a_handful_of_samples_cannot_show_any_difference() -> None:
    assert detectable_difference(samples=5, flips=0.2) is None
    assert detectable_difference(samples=6, flips=0.2) is not None


@settings(max_examples=15, deadline=None)
@given(difference=st.floats(0.01, 0.3), flips=st.floats(0.02, 0.6))
def test_the_samples_needed_are_enough_and_not_many_more(difference: float, flips: float) -> None:
    assume(difference <= flips)
    needed = samples_needed(difference=difference, flips=flips)
    assert mcnemar_power(samples=needed, flips=flips, difference=difference) >= 0.8
    assert mcnemar_power(samples=int(needed * 0.9), flips=flips, difference=difference) < 0.8


def test_power_is_reached_when_tried() -> None:
    """4,000 seeded experiments with the difference said to be detectable."""
    rng = np.random.default_rng(9)
    samples, flips = 300, 0.2
    difference = detectable_difference(samples=samples, flips=flips)
    assert difference is not None
    tables = rng.multinomial(
        samples, [(flips + difference) / 2, (flips - difference) / 2, 1 - flips], size=4000
    )
    tails = scipy_stats.binom.cdf(tables[:, :2].min(axis=1), tables[:, :2].sum(axis=1), 0.5)
    assert np.mean(2 * tails <= 0.05) == pytest.approx(0.8, abs=0.02)


def test_for_several_completions_power_is_that_of_statsmodels_t_test() -> None:
    power = pytest.importorskip("statsmodels.stats.power")
    spread, samples = 0.3, 500
    difference = detectable_mean_difference(samples=samples, spread=spread)
    reached = power.TTestPower().power(difference / spread, samples, 0.05)
    assert reached == pytest.approx(0.8, abs=0.002)
    assert samples_needed_for_mean(difference=difference, spread=spread) == pytest.approx(samples, abs=1)
