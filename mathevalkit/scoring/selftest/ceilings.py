"""What a scorer can see at all: golds of a task, stated in many ways, and near misses.

A scorer whose recall is 0 in the style a model answers in scores that model 0, whatever it answers; one
that accepts near misses scores it too high. Both are measured here, without a model, on a task's own golds.

    >>> from mathevalkit.tasks.finding import load_task
    >>> found = selftest(load_task("demo"), scorers=["auto", "lm_eval_gsm8k_strict"])
    >>> (metamath,) = (row for row in found.styles if row.style == "metamath")
    >>> metamath.accepted["auto"] == metamath.tried, metamath.accepted["lm_eval_gsm8k_strict"]
    (True, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from answer_normalizers import check
from answer_normalizers.parsing.reading import read
from mathevalkit.scoring.judge import Judge
from mathevalkit.scoring.selftest.texts import MISSES, STYLES, Miss
from mathevalkit.tasks.rows import load_data, select
from mathevalkit.types import Completion, Generation, Sample, Task

__all__ = ["Failure", "GoldProblem", "MissRow", "Selftest", "StyleRow", "audit_golds", "selftest"]

REFERENCE = "reference_solution"
"""The style of the task's own solutions, where its data has them."""


@dataclass(frozen=True, slots=True)
class StyleRow:
    """How many golds each scorer accepts where a text states them so."""

    style: str
    tried: int
    accepted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MissRow:
    """How many wrong answers of a kind each scorer accepts."""

    miss: str
    tried: int
    accepted: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A right answer that a scorer refused, or a wrong one that it accepted."""

    scorer: str
    kind: str
    """The style or the near miss."""
    sample_id: str
    gold: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selftest:
    """The whole of it."""

    task: str
    samples: int
    scorers: tuple[str, ...]
    styles: tuple[StyleRow, ...]
    misses: tuple[MissRow, ...]
    miss_styles: Mapping[str, str]
    """The style in which each scorer was shown the near misses: the one it reads best."""
    refused: tuple[Failure, ...]
    false_accepted: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldProblem:
    """A gold that cannot be judged."""

    sample_id: str
    gold: str
    problems: tuple[str, ...]


def selftest(
    task: Task,
    *,
    scorers: Sequence[str],
    data_file: str | Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    failures: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Selftest:
    """Show every scorer each gold in each style, and each near miss.

    Args:
        task: whose golds.
        scorers: names in the registry.
        data_file: the task's rows, where they are not where it says.
        limit: a random sample of that many golds, drawn with ``seed``.
        seed: of that sample.
        failures: how many refused and how many accepted near misses to return for each scorer and kind.
        on_progress: called with the styles and near misses done, and how many there are.

    Raises:
        UsageError: no such scorer.
        DataError: the rows cannot be read.
    """
    judge = Judge(scorers)
    samples = select(load_data(task, data_file=data_file).samples, limit=limit, seed=seed)
    names = tuple(scorers)
    total = len(STYLES) + len(MISSES) + 1
    refused: list[Failure] = []
    accepted: list[Failure] = []
    rows: list[StyleRow] = []

    def tell(done: int) -> None:
        if on_progress is not None:
            on_progress(done, total)

    for done, style in enumerate((REFERENCE, *(style.name for style in STYLES))):
        texts = _in_style(samples, style)
        counts, found = _count(judge, names, texts, kind=style, wanted=True, keep=failures)
        if texts:
            rows.append(StyleRow(style, len(texts), counts))
        refused += found
        tell(done + 1)
    best = {name: _best_style(rows, name) for name in names}
    misses: list[MissRow] = []
    for done, miss in enumerate(MISSES, 1 + len(STYLES)):
        tried, counts, found = _missed(miss, samples, best, keep=failures)
        if tried:
            misses.append(MissRow(miss.name, tried, counts))
        accepted += found
        tell(done + 1)
    return Selftest(
        task=task.name,
        samples=len(samples),
        scorers=names,
        styles=tuple(rows),
        misses=tuple(misses),
        miss_styles=best,
        refused=tuple(refused),
        false_accepted=tuple(accepted),
    )


def _missed(
    miss: Miss, samples: Sequence[Sample], best: Mapping[str, str], *, keep: int
) -> tuple[int, dict[str, int], list[Failure]]:
    """How many golds have such a near miss, and how many each scorer accepts in the style it reads best."""
    wrong = [(sample, other) for sample in samples if (other := miss.change(sample.gold)) is not None]
    accepted: dict[str, int] = {}
    failures: list[Failure] = []
    for style in STYLES if wrong else ():
        readers = tuple(name for name in best if best[name] == style.name)
        if readers:
            texts = [(sample, text) for sample, other in wrong if (text := style.render(other))]
            counts, found = _count(Judge(readers), readers, texts, kind=miss.name, wanted=False, keep=keep)
            accepted |= counts
            failures += found
    return len(wrong), {name: accepted[name] for name in best} if wrong else {}, failures


def _in_style(samples: Sequence[Sample], name: str) -> list[tuple[Sample, str]]:
    if name == REFERENCE:
        return [(sample, sample.solution) for sample in samples if sample.solution]
    (render,) = (style.render for style in STYLES if style.name == name)
    return [(sample, text) for sample in samples if (text := render(sample.gold)) is not None]


def _best_style(rows: Sequence[StyleRow], scorer: str) -> str:
    """The style that writes any answer as it is, in which the scorer accepts most; the first of several."""
    general = max(row.tried for row in rows)
    candidates = [row for row in rows if row.tried == general and row.style != REFERENCE]
    return max(candidates, key=lambda row: row.accepted[scorer]).style


def _count(
    judge: Judge,
    names: Sequence[str],
    texts: Sequence[tuple[Sample, str]],
    *,
    kind: str,
    wanted: bool,
    keep: int,
) -> tuple[dict[str, int], list[Failure]]:
    """How many texts each scorer accepts, and the first where that is not as wanted."""
    counts = dict.fromkeys(names, 0)
    kept = dict.fromkeys(names, 0)
    found: list[Failure] = []
    for sample, text in texts:
        judged = judge.judge(_generation(sample, text))
        for name, line in zip(names, judged, strict=True):
            accepted = line.outcome == "correct"
            counts[name] += accepted
            if accepted is not wanted and kept[name] < keep:
                kept[name] += 1
                found.append(
                    Failure(
                        scorer=name,
                        kind=kind,
                        sample_id=sample.id,
                        gold=sample.gold,
                        text=text,
                        reason=line.reason,
                    )
                )
    return counts, found


def audit_golds(
    task: Task, *, scorers: Sequence[str], data_file: str | Path | None = None
) -> Iterator[GoldProblem]:
    """The golds that cannot be judged, with what is wrong with each.

    A gold is listed where the engine cannot read it as mathematics or words, where it is not equal to
    itself once a space is put in front, and where a scorer accepts it in no style at all.

    Raises:
        UsageError: no such scorer.
        DataError: the rows cannot be read.
    """
    judge = Judge(scorers)
    plain = [style for style in STYLES if style.render("GOLD") is not None]
    for sample in load_data(task, data_file=data_file).samples:
        problems = []
        reading = read(sample.gold)
        if reading.value is None:
            problems.append(f"not read: {reading.problem}")
        if check(gold=sample.gold, pred=f" {sample.gold}").equivalent is not True:
            problems.append("not equal to itself")
        unseen = dict.fromkeys(scorers)
        for style in plain:
            if not unseen:
                break
            text = style.render(sample.gold) or ""
            judged = judge.judge(_generation(sample, text))
            for name, line in zip(scorers, judged, strict=True):
                if line.outcome == "correct":
                    unseen.pop(name, None)
        problems += [f"{name} accepts it in no style" for name in unseen]
        if problems:
            yield GoldProblem(sample_id=sample.id, gold=sample.gold, problems=tuple(problems))


def _generation(sample: Sample, text: str) -> Generation:
    completion = Completion(sample_id=sample.id, k=0, text=text, finish_reason="stop")
    return Generation(completion, sample.gold, sample.solution)
