"""Statistics of comparing two runs on the same samples: intervals, an exact test, Holm's correction.

    >>> base, tuned = [(0, 1)] * 40 + [(1, 1)] * 60, [(1, 1)] * 15 + [(0, 1)] * 30 + [(1, 1)] * 55
    >>> d = paired_difference(base, tuned)
    >>> d.samples, d.gained, d.lost, round(d.value, 2)
    (100, 15, 5, 0.1)
    >>> round(d.low, 3), round(d.high, 3), round(d.p, 4)
    (0.013, 0.192, 0.0414)

A run's score on a sample is a pair ``(correct, scored)``: of ``scored`` completions, ``correct`` were right.
Both runs answered the same questions, so hard questions are hard for both; looking at each sample's own
difference takes that shared part away, and leaves a fraction of the noise that two separate intervals show
(Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640, section 4).

NumPy and SciPy are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

from mathevalkit.stats.intervals import normal_quantile
from mathevalkit.types import Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers: TypeAlias = NDArray[np.int64]
    Floats: TypeAlias = NDArray[np.float64]


MAX_SUPPORT = 1 << 20
"""Most distinct totals that the exact test tells apart; beyond it scores are rounded to a coarser grid."""
MAX_WORK = 200_000_000
"""Most terms that the exact test adds up; beyond it the normal approximation is used, which is then good."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Two runs on the samples both have. Proportions and differences are fractions, not percent."""

    samples: int
    base: float
    """Mean score of the first run on these samples."""
    tuned: float
    """Mean score of the second run on these samples."""
    value: float
    """``tuned - base``."""
    low: float
    high: float
    """Interval of the difference at confidence ``1 - alpha``; see ``difference_interval``."""
    p: float
    """Two-sided, exact; see ``exchange_test``."""
    gained: int
    """Samples on which the second run did better."""
    lost: int
    """Samples on which it did worse."""
    spread: float
    """Root mean square of the differences of single samples; for one completion a sample its square is the
    share of samples that flipped."""
    binary: bool
    """One completion a sample in both runs."""


def paired_difference(
    base: Sequence[Score], tuned: Sequence[Score], *, alpha: float = 0.05
) -> PairedDifference:
    """Compare two runs sample by sample.

    Args:
        base: one score a sample.
        tuned: the scores of the same samples in the same order.
        alpha: one minus the confidence of the interval.

    Raises:
        ValueError: no samples, unequal lengths, or a score without a completion.
    """
    import numpy as np

    if len(base) != len(tuned) or not base:
        raise ValueError(f"need the same samples of both runs, got {len(base)} and {len(tuned)}")
    first, second = _rates(base), _rates(tuned)
    differences = second - first
    gained, lost = int((differences > 0).sum()), int((differences < 0).sum())
    low, high = difference_interval(differences, grain=_grain([base, tuned]), alpha=alpha)
    lower, upper = exchange_test([base, tuned])
    return PairedDifference(
        samples=len(base),
        base=float(first.mean()),
        tuned=float(second.mean()),
        value=float(differences.mean()),
        low=low,
        high=high,
        p=min(1.0, 2 * min(lower, upper)),
        gained=gained,
        lost=lost,
        spread=float(np.sqrt((differences**2).mean())),
        binary=_grain([base, tuned]) == 1,
    )


def _rates(scores: Sequence[Score]) -> Floats:
    import numpy as np

    pairs = np.asarray(scores, dtype=np.float64)
    if (pairs[:, 1] < 1).any():
        raise ValueError("a sample has no scored completion; leave it out")
    rates: Floats = pairs[:, 0] / pairs[:, 1]
    return rates


def _grain(runs: Sequence[Sequence[Score]]) -> float:
    """The smallest step that one completion makes in a sample's score."""
    return 1 / max(scored for run in runs for _, scored in run)


# ---- intervals -------------------------------------------------------------------------------------


def difference_interval(
    differences: Floats, *, grain: float = 1.0, alpha: float = 0.05
) -> tuple[float, float]:
    """Interval for the mean of paired differences, one for each sample.

    One completion a sample in both runs: Tango's score interval. Several: ``adjusted_interval``.

    Args:
        differences: between -1 and 1.
        grain: the smallest difference that one completion makes: 1 over the completions a sample.
        alpha: one minus the confidence.
    """
    if grain == 1:
        gained, lost = int((differences > 0).sum()), int((differences < 0).sum())
        return tango_interval(gained=gained, lost=lost, samples=len(differences), alpha=alpha)
    return adjusted_interval(differences, grain=grain, alpha=alpha)


def tango_interval(*, gained: int, lost: int, samples: int, alpha: float = 0.05) -> tuple[float, float]:
    """Score interval for the difference of two proportions measured on the same samples.

    All differences that the score test does not reject (Tango 1998, Statistics in Medicine 17, 891-908).
    It holds its coverage from a handful of samples on and has a width even where nothing flipped; one of
    the two intervals that Fagerland, Lydersen and Laake (2014, Statistics in Medicine 33, 2850-2875)
    recommend.

    >>> [round(x, 3) for x in tango_interval(gained=7, lost=1, samples=21)]  # the example in that paper
    [0.026, 0.517]
    """
    from scipy.optimize import brentq

    z = normal_quantile(alpha / 2)
    estimate = (gained - lost) / samples

    def excess(difference: float, side: float) -> float:
        statistic = _score_statistic(difference, gained=gained, lost=lost, samples=samples)
        return statistic - side * z

    # The statistic falls from +inf at -1 to -inf at 1 and is 0 at the estimate.
    edge = 1 - 1e-12
    low = -1.0 if estimate <= -edge else float(brentq(excess, -edge, estimate, args=(1.0,), xtol=1e-12))
    high = 1.0 if estimate >= edge else float(brentq(excess, estimate, edge, args=(-1.0,), xtol=1e-12))
    return low, high


