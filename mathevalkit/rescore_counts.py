"""What rescoring keeps of each generation, and the rows that come of it.

Eight bytes that are equal for generations of one sample, one byte of outcome for each scorer: a million
generations under five scorers are 13 MB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mathevalkit.generation_files import Source
from mathevalkit.metrics import clustered_interval, wilson_interval
from mathevalkit.panel import Cause, JudgedBlock
from mathevalkit.types import OUTCOMES, Accuracy, Outcome

_CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerRow:
    """One scorer on one file or run."""

    source: str
    path: str
    scorer: str
    samples: int
    completions: int
    accuracy: Accuracy
    outcomes: Mapping[Outcome, int]
    knows_truncation: bool
    """Whether the file says which texts were cut off; where not, they count as finished."""
    recorded: float | None = None
    """The accuracy under this scorer that the run's `results.json` holds, if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCount:
    """How often one scorer accepted what another did not."""

    source: str
    accepting: str
    other: str
    count: int
    causes: Mapping[Cause, int]


class Counts:
    """What is kept of a source's generations: a key of its sample, and one outcome for each scorer."""

    def __init__(self, scorers: Sequence[str]) -> None:
        self._scorers = scorers
        self._keys = bytearray()
        self._codes = [bytearray() for _ in scorers]
        self._causes: Counter[tuple[int, int, Cause]] = Counter()

    def add(self, judged: JudgedBlock) -> None:
        """Count a block."""
        self._keys += judged.keys
        for index, codes in enumerate(judged.codes):
            self._codes[index] += codes
        self._causes.update(judged.causes)

    def rows(self, source: Source, recorded: Mapping[str, float | None]) -> Iterator[ScorerRow]:
        """One row for each scorer. ``recorded``: the accuracies a run's ``results.json`` holds."""
        import numpy as np

        ids, samples = np.unique(np.frombuffer(self._keys, dtype="<u8"), return_inverse=True)
        for name, packed in zip(self._scorers, self._codes, strict=True):
            codes = np.frombuffer(packed, dtype=np.uint8)
            counts = np.bincount(codes, minlength=len(OUTCOMES))
            outcomes = {outcome: int(counts[code]) for outcome, code in _CODE.items()}
            scored = codes != _CODE["backend_error"]
            per_sample = zip(
                np.bincount(samples[codes == _CODE["correct"]], minlength=len(ids)).tolist(),
                np.bincount(samples[scored], minlength=len(ids)).tolist(),
                strict=True,
            )
            yield ScorerRow(
                source=source.label,
                path=str(source.path),
                scorer=name,
                samples=len(ids),
                completions=len(codes),
                accuracy=_accuracy(outcomes, per_sample, samples=len(ids)),
                outcomes=outcomes,
                knows_truncation=source.knows_truncation,
                recorded=recorded.get(name),
            )

    def pairs(self, source: Source) -> Iterator[PairCount]:
        """One row for each ordered pair of scorers that disagreed."""
        grouped: dict[tuple[int, int], Counter[Cause]] = {}
        for (accepting, other, cause), count in self._causes.items():
            grouped.setdefault((accepting, other), Counter())[cause] += count
        for (accepting, other), causes in sorted(grouped.items()):
            yield PairCount(
                source=source.label,
                accepting=self._scorers[accepting],
                other=self._scorers[other],
                count=causes.total(),
                causes=causes,
            )


def _accuracy(
    outcomes: Mapping[Outcome, int], per_sample: Iterable[tuple[int, int]], *, samples: int
) -> Accuracy:
    """As ``metrics.Tally`` has it, from counts that are grouped already."""
    total = sum(outcomes.values())
    scored = total - outcomes["backend_error"]
    if not total:
        return Accuracy(value=None, low=None, high=None, floor=None, ceiling=None)
    open_ = outcomes["undecided"] + outcomes["truncated"] + outcomes["backend_error"]
    floor, ceiling = outcomes["correct"] / total, (outcomes["correct"] + open_) / total
    if not scored:
        return Accuracy(value=None, low=None, high=None, floor=floor, ceiling=ceiling)
    if total == samples:
        low, high = wilson_interval(outcomes["correct"], scored)
    else:
        low, high = clustered_interval(per_sample)
    return Accuracy(value=outcomes["correct"] / scored, low=low, high=high, floor=floor, ceiling=ceiling)
