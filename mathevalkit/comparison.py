"""What a comparison of runs holds: checkpoints, the table, where the differences come from, the flips.

``mathevalkit.compare`` makes it, ``compare_frames`` turns it into tables, ``compare_display`` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from mathevalkit.at_k import AtK
from mathevalkit.manifest_changes import Change
from mathevalkit.types import Accuracy, Outcome

if TYPE_CHECKING:
    from pandas import DataFrame

Kind: TypeAlias = Literal["all", "subject", "level", "subject and level"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One run in a comparison."""

    label: str
    """Short and unique within the comparison."""
    model: str
    recipe: str
    scorer: str
    run_dir: str
    n: int
    """Completions a sample."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A checkpoint against the base in one group of samples. Fractions, not percent."""

    samples: int
    """Samples that both runs scored."""
    value: float
    low: float
    high: float
    """Interval of the difference at confidence ``1 - alpha``, not widened for the number of groups. Where p
    just misses alpha it may exclude 0: the test is exact and so a little stricter."""
    p: float
    p_adjusted: float
    """Holm's, within the family of this row."""
    significant: bool
    gained: int
    """Samples on which the checkpoint did better than the base."""
    lost: int
    detectable: float | None
    """The smallest true difference that these samples show with power 0.8, given how many of them flip
    and without correction for other groups; None where they are too few for any."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group of samples."""

    kind: Kind
    name: str
    samples: int
    accuracies: tuple[Accuracy, ...]
    """One for each checkpoint."""
    differences: tuple[Difference | None, ...]
    """One for each checkpoint but the base; None where no sample of the group was scored in both."""


@dataclass(frozen=True, slots=True)
class GapPart:
    """The part of a difference that comes and goes with one outcome."""

    outcome: Outcome
    gained: float
    """Samples (in expectation, for several completions) that went from this outcome to correct."""
    lost: float
    """Samples that went from correct to this outcome."""
    value: float
    """``(gained - lost) / samples``: the contribution to the difference of accuracies."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a checkpoint's difference to the base comes from."""

    checkpoint: str
    samples: int
    value: float
    """The whole difference; the sum of the parts."""
    parts: tuple[GapPart, ...]
    """One for each outcome but correct and backend_error."""
    answered_by_both: int
    """Samples to which every completion of both runs gave an answer."""
    value_where_answered: float | None
    """The difference on those alone: without format and truncation."""

    def part(self, outcome: Outcome) -> GapPart:
        """The part of one outcome."""
        return next(part for part in self.parts if part.outcome == outcome)


@dataclass(frozen=True, slots=True)
class Flip:
    """A sample on which a checkpoint did otherwise than the base."""

    checkpoint: str
    sample_id: str
    subject: str
    level: str
    question: str
    """Empty where the rows cannot be read; so are gold, subject and level then."""
    gold: str
    base: float
    """Share of completions right; 0 or 1 for one completion."""
    tuned: float
    base_outcome: Outcome
    """The most frequent one."""
    tuned_outcome: Outcome
    base_answer: str | None
    """Of the first completion with that outcome."""
    tuned_answer: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs compared. ``rows[0]`` is the whole; ``to_frame`` and its like give tables."""

    task: str
    task_title: str
    alpha: float
    samples: int
    """Problems that all runs have."""
    checkpoints: tuple[Checkpoint, ...]
    """The base first."""
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    """One for each checkpoint but the base."""
    flips: tuple[Flip, ...]
    at_k: tuple[tuple[AtK, ...], ...]
    """pass@n and maj@n of each checkpoint with several completions a sample; else empty."""
    changes: tuple[tuple[Change, ...], ...]
    """What differs from the base besides the model, for each checkpoint but the base."""
    notes: tuple[str, ...]

    @property
    def others(self) -> tuple[Checkpoint, ...]:
        """The checkpoints compared with the base."""
        return self.checkpoints[1:]

    def to_frame(self) -> DataFrame:
        """The table, tidy: one row for each group and checkpoint. Proportions are fractions."""
        from mathevalkit.compare_frames import table_frame

        return table_frame(self)

    def flips_frame(self) -> DataFrame:
        """One row for each sample that a checkpoint did otherwise than the base."""
        from mathevalkit.compare_frames import flips_frame

        return flips_frame(self)

    def gap_frame(self) -> DataFrame:
        """One row for each checkpoint and outcome: its part of the difference."""
        from mathevalkit.compare_frames import gap_frame

        return gap_frame(self)

    def _repr_html_(self) -> str:
        from mathevalkit.compare_frames import comparison_html

        return comparison_html(self)
