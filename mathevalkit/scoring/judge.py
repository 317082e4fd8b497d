"""The judge of a completion: one verdict from each scorer, whoever asks.

>>> from mathevalkit.types import Completion
>>> completion = Completion(sample_id="17", k=0, text="The answer is: 9.6", finish_reason="stop")
>>> judge = Judge(["auto", "metamath_gsm8k"])
>>> [line.outcome for line in judge.judge(Generation(completion, gold="10"))]
['wrong', 'correct']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from answer_normalizers import Verdict
from answer_normalizers.grading import Scorer, get_scorer
from mathevalkit.errors import named_by
from mathevalkit.scoring.outcomes import scored
from mathevalkit.types import Generation, Recipe, ScoredCompletion


@dataclass(frozen=True, slots=True)
class ScorerOptions:
    """What a recipe says to scorers that let their caller choose how a text is read."""

    strategy: str = "auto"
    normalizer: str | None = None

    @classmethod
    def of(cls, recipe: Recipe | None, *, strategy: str | None = None) -> ScorerOptions:
        """A recipe's own, or with another strategy instead."""
        if recipe is None:
            return cls(strategy=strategy or "auto")
        return cls(strategy=strategy or recipe.strategy, normalizer=recipe.normalizer)


DEFAULT = ScorerOptions()


def find_scorers(names: Sequence[str], options: ScorerOptions = DEFAULT) -> list[tuple[str, Scorer]]:
    """Scorers by name, told how to read a text where they take it.

    Raises:
        UsageError: no scorer is called that; the message names a near one.
        PluginError: one of them cannot be loaded.
    """
    with named_by("scorers"):
        return [
            (name, get_scorer(name, strategy=options.strategy, normalizer=options.normalizer))
            for name in names
        ]


class Judge:
    """Scorers by name, asked one after the other.

    Args:
        scorers: names in the registry.
        options: how those that take it read a text.

    Raises:
        UsageError: no scorer is called that, or it cannot be loaded.
    """

    def __init__(self, scorers: Sequence[str], options: ScorerOptions = DEFAULT) -> None:
        self._scorers = find_scorers(scorers, options)

    def judge(self, generation: Generation) -> list[ScoredCompletion]:
        """One line of a verdict file for each scorer."""
        completion = generation.completion
        return [scored(completion, _verdict(name, scorer, generation)) for name, scorer in self._scorers]

    def verdicts(self, generation: Generation) -> list[Verdict | None]:
        """What each scorer says; None where there is no text. A scorer that fails is undecided."""
        return [_verdict(name, scorer, generation) for name, scorer in self._scorers]


def _verdict(name: str, scorer: Scorer, generation: Generation) -> Verdict | None:
    completion = generation.completion
    if completion.finish_reason == "error":
        return None
    try:
        return scorer(gold=generation.gold, text=completion.text, solution=generation.solution)
    except Exception as error:  # noqa: BLE001  # a plug-in's fault must not stop a run that costs GPU hours
        return Verdict(
            equivalent=None,
            stage="scorer",
            reason=f"scorer {name!r} failed: {type(error).__name__}: {error}",
        )
