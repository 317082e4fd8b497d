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

from mathevalkit.stats.intervals import (
    clustered_interval,
    effective_interval,
    logit_interval,
    mean_interval,
    normal_quantile,
    wilson_interval,
)
from mathevalkit.stats.paired import (
    _score_statistic,
    adjusted_interval,
    difference_interval,
    exchange_test,
    holm,
    paired_difference,
    tango_interval,
)
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


@settings(max_examples=80)
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


@settings(max_examples=60)
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


def test_where_all_runs_agree_on_every_sample_nothing_speaks_against_chance() -> None:
    same = [(3, 4), (0, 4), (4, 4)]
    assert exchange_test([same, same]) == (1.0, 1.0)
    assert exchange_test([[(1, 1), (0, 1)]] * 3) == (1.0, 1.0)


def test_the_test_of_several_completions_never_claims_more_than_its_arithmetic_holds() -> None:
    """2^-200 is beyond what a Fourier transform of doubles keeps; two single runs are exact anyway."""
    better, worse = [(2, 2)] * 200, [(0, 2)] * 200
    lower, upper = exchange_test([worse, better])
    assert (lower, upper) == (1.0, 1e-13)
    assert exchange_test([better, worse]) == (1e-13, 1.0)
    single = exchange_test([[(0, 1)] * 200, [(1, 1)] * 200])
    assert single == pytest.approx((1.0, 2.0**-200), rel=1e-9, abs=0.0)


def test_scores_on_a_coarser_grid_give_nearly_the_same_test(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    runs = [[(int(c), 60) for c in rng.binomial(60, share, 40)] for share in (0.48, 0.52)]
    exact = exchange_test(runs)
    monkeypatch.setattr("mathevalkit.stats.paired.MAX_SUPPORT", 40 * 24)
    coarse = exchange_test(runs)
    assert coarse != exact
    assert coarse == pytest.approx(exact, abs=0.02)


def test_completions_of_unequal_number_are_compared_by_their_shares() -> None:
    """1 of 2 is as good as 2 of 4 and better than 1 of 3."""
    assert exchange_test([[(1, 2)], [(2, 4)]]) == (1.0, 1.0)
    assert exchange_test([[(1, 3)], [(1, 2)]]) == pytest.approx((1.0, 0.5))
    difference = paired_difference([(1, 3), (1, 2)], [(1, 2), (2, 4)])
    assert (difference.gained, difference.lost) == (1, 0)


def test_a_paired_difference_says_how_the_samples_differ() -> None:
    base = [(1, 4), (4, 4), (2, 4), (0, 4)]
    tuned = [(3, 4), (4, 4), (1, 4), (0, 4)]
    d = paired_difference(base, tuned)
    assert (d.samples, d.gained, d.lost, d.binary) == (4, 1, 1, False)
    assert (d.base, d.tuned, d.value) == (7 / 16, 8 / 16, 1 / 16)
    assert d.spread == pytest.approx(math.sqrt((0.5**2 + 0.25**2) / 4))
    assert d.p == 1.0
    single = paired_difference([(1, 1), (0, 1), (0, 1), (0, 1)], [(0, 1), (1, 1), (1, 1), (0, 1)])
    assert (single.gained, single.lost, single.binary) == (2, 1, True)
    assert single.spread**2 == pytest.approx(3 / 4)


def test_the_confidence_of_a_paired_difference_is_the_one_asked_for() -> None:
    base, tuned = runs_with(both=50, lost=5, gained=12, neither=13)
    d = paired_difference(base, tuned, alpha=0.2)
    assert (d.low, d.high) == tango_interval(gained=12, lost=5, samples=80, alpha=0.2)
    assert d.high - d.low < paired_difference(base, tuned).high - paired_difference(base, tuned).low
    several = paired_difference([(1, 2), (0, 2), (2, 2)], [(2, 2), (1, 2), (2, 2)], alpha=0.2)
    expected = adjusted_interval(np.array([0.5, 0.5, 0.0]), grain=0.5, alpha=0.2)
    assert (several.low, several.high) == pytest.approx(expected)


# ---- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correct", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (1, 2), (877, 1319), (3, 10_000)]
)
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.4])
def test_wilsons_interval_is_statsmodels(correct: int, n: int, alpha: float) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(correct, n, alpha=alpha, method="wilson")
    z = normal_quantile(alpha / 2)
    assert wilson_interval(correct, n, z=z) == pytest.approx(expected, abs=1e-12)
    if alpha == 0.05:
        assert wilson_interval(correct, n) == pytest.approx(expected, abs=1e-12)


