"""Completions to verdicts and tallies, under one or several scorers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from answer_normalizers import Verdict
from answer_normalizers.registry import PluginError, UnknownNameError
from answer_normalizers.scorers import Scorer, get_scorer
from mathevalkit.errors import UsageError
from mathevalkit.metrics import Breakdown, Tally
from mathevalkit.outcomes import scored
from mathevalkit.types import Accuracy, Completion, Recipe, Sample, ScoredCompletion


@dataclass(frozen=True, slots=True)
class Reading:
    """How scorers that let their caller choose read a text: a recipe's ``strategy`` and ``normalizer``."""

    strategy: str = "auto"
    normalizer: str | None = None

    @classmethod
    def of(cls, recipe: Recipe, *, strategy: str | None = None) -> Reading:
        """A recipe's own, or with another strategy instead."""
        return cls(strategy=strategy or recipe.strategy, normalizer=recipe.normalizer)


def find_scorers(names: Sequence[str], reading: Reading) -> list[tuple[str, Scorer]]:
    """Scorers by name, told how to read a text where they take it.

    Raises:
        UsageError: no scorer is called that, or it cannot be loaded; the message names near matches.
    """
    try:
        return [
            (name, get_scorer(name, strategy=reading.strategy, normalizer=reading.normalizer))
            for name in names
        ]
    except (UnknownNameError, PluginError) as error:
        raise UsageError(f"scorer: {error}") from error


class Judge:
    """Scores completions and keeps the counts.

    Args:
        scorers: names in the registry; the first decides the outcome and the breakdown.
        reading: how scorers that take it read a text.
        samples: by id.
    """

    def __init__(self, scorers: Sequence[str], *, reading: Reading, samples: Mapping[str, Sample]) -> None:
        self._samples = samples
        self._scorers = find_scorers(scorers, reading)
        self.breakdown = Breakdown(samples)
        self._others = {name: Tally() for name in scorers[1:]}

    def judge(self, completion: Completion) -> Iterator[tuple[str, ScoredCompletion]]:
        """One verdict for each scorer, counted."""
        sample = self._samples[completion.sample_id]
        for index, (name, scorer) in enumerate(self._scorers):
            line = scored(completion, verdict_of(name, scorer, completion, sample.gold, sample.solution))
            if index == 0:
                self.breakdown.add(completion.sample_id, line.outcome)
            else:
                self._others[name].add(completion.sample_id, line.outcome)
            yield name, line

    def other_accuracies(self) -> dict[str, Accuracy]:
        """Accuracy under each scorer but the first."""
        return {name: tally.accuracy() for name, tally in self._others.items()}


def verdict_of(name: str, scorer: Scorer, completion: Completion, gold: str, solution: str) -> Verdict | None:
    """A scorer's verdict on a completion; None where there is no text. A scorer that fails is undecided."""
    if completion.finish_reason == "error":
        return None
    try:
        return scorer(gold=gold, text=completion.text, solution=solution)
    except Exception as error:  # noqa: BLE001  # a plug-in's fault must not stop a run that costs GPU hours
        return Verdict(
            equivalent=None,
            stage="scorer",
            reason=f"scorer {name!r} failed: {type(error).__name__}: {error}",
        )
