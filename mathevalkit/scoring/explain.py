r"""How one completion was judged: what was extracted and from where, how it was read, what each scorer says.

>>> found = explain("runs/SmolLM2/demo/20260105T100000Z-3f2a1c", "17")  # doctest: +SKIP
>>> found.opinions[0].answer, found.opinions[0].outcome  # doctest: +SKIP
('0.50', 'correct')
>>> print(found.readings[0].tree)  # doctest: +SKIP
/
  1
  2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from answer_normalizers import Verdict, check
from answer_normalizers.parsing.reading import read
from answer_normalizers.plugins import did_you_mean
from answer_normalizers.tree.show import tree
from mathevalkit.errors import UsageError
from mathevalkit.runs.foreign import Fields
from mathevalkit.runs.sources import Source, open_sources
from mathevalkit.scoring.judge import Judge, ScorerOptions
from mathevalkit.scoring.outcomes import scored
from mathevalkit.types import FinishReason, Generation, Outcome

__all__ = ["AnswerReading", "Explanation", "ScorerOpinion", "explain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReading:
    """How the engine reads one answer: the gold, or what a scorer extracted."""

    answer: str
    by: tuple[str, ...]
    """``gold``, or the scorers that extracted it."""
    normalised: str
    tree: str
    """The typed tree, one node a line; empty where the answer could not be read."""
    problem: str
    """Why it could not be read."""
    verdict: str
    """What the engine says of it against the gold; empty for the gold itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerOpinion:
    """What one scorer makes of the completion."""

    scorer: str
    outcome: Outcome
    answer: str | None
    span: tuple[int, int] | None
    """Where in the text the answer stands (characters)."""
    rule: str | None
    explicit: bool | None
    """Whether the text marks its answer; None where none was extracted."""
    stage: str
    reason: str
    witness: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One completion and everything that was made of it."""

    source: str
    sample_id: str
    k: int
    question: str
    gold: str
    text: str
    finish_reason: FinishReason
    error: str | None
    opinions: tuple[ScorerOpinion, ...]
    readings: tuple[AnswerReading, ...]
    """The gold first, then each answer that was extracted."""


def explain(
    path: str | Path,
    sample_id: str,
    *,
    k: int = 0,
    scorers: Sequence[str] = (),
    strategy: str | None = None,
    fields: Fields | None = None,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> Explanation:
    """Judge one completion again and keep every step.

    Args:
        path: a run directory or a file of generations, as ``rescore`` takes it.
        sample_id: of the sample.
        k: which of its completions.
        scorers: names; empty for the run's own, else ``auto``.
        strategy: extraction strategy for scorers that take one; None for the run's own, else ``auto``.
        fields: names of the fields of a JSON Lines file.
        data_file: the rows of the run's task, where they are not where its manifest says.
        task_dirs: folders of the user's task files.

    Raises:
        UsageError: no such completion or scorer.
        DataError, RunDirectoryError, TaskError: something cannot be read.
    """
    sources = open_sources([path], names=fields, data_file=data_file, task_dirs=task_dirs)
    if len(sources) != 1:
        raise UsageError(f"{path}: holds {len(sources)} runs or files of generations; name one of them")
    source = sources[0]
    generation = _find(source, sample_id, k)
    manifest = source.manifest
    names = tuple(dict.fromkeys(scorers)) or (manifest.scorers if manifest else ("auto",))
    judge = Judge(names, ScorerOptions.of(manifest.recipe if manifest else None, strategy=strategy))
    opinions = tuple(
        _opinion(name, generation, verdict)
        for name, verdict in zip(names, judge.verdicts(generation), strict=True)
    )
    sample = source.samples.get(sample_id)
    completion = generation.completion
    return Explanation(
        source=source.label,
        sample_id=sample_id,
        k=k,
        question=sample.question if sample else "",
        gold=generation.gold,
        text=completion.text,
        finish_reason=completion.finish_reason,
        error=completion.error,
        opinions=opinions,
        readings=_readings(generation.gold, opinions),
    )


def _find(source: Source, sample_id: str, k: int) -> Generation:
    seen: dict[str, int] = {}
    for generation in source.generations():
        completion = generation.completion
        if completion.sample_id == sample_id and completion.k == k:
            return generation
        seen[completion.sample_id] = seen.get(completion.sample_id, 0) + 1
    if sample_id in seen:
        raise UsageError(
            f"{source.path}: sample {sample_id!r} has {seen[sample_id]} completions, and none with k={k}"
        )
    ids = list(seen)[:10_000]
    hint = did_you_mean(sample_id, ids) or f"; there are {', '.join(ids[:3])} …"
    raise UsageError(f"{source.path}: no sample {sample_id!r}{hint}")


def _opinion(name: str, generation: Generation, verdict: Verdict | None) -> ScorerOpinion:
    line = scored(generation.completion, verdict)
    extraction = verdict.extraction if verdict is not None else None
    return ScorerOpinion(
        scorer=name,
        outcome=line.outcome,
        answer=line.answer,
        span=line.span,
        rule=line.rule,
        explicit=extraction.explicit if extraction is not None else None,
        stage=line.stage,
        reason=line.reason,
        witness=verdict.witness if verdict is not None else None,
    )


def _readings(gold: str, opinions: Sequence[ScorerOpinion]) -> tuple[AnswerReading, ...]:
    answers: dict[str, list[str]] = {}
    for opinion in opinions:
        if opinion.answer is not None:
            answers.setdefault(opinion.answer, []).append(opinion.scorer)
    return (
        _reading(gold, ("gold",), gold=None),
        *(_reading(answer, tuple(by), gold=gold) for answer, by in answers.items()),
    )


def _reading(answer: str, by: tuple[str, ...], *, gold: str | None) -> AnswerReading:
    found = read(answer)
    verdict = ""
    if gold is not None:
        judged = check(gold=gold, pred=answer)
        word = {True: "equivalent", False: "different", None: "undecided"}[judged.equivalent]
        verdict = f"{word} (stage {judged.stage}): {judged.reason}"
    return AnswerReading(
        answer=answer,
        by=by,
        normalised=found.text,
        tree=tree(found.value) if found.value is not None else "",
        problem=found.problem,
        verdict=verdict,
    )
