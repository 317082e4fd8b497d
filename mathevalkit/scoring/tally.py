"""Counting outcomes and turning counts into accuracies with intervals.

    >>> tally = Tally()
    >>> for i, outcome in enumerate(["correct", "wrong", "correct", "undecided"]):
    ...     tally.add(str(i), outcome)
    >>> a = tally.accuracy()
    >>> a.value, a.floor, a.ceiling
    (0.5, 0.5, 0.75)

What counts for what is said in ``mathevalkit.stats.intervals``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from mathevalkit.runs.codec import SCHEMA_VERSION
from mathevalkit.runs.results import Results
from mathevalkit.stats.intervals import accuracy_of
from mathevalkit.types import OUTCOMES, Accuracy, Group, Outcome, RunManifest, Sample, ScoredCompletion


class Tally:
    """Outcome counts of a group of completions; memory grows with samples, not with completions."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._samples: dict[str, list[int]] = {}  # id -> [correct, scored]

    def add(self, sample_id: str, outcome: Outcome) -> None:
        """Count one completion of a sample."""
        self._outcomes[outcome] += 1
        counts = self._samples.get(sample_id)
        if counts is None:
            counts = self._samples[sample_id] = [0, 0]
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
        return accuracy_of(
            self._outcomes,
            samples=len(self._samples),
            per_sample=((correct, scored) for correct, scored in self._samples.values()),
        )

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
        seconds: Mapping[str, float] | None = None,
        sessions: int = 1,
        restarts: int = 0,
    ) -> Results:
        """The results of what was counted. Times, sessions and restarts are for a run's own to know."""
        return Results(
            schema_version=SCHEMA_VERSION,
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
            seconds=seconds or {},
            sessions=sessions,
            restarts=restarts,
            run_dir=run_dir,
        )


class RunTally:
    """A run under all its scorers: the groups under the first, which decides, the whole under each other."""

    def __init__(self, scorers: Sequence[str], samples: Mapping[str, Sample]) -> None:
        self.breakdown = Breakdown(samples)
        self._others = {name: Tally() for name in scorers[1:]}
        counters: list[Breakdown | Tally] = [self.breakdown, *self._others.values()]
        self._counters = counters[: len(scorers)]

    def add(self, lines: Sequence[ScoredCompletion]) -> None:
        """Count one completion: its verdict under each scorer."""
        for line, counter in zip(lines, self._counters, strict=True):
            counter.add(line.sample_id, line.outcome)

    def other_accuracies(self) -> dict[str, Accuracy]:
        """Accuracy under each scorer but the first."""
        return {name: tally.accuracy() for name, tally in self._others.items()}