def test_none_right_begins_at_0_and_all_right_ends_at_1_exactly() -> None:
    for n in range(1, 400):
        assert wilson_interval(0, n)[0] == 0.0
        assert wilson_interval(n, n)[1] == 1.0
        assert wilson_interval(0, n)[1] == pytest.approx(1 - wilson_interval(n, n)[0])


def test_an_interval_of_nothing_is_refused() -> None:
    for empty in (lambda: wilson_interval(0, 0), lambda: mean_interval([]), lambda: clustered_interval([])):
        with pytest.raises(ValueError, match=r"n must be positive, got 0|no values|no scored completion"):
            empty()
    with pytest.raises(ValueError, match="no scored completion"):
        clustered_interval([(0, 0), (0, 0)])


@pytest.mark.parametrize("tail", [0.3, 0.025, 1e-6])
def test_the_normal_quantile_is_scipys(tail: float) -> None:
    assert normal_quantile(tail) == pytest.approx(scipy_stats.norm.isf(tail))


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_the_logit_interval_is_students_there_and_back(alpha: float) -> None:
    mean, error, freedom = 0.8, 0.05, 7
    half = scipy_stats.t.isf(alpha / 2, freedom) * error / (0.8 * 0.2)
    expected = [1 / (1 + math.exp(-(math.log(4) + side * half))) for side in (-1, 1)]
    assert logit_interval(mean, error, freedom=freedom, alpha=alpha) == pytest.approx(expected)


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_clusters_without_variance_count_as_single_observations(alpha: float) -> None:
    z = normal_quantile(alpha / 2)
    # All right, all wrong, or one sample only: as many observations as samples.
    assert clustered_interval([(4, 4)] * 6, alpha=alpha) == wilson_interval(6, 6, z=z)
    assert clustered_interval([(0, 4)] * 6, alpha=alpha) == wilson_interval(0, 6, z=z)
    assert clustered_interval([(3, 4)], alpha=alpha) == effective_interval(0.75, 1, z=z)
    # The same share in each: as many as completions.
    assert clustered_interval([(1, 4)] * 6, alpha=alpha) == wilson_interval(6, 24, z=z)
    assert mean_interval([0.25] * 6, alpha=alpha) == pytest.approx(effective_interval(0.25, 6, z=z))
    assert mean_interval([0.25], alpha=alpha) == effective_interval(0.25, 1, z=z)


def test_two_clusters_that_differ_have_one_degree_of_freedom() -> None:
    error = math.sqrt(2 / 1 * (1 + 1)) / 4
    expected = logit_interval(0.5, error, freedom=1, alpha=0.05)
    assert clustered_interval([(2, 2), (0, 2)]) == pytest.approx(expected)


def test_two_values_have_one_degree_of_freedom() -> None:
    error = math.sqrt(2 * 0.2**2) / math.sqrt(2)
    assert mean_interval([0.2, 0.6]) == pytest.approx(logit_interval(0.4, error, freedom=1, alpha=0.05))


def test_a_sample_without_a_scored_completion_is_no_cluster() -> None:
    pairs = [(1, 4), (3, 4), (2, 4)]
    assert clustered_interval([*pairs, (0, 0)]) == clustered_interval(pairs)


def test_a_wider_confidence_makes_a_wider_interval_of_means() -> None:
    values = [0.1, 0.9, 0.4, 0.6]
    low, high = mean_interval(values, alpha=0.2)
    error = np.std(values, ddof=1) / 2
    assert (low, high) == pytest.approx(logit_interval(0.5, error, freedom=3, alpha=0.2))
    assert mean_interval([1.0, 0.0, 0.0], alpha=0.2) == pytest.approx(
        wilson_interval(1, 3, z=normal_quantile(0.1))
    )


@pytest.mark.parametrize("samples", [1, 7, 100])
def test_where_every_sample_flips_one_way_tangos_interval_reaches_the_end(samples: int) -> None:
    low, high = tango_interval(gained=samples, lost=0, samples=samples)
    assert high == 1.0
    assert low < 1
    assert tango_interval(gained=0, lost=samples, samples=samples) == pytest.approx((-1.0, -low))


