"""Samples on which a run did otherwise than another: one definition, for comparisons and for dashboards.

A sample's score in a run is the share of its completions that are right, of those that the engine gave. The
sample flips where that share is another one; where a run has no completion of it, there is no share, and so
no flip.

| before           | after                    |                                             |
| ---------------- | ------------------------ | ------------------------------------------- |
| `correct, wrong` | `wrong, correct`         | no flip: half of them are right both times  |
| `correct, wrong` | `correct, backend_error` | a flip: half of them, and all that there is |
| `correct`        | `backend_error`          | no flip: nothing to set against it          |

Accuracies, differences and their tests are made of the same shares, so the flips that are listed are exactly
the samples that a difference counts as gained and lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from mathevalkit.comparison.result import Flip
from mathevalkit.runs.reader import Lines, score_of
from mathevalkit.types import Outcome, Sample


def flipped(base: Mapping[str, Lines], tuned: Mapping[str, Lines]) -> Iterator[str]:
    """The ids of the samples of both runs that flip, in the order of the second.

    Args:
        base: the completions of each sample in one run, by its id.
        tuned: those in the other.
    """
    for sample_id, now in tuned.items():
        was = base.get(sample_id)
        if was is None or was == now:
            continue  # most are alike, and a dashboard looks at millions
        (right, scored), (right_now, scored_now) = score_of(was), score_of(now)
        if scored and scored_now and right * scored_now != right_now * scored:
            yield sample_id


def flips_between(
    base: Mapping[str, Lines],
    tuned: Mapping[str, Lines],
    *,
    checkpoint: str,
    samples: Mapping[str, Sample],
) -> list[Flip]:
    """The samples that flip, with what there is to say of each; ``samples`` may lack some."""
    return [
        _flip(sample_id, base[sample_id], tuned[sample_id], checkpoint, samples.get(sample_id))
        for sample_id in flipped(base, tuned)
    ]


def _flip(sample_id: str, base: Lines, tuned: Lines, checkpoint: str, sample: Sample | None) -> Flip:
    base_outcome, base_answer = _typical(base)
    tuned_outcome, tuned_answer = _typical(tuned)
    return Flip(
        checkpoint=checkpoint,
        sample_id=sample_id,
        subject=sample.subject if sample else "",
        level=sample.level if sample else "",
        question=sample.question if sample else "",
        gold=sample.gold if sample else "",
        base=_share(base),
        tuned=_share(tuned),
        base_outcome=base_outcome,
        tuned_outcome=tuned_outcome,
        base_answer=base_answer,
        tuned_answer=tuned_answer,
    )


def _share(lines: Lines) -> float:
    correct, scored = score_of(lines)
    return correct / scored


def _typical(lines: Lines) -> tuple[Outcome, str | None]:
    """The most frequent outcome, and the first answer that ended so."""
    given = [(outcome, answer) for _, _, outcome, answer in lines if outcome != "backend_error"]
    most_frequent = Counter(outcome for outcome, _ in given).most_common(1)[0][0]
    return most_frequent, next(answer for outcome, answer in given if outcome == most_frequent)
