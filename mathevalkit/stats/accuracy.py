"""From counts to an accuracy: its value, its interval, and what it could be at least and at most.

    >>> accuracy = accuracy_of({"correct": 2, "wrong": 1, "undecided": 1}, samples=4)
    >>> accuracy.value, accuracy.floor, accuracy.ceiling
    (0.5, 0.5, 0.75)
    >>> round(accuracy.low, 3), round(accuracy.high, 3)
    (0.15, 0.85)

A ``backend_error`` is no answer of the model: it is left out of the denominator, and widens the bounds. An
undecided, truncated or unanswered completion is in the denominator and not correct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mathevalkit.stats.intervals import Z95, clustered_interval, normal_quantile, wilson_interval
from mathevalkit.types import Accuracy, Outcome, Score

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