def _score_statistic(difference: float, *, gained: int, lost: int, samples: int) -> float:
    """Tango's T: the estimate's distance from ``difference`` in standard errors under that difference."""
    # The share lost that is most likely given the difference: the root of a quadratic (his equation 6).
    a = 2 * samples
    b = -gained - lost + (2 * samples - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    share_lost = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = samples * (2 * share_lost + difference * (1 - difference))
    distance = gained - lost - samples * difference
    if variance <= 0:
        return 0.0 if distance == 0 else float("inf") * distance
    return float(distance / sqrt(variance))


def adjusted_interval(differences: Floats, *, grain: float, alpha: float = 0.05) -> tuple[float, float]:
    """Interval for the mean of paired differences between -1 and 1, one for each sample.

    Student's interval with samples as the independent units (completions of one sample are not), after
    adding two samples: half a sample at ``grain``, half at ``-grain`` and one at 0. For one completion a
    sample that is Agresti and Min's adjustment of the paired interval (2005, Statistics in Medicine 24,
    729-740), which adds half an observation to each of the four cells; here it is carried over to several.
    It keeps a width where no sample's score changed.
    """
    from scipy.special import stdtrit

    n = len(differences)
    weight = n + 2.0
    mean = float(differences.sum()) / weight
    variance = (float((differences**2).sum()) + grain**2) / weight - mean * mean
    half = float(stdtrit(n + 1, 1 - alpha / 2)) * sqrt(variance / weight)
    return max(-1.0, mean - half), min(1.0, mean + half)


# ---- the exact test --------------------------------------------------------------------------------


def exchange_test(runs: Sequence[Sequence[Score]]) -> tuple[float, float]:
    """Whether the last run does worse or better than the others, sample by sample, exactly.

    If nothing but chance tells the runs apart, then on each sample the last run's score is equally likely
    to be any of the scores that all runs got there. The total that the last run would reach by such a
    draw has a known distribution, computed here in full rather than sampled.

    With two runs of one completion a sample this is McNemar's exact test (a draw matters only where the
    two differ, and there it is a fair coin); with several completions it is the exact sign-flip test; with
    more runs than two it is the stratified permutation test (Good 2005, "Permutation, Parametric and
    Bootstrap Tests of Hypotheses", 3rd edition, sections 3.7 and 6.2).

    Args:
        runs: at least two; for each run the scores of the same samples in the same order.

    Returns:
        The probabilities of a total as low and as high as the last run's, or beyond. Not below 1e-13 but
        for two runs of one completion a sample, where they are exact however small.
    """
    import numpy as np
    from scipy.special import bdtr, ndtr

    if len(runs) == 2 and _grain(runs) == 1:
        pairs = np.asarray(runs)[:, :, 0]
        gained, lost = int((pairs[1] > pairs[0]).sum()), int((pairs[1] < pairs[0]).sum())
        flips = gained + lost
        return (float(bdtr(gained, flips, 0.5)), float(bdtr(lost, flips, 0.5))) if flips else (1.0, 1.0)
    values = _on_grid(runs)
    rows = values - values.min(axis=1, keepdims=True)
    rows = rows[rows.max(axis=1) > 0]  # where all runs agree, every draw is the same
    if not rows.size:
        return 1.0, 1.0
    observed = int(rows[:, -1].sum())
    patterns, counts = np.unique(np.sort(rows, axis=1), axis=0, return_counts=True)
    support = int(rows.max(axis=1).sum()) + 1
    if patterns.size * support > MAX_WORK:
        mean, deviation = float(rows.mean(axis=1).sum()), sqrt(float(rows.var(axis=1).sum()))
        return (
            float(ndtr((observed + 0.5 - mean) / deviation)),
            float(ndtr((mean - observed + 0.5) / deviation)),
        )
    chances = _distribution(patterns, counts, support)
    lower, upper = float(chances[: observed + 1].sum()), float(chances[observed:].sum())
    return min(1.0, max(lower, 1e-13)), min(1.0, max(upper, 1e-13))


def _on_grid(runs: Sequence[Sequence[Score]]) -> Integers:
    """Scores as whole numbers on one scale, shape (samples, runs). Exact but for very large inputs."""
    import numpy as np

    rates = np.stack([_rates(run) for run in runs], axis=1)
    scale = lcm(*{scored for run in runs for _, scored in run})
    largest = max(1, MAX_SUPPORT // max(1, len(rates)))
    return np.rint(rates * min(scale, largest)).astype(np.int64)


def _distribution(patterns: Integers, counts: Integers, support: int) -> Floats:
    """Distribution of the sum of one uniform draw from each row, by its characteristic function.

    Args:
        patterns: the distinct rows, shape (patterns, runs), each with 0 as its least value.
        counts: how often each occurs.
        support: number of values that the sum can take, from 0 on.
    """
    import numpy as np

    size = 1 << (support - 1).bit_length()
    turns = np.arange(size // 2 + 1) * (-2j * np.pi / size)
    transform = np.ones(len(turns), dtype=np.complex128)
    for pattern, count in zip(patterns, counts, strict=True):
        draws, weights = np.unique(pattern, return_counts=True)
        terms: Any = sum(w * np.exp(turns * int(v)) for v, w in zip(draws, weights, strict=True))
        transform *= (terms / len(pattern)) ** int(count)
    chances: Floats = np.fft.irfft(transform, size)[:support]
    return np.maximum(chances, 0.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given (Holm 1979, Scandinavian Journal of Statistics 6, 65-70).

    Those at most alpha are significant with the chance of even one false alarm among them held to alpha,
    whatever the tests have to do with each other.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
