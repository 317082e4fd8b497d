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
from collections.abc import Mapping

from mathevalkit.runs.results import Results
from mathevalkit.stats.intervals import clustered_interval, wilson_interval
from mathevalkit.types import OUTCOMES, Accuracy, Group, Outcome, RunManifest, Sample


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
