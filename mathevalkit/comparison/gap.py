"""Where a difference comes from: what became of each sample in one run and in the other.

>>> right, wrong, cut = ((("17", 0, o, "1"),) for o in ("correct", "wrong", "truncated"))
>>> gap = gap_between("tuned", [(wrong, right), (right, wrong), (cut, right), (right, right)])
>>> gap.value, gap.part("wrong").value, gap.part("truncated").value
(0.25, 0.0, 0.25)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from mathevalkit.comparison.result import Gap, GapPart
from mathevalkit.runs.reader import Lines
from mathevalkit.types import OUTCOMES, Outcome


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
    counts = Counter(outcome for _, _, outcome, _ in lines if outcome != "backend_error")
    return {outcome: count / counts.total() for outcome, count in counts.items()}
