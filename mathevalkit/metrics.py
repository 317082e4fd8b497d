"""Counting outcomes and turning counts into accuracies with intervals.

    >>> tally = Tally()
    >>> for i, outcome in enumerate(["correct", "wrong", "correct", "undecided"]):
    ...     tally.add(str(i), outcome)
    >>> a = tally.accuracy()
    >>> a.value, a.floor, a.ceiling
    (0.5, 0.5, 0.75)

A ``backend_error`` is no answer of the model: it is left out of the denominator, and widens the bounds.
An undecided, truncated or unanswered completion is in the denominator and not correct.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import sqrt
from statistics import NormalDist

from mathevalkit.types import OUTCOMES, Accuracy, Group, Outcome, Results, RunManifest, Sample

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
    clusters = len(pairs)
    p = sum(c for c, _ in pairs) / total
    squares = sum((c - m * p) ** 2 for c, m in pairs)
    if clusters < 2 or p in (0.0, 1.0):
        # No variance between samples to learn from: as many observations as there are samples.
        return effective_interval(p, clusters, z=normal_quantile(alpha / 2))
    if not squares:
        # Every sample has the same share right: less than independent completions would vary.
        return effective_interval(p, total, z=normal_quantile(alpha / 2))
    error = sqrt(clusters / (clusters - 1) * squares) / total
    return logit_interval(p, error, freedom=clusters - 1, alpha=alpha)


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


class Tally:
    """Outcome counts of a group of completions; memory grows with samples, not with completions."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._samples: dict[str, list[int]] = {}  # id -> [correct, scored, completions]

    def add(self, sample_id: str, outcome: Outcome) -> None:
        """Count one completion of a sample."""
        self._outcomes[outcome] += 1
        counts = self._samples.get(sample_id)
        if counts is None:
            counts = self._samples[sample_id] = [0, 0, 0]
        counts[2] += 1
        if outcome != "backend_error":
            counts[1] += 1
            if outcome == "correct":
                counts[0] += 1

    @property
    def completions(self) -> int:
        """How many were added."""
        return self._outcomes.total()

    @property
    def outcomes(self) -> dict[str, int]:
        """Completions by outcome; every outcome is a key."""
        return {outcome: self._outcomes[outcome] for outcome in OUTCOMES}

    def accuracy(self) -> Accuracy:
        """Accuracy of what has been added so far."""
        correct = self._outcomes["correct"]
        total = self.completions
        errors = self._outcomes["backend_error"]
        scored = total - errors
        if not total:
            return Accuracy(value=None, low=None, high=None, floor=None, ceiling=None)
        open_ = self._outcomes["undecided"] + self._outcomes["truncated"] + errors
        floor, ceiling = correct / total, (correct + open_) / total
        if not scored:
            return Accuracy(value=None, low=None, high=None, floor=floor, ceiling=ceiling)
        if total == len(self._samples):  # one completion a sample
            low, high = wilson_interval(correct, scored)
        else:
            low, high = clustered_interval((c, m) for c, m, _ in self._samples.values())
        return Accuracy(value=correct / scored, low=low, high=high, floor=floor, ceiling=ceiling)

    def group(self, name: str) -> Group:
        """The counts as a row of a table."""
        return Group(
            name=name,
            samples=len(self._samples),
            completions=self.completions,
            accuracy=self.accuracy(),
            outcomes=self.outcomes,
        )


class Breakdown:
    """Tallies of a run: the whole, each subject, each level, each pair of both."""

    def __init__(self, samples: Mapping[str, Sample]) -> None:
        self._samples = samples
        self.overall = Tally()
        self._subjects: defaultdict[str, Tally] = defaultdict(Tally)
        self._levels: defaultdict[str, Tally] = defaultdict(Tally)
        self._both: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)

    def add(self, sample_id: str, outcome: Outcome) -> None:
        """Count one completion in every group its sample belongs to."""
        sample = self._samples[sample_id]
        self.overall.add(sample_id, outcome)
        if sample.subject:
            self._subjects[sample.subject].add(sample_id, outcome)
        if sample.level:
            self._levels[sample.level].add(sample_id, outcome)
        if sample.subject and sample.level:
            self._both[sample.subject, sample.level].add(sample_id, outcome)

    def by_subject(self) -> tuple[Group, ...]:
        """One group a subject, by name; empty where samples carry none."""
        return tuple(self._subjects[name].group(name) for name in sorted(self._subjects))

    def by_level(self) -> tuple[Group, ...]:
        """One group a level, by name."""
        return tuple(self._levels[name].group(name) for name in sorted(self._levels))

    def by_subject_level(self) -> tuple[Group, ...]:
        """One group for each pair that occurs."""
        return tuple(self._both[key].group(" / ".join(key)) for key in sorted(self._both))

    def results(
        self,
        manifest: RunManifest,
        *,
        scorer: str,
        others: Mapping[str, Accuracy],
        prompt_tokens: int,
        completion_tokens: int,
        run_dir: str,
    ) -> Results:
        """The results of what was counted, for a run whose own do not hold it: no times, no sessions."""
        return Results(
            schema_version=manifest.schema_version,
            run_id=manifest.run_id,
            model=manifest.model.model,
            task=manifest.task,
            recipe=manifest.recipe.name,
            scorer=scorer,
            overall=self.overall.group("overall"),
            by_subject=self.by_subject(),
            by_level=self.by_level(),
            by_subject_level=self.by_subject_level(),
            other_scorers=others,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            seconds={},
            run_dir=run_dir,
        )