def test_the_confidence_of_tangos_interval_is_the_one_asked_for() -> None:
    expected = score_interval_by_likelihood(12, 3, 100, scipy_stats.norm.isf(0.1))
    assert tango_interval(gained=12, lost=3, samples=100, alpha=0.2) == pytest.approx(expected, abs=1e-5)


def test_a_single_completion_has_tangos_interval_and_several_the_adjusted_one() -> None:
    flips = np.array([1.0, 0.0, -1.0, 1.0, 0.0])
    assert difference_interval(flips) == tango_interval(gained=2, lost=1, samples=5)
    assert difference_interval(flips, alpha=0.3) == tango_interval(gained=2, lost=1, samples=5, alpha=0.3)
    assert difference_interval(flips, grain=0.5) == adjusted_interval(flips, grain=0.5)
    expected = adjusted_interval(flips, grain=0.5, alpha=0.3)
    assert difference_interval(flips, grain=0.5, alpha=0.3) == expected


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_the_adjusted_interval_adds_two_samples_to_students(alpha: float) -> None:
    """Half a sample at each of ±grain and one at 0, as weights, written out."""
    values = [0.5, 0.25, 0.0, -0.25, 0.5, 0.75]
    weighted = [(v, 1.0) for v in values] + [(0.25, 0.5), (-0.25, 0.5), (0.0, 1.0)]
    total = sum(w for _, w in weighted)
    mean = sum(w * v for v, w in weighted) / total
    variance = sum(w * (v - mean) ** 2 for v, w in weighted) / total
    half = scipy_stats.t.isf(alpha / 2, len(values) + 1) * math.sqrt(variance / total)
    found = adjusted_interval(np.array(values), grain=0.25, alpha=alpha)
    assert found == pytest.approx((mean - half, mean + half))


def test_the_adjusted_interval_stays_between_minus_1_and_1() -> None:
    low, high = adjusted_interval(np.array([1.0, 1.0, 0.5]), grain=0.5)
    assert (low > -1, high) == (True, 1.0)
    assert adjusted_interval(np.array([-1.0, -1.0, -0.5]), grain=0.5) == pytest.approx((-1.0, -low))


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


@pytest.mark.parametrize(
    ("difference", "gained", "lost", "statistic"),
    [
        (1.0, 1, 0, -math.inf),
        (-1.0, 1, 0, math.inf),
        (1.0, 2, 0, 0.0),
        (-1.0, 0, 2, 0.0),
        (0.0, 1, 1, 0.0),
    ],
)
def test_no_distance_is_none_and_any_distance_without_a_variance_is_endless(
    difference: float, gained: int, lost: int, statistic: float
) -> None:
    assert _score_statistic(difference, gained=gained, lost=lost, samples=2) == statistic


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


@settings(max_examples=20)
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


def power_of_every_table(samples: int, up: float, down: float, level: float, *, one_sided: bool) -> float:
    """The chance of a table that the binomial test of SciPy rejects, table by table."""
    found = 0.0
    for gained, lost in product(range(samples + 1), repeat=2):
        if 0 < gained + lost <= samples:
            side = "greater" if one_sided else "two-sided"
            if scipy_stats.binomtest(gained, gained + lost, alternative=side).pvalue <= level + 1e-12:
                chances = [up, down, 1 - up - down]
                table = [gained, lost, samples - gained - lost]
                found += scipy_stats.multinomial.pmf(table, samples, chances)
    return found


@pytest.mark.parametrize(
    ("samples", "flips", "difference", "alpha", "one_sided"),
    [
        (12, 0.5, 0.3, 0.05, True),
        (12, 0.5, 0.3, 0.2, False),
        (12, 0.5, 0.3, 0.2, True),
        (9, 1.0, 0.2, 0.05, False),
        (9, 0.4, 0.4, 0.05, False),
        (7, 0.9, 0.0, 0.05, True),
        (5, 0.8, 0.6, 0.0625, False),
        (5, 0.8, 0.6, 0.03125, True),
    ],
)
def test_power_on_one_side_and_at_other_levels_is_the_sum_over_every_table(
    samples: int, flips: float, difference: float, alpha: float, one_sided: bool
) -> None:
    up, down = (flips + difference) / 2, (flips - difference) / 2
    expected = power_of_every_table(samples, up, down, alpha, one_sided=one_sided)
    found = mcnemar_power(
        samples=samples, flips=flips, difference=difference, alpha=alpha, one_sided=one_sided
    )
    assert found == pytest.approx(expected, abs=1e-9)
    against = mcnemar_power(
        samples=samples, flips=flips, difference=-difference, alpha=alpha, one_sided=one_sided
    )
    assert against == found  # only its size matters


