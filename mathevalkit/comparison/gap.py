"""What became of each sample in one run and in another: where a difference comes from, and who flipped.

>>> right, wrong, cut = ((Line(0, o, "1"),) for o in ("correct", "wrong", "truncated"))
>>> gap = gap_between("tuned", [(wrong, right), (right, wrong), (cut, right), (right, right)])
>>> gap.value, gap.part("wrong").value, gap.part("truncated").value
(0.25, 0.0, 0.25)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from mathevalkit.comparison.align import Alignment
from mathevalkit.comparison.result import Flip, Gap, GapPart
from mathevalkit.runs.reader import Line
from mathevalkit.types import OUTCOMES, Outcome, Sample

Lines: TypeAlias = tuple[Line, ...]
"""The completions of one sample in one run."""


def gap_between(label: str, pairs: Sequence[tuple[Lines, Lines]]) -> Gap:
    """Split the difference of two runs by what became of each sample in both.

    With several completions a sample, every completion of one run is set against every one of the other.
    Samples that either run has no completion of are left out.
    """
    gained: defaultdict[Outcome, float] = defaultdict(float)
    lost: defaultdict[Outcome, float] = defaultdict(float)
    samples = both = 0
    where_answered = 0.0
    for base_lines, tuned_lines in pairs:
        base, tuned = _shares(base_lines), _shares(tuned_lines)
        if not base or not tuned:
            continue
        samples += 1
        for outcome in OUTCOMES:
            if outcome != "correct":
                gained[outcome] += base.get(outcome, 0.0) * tuned.get("correct", 0.0)
                lost[outcome] += base.get("correct", 0.0) * tuned.get(outcome, 0.0)
        if not {"no_answer", "truncated"} & {*base, *tuned}:
            both += 1
            where_answered += tuned.get("correct", 0.0) - base.get("correct", 0.0)
    parts = tuple(
        GapPart(
            outcome=outcome,
            gained=gained[outcome],
            lost=lost[outcome],
            value=(gained[outcome] - lost[outcome]) / samples if samples else 0.0,
        )
        for outcome in OUTCOMES
        if outcome not in ("correct", "backend_error")
    )
    return Gap(
        checkpoint=label,
        samples=samples,
        value=sum(part.value for part in parts),
        parts=parts,
        answered_by_both=both,
        value_where_answered=where_answered / both if both else None,
    )


def _shares(lines: Lines) -> dict[Outcome, float]:
    """The outcomes of a sample's completions as shares, engine failures left out."""
    counts = Counter(line.outcome for line in lines if line.outcome != "backend_error")
    return {outcome: count / counts.total() for outcome, count in counts.items()}


def flips_between(
    labels: Sequence[str],
    alignment: Alignment,
    samples: Mapping[str, Sample],
    lines: Sequence[Sequence[Lines]],
) -> Iterator[Flip]:
    """Samples on which a run did otherwise than the first.

    The largest changes first, gains before losses, else by id.

    Args:
        labels: names of the runs, the first one's included.
        alignment: the problems.
        samples: their rows by id in the first run, as far as they can be read.
        lines: for each problem its completions in each run.
    """
    for i, label in enumerate(labels[1:], 1):
        found = []
        for ids, row in zip(alignment.ids, lines, strict=True):
            base, tuned = _shares(row[0]), _shares(row[i])
            before, after = base.get("correct", 0.0), tuned.get("correct", 0.0)
            if not base or not tuned or before == after:
                continue
            sample = samples.get(ids[0])
            base_outcome, base_answer = _typical(row[0])
            tuned_outcome, tuned_answer = _typical(row[i])
            found.append(
                Flip(
                    checkpoint=label,
                    sample_id=ids[0],
                    subject=sample.subject if sample else "",
                    level=sample.level if sample else "",
                    question=sample.question if sample else "",
                    gold=sample.gold if sample else "",
                    base=before,
                    tuned=after,
                    base_outcome=base_outcome,
                    tuned_outcome=tuned_outcome,
                    base_answer=base_answer,
                    tuned_answer=tuned_answer,
                )
            )
        yield from sorted(found, key=lambda flip: (-abs(flip.tuned - flip.base), flip.base - flip.tuned))


def _typical(lines: Lines) -> tuple[Outcome, str | None]:
    outcome = Counter(line.outcome for line in lines if line.outcome != "backend_error").most_common(1)[0][0]
    return outcome, next(line.answer for line in lines if line.outcome == outcome)
