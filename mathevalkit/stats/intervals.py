"""What one run's counts say: an accuracy and its interval, with one completion a sample or several.

    >>> low, high = wilson_interval(correct=877, n=1319)
    >>> f"{low:.1%} to {high:.1%}"
    '63.9% to 69.0%'
    >>> accuracy = accuracy_of({"correct": 2, "wrong": 1, "undecided": 1}, samples=4)
    >>> accuracy.value, accuracy.floor, accuracy.ceiling
    (0.5, 0.5, 0.75)

A ``backend_error`` is no answer of the model: it is left out of the denominator, and widens the bounds. An
undecided, truncated or unanswered completion is in the denominator and not correct.

SciPy and NumPy are imported where they are used: most runs have one completion a sample and need neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import NormalDist

from mathevalkit.types import Accuracy, Outcome, Score

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


def wilson_interval(correct: int, n: int, *, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval for a proportion (Wilson 1927, JASA 22, 209-212).

    Holds its coverage at small ``n`` and near 0 and 1, where the normal interval fails.

    >>> [round(x, 3) for x in wilson_interval(877, 1319)]  # 66.5 % of GSM8K
    [0.639, 0.69]
    """
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    return effective_interval(correct / n, n, z=z)


def effective_interval(mean: float, n: float, *, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval for a mean that carries as much information as ``n`` yes-or-no observations."""
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
    # At the ends the interval touches 0 or 1 exactly; rounding must not leave it a hair outside.
    low = 0.0 if mean == 0 else max(0.0, centre - half)
    high = 1.0 if mean == 1 else min(1.0, centre + half)
    return low, high


def normal_quantile(tail: float) -> float:
    """The point that a standard normal variable exceeds with probability ``tail``."""
    return NormalDist().inv_cdf(1 - tail)


def clustered_interval(per_sample: Iterable[tuple[int, int]], *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval for the mean over completions when each sample has several.

    Args:
        per_sample: ``(correct, scored)`` of each sample with at least one scored completion.
        alpha: one minus the confidence.

    Completions of one sample are not independent, so the standard error is clustered by sample (ratio
    estimator; Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640, section 2.2). The interval is
    Student's on the logit scale, which stays inside 0 and 1 and keeps its coverage where samples are few
    or nearly all right or wrong (Korn and Graubard 1999, "Analysis of Health Surveys", section 3.2);
    ``benchmarks/interval_coverage.py`` measures it.
    """
    pairs = [(c, m) for c, m in per_sample if m > 0]
    total = sum(m for _, m in pairs)
    if not total:
        raise ValueError("no scored completion")
    p = sum(c for c, _ in pairs) / total
    error = clustered_error(pairs)
    if error is None or p in (0.0, 1.0):
        # No variance between samples to learn from: as many observations as there are samples.
        return effective_interval(p, len(pairs), z=normal_quantile(alpha / 2))
    if not error:
        # Every sample has the same share right: less than independent completions would vary.
        return effective_interval(p, total, z=normal_quantile(alpha / 2))
    return logit_interval(p, error, freedom=len(pairs) - 1, alpha=alpha)


def clustered_error(per_sample: Sequence[tuple[int, int]]) -> float | None:
    """Standard error of the share right, clustered by sample; None for fewer than two samples.

    With one completion a sample this is the sample standard deviation over the root of n, the number that
    lm-evaluation-harness reports; with several, Miller 2024 (arXiv:2411.00640), section 2.2.

    Args:
        per_sample: ``(correct, scored)`` of each sample, none of them without a scored completion.

    >>> round(clustered_error([(1, 1)] * 877 + [(0, 1)] * 442), 4)  # 66.5 % of GSM8K
    0.013
    """
    clusters, total = len(per_sample), sum(scored for _, scored in per_sample)
    if clusters < 2:
        return None
    mean = sum(correct for correct, _ in per_sample) / total
    squares = sum((correct - scored * mean) ** 2 for correct, scored in per_sample)
    return sqrt(clusters / (clusters - 1) * squares) / total


def logit_interval(mean: float, error: float, *, freedom: float, alpha: float) -> tuple[float, float]:
    """Student's interval for a proportion on the logit scale.

    Args:
        mean: the estimate, strictly between 0 and 1.
        error: its standard error.
        freedom: degrees of freedom of that error.
        alpha: one minus the confidence.
    """
    from scipy.special import expit, logit, stdtrit

    half = float(stdtrit(freedom, 1 - alpha / 2)) * error / (mean * (1 - mean))
    return float(expit(logit(mean) - half)), float(expit(logit(mean) + half))


def mean_interval(values: Sequence[float], *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval for the mean of one value between 0 and 1 for each sample: pass@k, maj@k.

    Where every value is 0 or 1, Wilson's interval; else Student's on the logit scale, with the variance
    between samples.
    """
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise ValueError("no values")
    mean, error = float(array.mean()), float(array.std(ddof=1)) / sqrt(array.size) if array.size > 1 else 0.0
    if error == 0 or np.isin(array, (0.0, 1.0)).all():
        return effective_interval(mean, array.size, z=normal_quantile(alpha / 2))
    return logit_interval(mean, error, freedom=array.size - 1, alpha=alpha)


# ---- accuracy --------------------------------------------------------------------------------------

OPEN: tuple[Outcome, ...] = ("undecided", "truncated", "backend_error")
"""Outcomes that say nothing of whether the model knew the answer."""


def accuracy_of(
    outcomes: Mapping[Outcome, int],
    *,
    samples: int,
    per_sample: Iterable[Score] = (),
    alpha: float = 0.05,
) -> Accuracy:
    """The accuracy of a group of completions.

    Args:
        outcomes: how many completions ended in each; one that is missing stands for none.
        samples: how many samples they belong to.
        per_sample: ``(correct, scored)`` of each sample; read only where there are more completions than
            samples, whose interval must count the completions of one sample together.
        alpha: one minus the confidence of the interval.
    """
    total = sum(outcomes.values())
    if not total:
        return Accuracy(value=None, low=None, high=None, floor=None, ceiling=None)
    correct = outcomes.get("correct", 0)
    scored = total - outcomes.get("backend_error", 0)
    floor = correct / total
    ceiling = (correct + sum(outcomes.get(outcome, 0) for outcome in OPEN)) / total
    if not scored:
        return Accuracy(value=None, low=None, high=None, floor=floor, ceiling=ceiling)
    if total == samples:
        z = Z95 if alpha == 0.05 else normal_quantile(alpha / 2)
        low, high = wilson_interval(correct, scored, z=z)
    else:
        low, high = clustered_interval(per_sample, alpha=alpha)
    return Accuracy(value=correct / scored, low=low, high=high, floor=floor, ceiling=ceiling)