def test_nothing_flips_and_nothing_is_shown() -> None:
    assert mcnemar_power(samples=100, flips=0.0, difference=0.0) == 0.0


@pytest.mark.parametrize(("flips", "difference"), [(0.1, 0.2), (0.1, -0.2), (1.5, 0.2), (0.0, 0.1)])
def test_a_difference_beyond_the_flips_is_refused(flips: float, difference: float) -> None:
    with pytest.raises(ValueError, match=r"flips must be between the difference 0\.\d and 1"):
        mcnemar_power(samples=10, flips=flips, difference=difference)


def test_flips_may_be_just_the_difference_or_all_samples() -> None:
    assert mcnemar_power(samples=30, flips=0.5, difference=0.5) > 0.9
    assert mcnemar_power(samples=30, flips=1.0, difference=1.0) == 1.0


@pytest.mark.parametrize(
    ("alpha", "power", "one_sided"), [(0.05, 0.8, False), (0.01, 0.9, False), (0.05, 0.8, True)]
)
def test_what_can_be_shown_keeps_to_the_level_the_power_and_the_side_asked_for(
    alpha: float, power: float, one_sided: bool
) -> None:
    def reached(samples: int, difference: float) -> float:
        flips = max(0.2, difference)
        return mcnemar_power(
            samples=samples, flips=flips, difference=difference, alpha=alpha, one_sided=one_sided
        )

    smallest = detectable_difference(samples=300, flips=0.2, alpha=alpha, power=power, one_sided=one_sided)
    assert smallest is not None
    assert reached(300, smallest - 1e-3) < power <= reached(300, smallest + 1e-3)
    fewest = samples_needed(difference=0.07, flips=0.2, alpha=alpha, power=power, one_sided=one_sided)
    assert reached(fewest - 1, 0.07) < power <= reached(fewest, 0.07)


def test_a_power_of_1_asks_for_the_largest_difference() -> None:
    assert detectable_difference(samples=20, flips=0.2, power=1.0) == 1.0


def test_a_difference_larger_than_the_flips_makes_its_own() -> None:
    """Then all flips go one way: 0.9 of 8 samples is enough, whatever else flips."""
    assert samples_needed(difference=0.9, flips=0.1) == samples_needed(difference=0.9, flips=0.9)
    assert samples_needed(difference=-0.9, flips=0.1) == samples_needed(difference=0.9, flips=0.1)
    assert samples_needed(difference=1, flips=0.1) == 6  # 2/2**6 is the first below 0.05
    with pytest.raises(ValueError, match="above 0 and at most 1, got 0"):
        samples_needed(difference=0, flips=0.1)
    with pytest.raises(ValueError, match=r"above 0 and at most 1, got 1\.5"):
        samples_needed(difference=1.5, flips=0.1)


def test_the_normal_approximation_keeps_to_the_level_and_the_power_asked_for() -> None:
    quantiles = scipy_stats.norm.isf(0.005) + scipy_stats.norm.isf(0.1)
    found = detectable_mean_difference(samples=400, spread=0.5, alpha=0.01, power=0.9)
    assert found == pytest.approx(quantiles * 0.5 / 20)
    needed = samples_needed_for_mean(difference=0.1, spread=0.5, alpha=0.01, power=0.9)
    assert needed == math.ceil((quantiles * 5) ** 2)
    assert detectable_mean_difference(samples=1, spread=1.0) == 1.0


def test_without_a_difference_the_test_alarms_at_most_at_its_level() -> None:
    for samples in (10, 50, 200, 1319):
        for flips in (0.02, 0.1, 0.5):
            assert mcnemar_power(samples=samples, flips=flips, difference=0) <= 0.05
            assert mcnemar_power(samples=samples, flips=flips, difference=0, one_sided=True) <= 0.05


@settings(max_examples=25)
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


@settings(max_examples=15)
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
