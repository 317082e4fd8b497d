"""What a comparison could have shown: the power of the paired test, before or after the fact.

    >>> round(mcnemar_power(samples=1319, flips=0.10, difference=0.02), 2)
    0.6
    >>> round(detectable_difference(samples=1319, flips=0.10), 3)
    0.025
    >>> samples_needed(difference=0.01, flips=0.10)
    8032

``flips`` is the share of samples on which the two runs come out differently: what makes a comparison
noisy. Two runs at temperature 0.7 flip more than two greedy ones, and two checkpoints more than one
checkpoint repeated.
"""

from __future__ import annotations

from math import ceil, sqrt

from mathevalkit.stats.intervals import normal_quantile

POWER = 0.8
"""What "could have shown" means: shown four times out of five."""


def mcnemar_power(
    *, samples: int, flips: float, difference: float, alpha: float = 0.05, one_sided: bool = False
) -> float:
    """Chance that McNemar's exact test shows a true difference, computed in full.

    The number of flips is binomial, and given it the number of flips one way is binomial too (Duffy 1984,
    Biometrics 40, 1005-1015).

    Args:
        samples: samples in both runs.
        flips: expected share of samples on which the runs differ; at least ``abs(difference)``.
        difference: true difference of the two accuracies, a fraction; only its size matters.
        alpha: level of the test.
        one_sided: whether only a difference in that direction counts.
    """
    import numpy as np
    from scipy.stats import binom

    size = abs(difference)
    if not size <= flips <= 1:
        raise ValueError(f"flips must be between the difference {size} and 1, got {flips}")
    if flips == 0:
        return 0.0
    spread = 10 * sqrt(samples * flips * (1 - flips)) + 10  # beyond ten standard deviations: nothing
    counts = np.arange(
        max(0, int(samples * flips - spread)), min(samples, ceil(samples * flips + spread)) + 1
    )
    # Reject where at most this many flips go the unexpected way; -1 where even none would not do.
    level = alpha if one_sided else alpha / 2
    critical = binom.ppf(level, counts, 0.5)
    critical = np.where(binom.cdf(critical, counts, 0.5) > level, critical - 1, critical)
    unexpected = (flips - size) / (2 * flips)
    shown = binom.cdf(critical, counts, unexpected)
    if not one_sided:
        shown = shown + binom.cdf(critical, counts, 1 - unexpected)
    return float(min(1.0, (binom.pmf(counts, samples, flips) * shown).sum()))


def detectable_difference(
    *, samples: int, flips: float, alpha: float = 0.05, power: float = POWER, one_sided: bool = False
) -> float | None:
    """The smallest true difference that this many samples show with that power.

    A difference larger than ``flips`` makes flips of its own: then all flips go one way. None where the
    samples are too few to show any difference at all.
    """
    from scipy.optimize import brentq

    def missing(difference: float) -> float:
        reached = mcnemar_power(
            samples=samples,
            flips=max(flips, difference),
            difference=difference,
            alpha=alpha,
            one_sided=one_sided,
        )
        return reached - power

    return None if missing(1.0) < 0 else float(brentq(missing, 0.0, 1.0, xtol=1e-5))


def samples_needed(
    *, difference: float, flips: float, alpha: float = 0.05, power: float = POWER, one_sided: bool = False
) -> int:
    """How many samples show a true difference of that size with that power."""
    if not 0 < abs(difference) <= 1:
        raise ValueError(f"the difference must be above 0 and at most 1, got {difference}")

    def enough(samples: int) -> bool:
        return power <= mcnemar_power(
            samples=samples,
            flips=max(flips, abs(difference)),
            difference=difference,
            alpha=alpha,
            one_sided=one_sided,
        )

    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def detectable_mean_difference(
    *, samples: int, spread: float, alpha: float = 0.05, power: float = POWER
) -> float:
    """The same for several completions a sample, by the normal approximation.

    Args:
        samples: samples in both runs.
        spread: root mean square of the differences of single samples.
        alpha: level of the two-sided test.
        power: wanted.
    """
    return min(1.0, (normal_quantile(alpha / 2) + normal_quantile(1 - power)) * spread / sqrt(samples))


def samples_needed_for_mean(
    *, difference: float, spread: float, alpha: float = 0.05, power: float = POWER
) -> int:
    """The same for several completions a sample, by the normal approximation."""
    return ceil(((normal_quantile(alpha / 2) + normal_quantile(1 - power)) * spread / difference) ** 2)
