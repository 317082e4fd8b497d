"""What a comparison of runs holds: checkpoints, the table, where the differences come from, the flips.

``compare`` makes it, ``mathevalkit.cli.views.comparison`` prints it. Tables hold fractions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from mathevalkit.presentation.figures import p_text
from mathevalkit.presentation.notebook import html_notes, html_table
from mathevalkit.runs.changes import Change
from mathevalkit.stats.at_k import AtK
from mathevalkit.stats.power import samples_needed, samples_needed_for_mean
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
    spread: float
    """Root mean square of the differences of single samples; for one completion a sample its square is the
    share of samples that flipped."""
    binary: bool
    """One completion a sample in both runs."""

    def samples_needed(self, difference: float, *, alpha: float = 0.05) -> int:
        """How many samples like these show a true difference of that size with power 0.8."""
        if self.binary:
            return samples_needed(difference=difference, flips=self.spread**2, alpha=alpha)
        return samples_needed_for_mean(difference=difference, spread=self.spread, alpha=alpha)


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
        return _table_frame(self)

    def flips_frame(self) -> DataFrame:
        """One row for each sample that a checkpoint did otherwise than the base."""
        return _flips_frame(self)

    def gap_frame(self) -> DataFrame:
        """One row for each checkpoint and outcome: its part of the difference."""
        return _gap_frame(self)

    def _repr_html_(self) -> str:
        return _html(self)


# ---- as tables -------------------------------------------------------------------------------------


def _table_frame(comparison: Comparison) -> DataFrame:
    """One row for each group and checkpoint, the base's with empty differences.

    Columns: ``kind``, ``name``, ``samples``, ``checkpoint``, ``accuracy``, ``low``, ``high``, ``floor``,
    ``ceiling``, then of the difference to the base ``difference``, ``difference_low``, ``difference_high``,
    ``p``, ``p_adjusted``, ``significant``, ``gained``, ``lost``, ``detectable``.
    """
    import pandas as pd

    records = []
    for row in comparison.rows:
        for checkpoint, accuracy, difference in zip(
            comparison.checkpoints, row.accuracies, (None, *row.differences), strict=True
        ):
            records.append(
                {
                    "kind": row.kind,
                    "name": row.name,
                    "samples": row.samples,
                    "checkpoint": checkpoint.label,
                    "accuracy": accuracy.value,
                    "low": accuracy.low,
                    "high": accuracy.high,
                    "floor": accuracy.floor,
                    "ceiling": accuracy.ceiling,
                    "difference": difference.value if difference else None,
                    "difference_low": difference.low if difference else None,
                    "difference_high": difference.high if difference else None,
                    "p": difference.p if difference else None,
                    "p_adjusted": difference.p_adjusted if difference else None,
                    "significant": difference.significant if difference else None,
                    "gained": difference.gained if difference else None,
                    "lost": difference.lost if difference else None,
                    "detectable": difference.detectable if difference else None,
                }
            )
    frame = pd.DataFrame.from_records(records)
    return frame.astype({"gained": "Int64", "lost": "Int64", "significant": "boolean"})


def _flips_frame(comparison: Comparison) -> DataFrame:
    """One row for each sample that a checkpoint did otherwise than the base; columns as ``Flip``'s fields."""
    import pandas as pd

    return pd.DataFrame.from_records(
        [asdict(flip) for flip in comparison.flips], columns=list(Flip.__dataclass_fields__)
    )


def _gap_frame(comparison: Comparison) -> DataFrame:
    """One row for each checkpoint and outcome: ``checkpoint`` and the fields of ``GapPart``."""
    import pandas as pd

    return pd.DataFrame.from_records(
        [{"checkpoint": gap.checkpoint, **asdict(part)} for gap in comparison.gaps for part in gap.parts],
        columns=["checkpoint", "outcome", "gained", "lost", "value"],
    )


def _html(comparison: Comparison) -> str:
    """The table for a notebook, in percent, and the notes."""
    head = ["", "n", *(c.label for c in comparison.checkpoints)]
    for other in comparison.others:
        head += ["difference" if len(comparison.others) == 1 else f"{other.label} − base", "p (Holm)"]
    rows = [_html_cells(row) for row in comparison.rows if row.kind != "subject and level"]
    return html_table(f"{comparison.task_title}, accuracy in %", head, rows) + html_notes(comparison.notes)


def _html_cells(row: Row) -> list[str]:
    cells = [row.name, f"{row.samples:,}"]
    cells += ["–" if a.value is None else f"{100 * a.value:.1f}" for a in row.accuracies]
    for difference in row.differences:
        cells += (
            ["–", "–"] if difference is None else [difference_text(difference), p_text(difference.p_adjusted)]
        )
    return cells


def difference_text(difference: Difference, *, with_interval: bool = True) -> str:
    """In points, a star where it is significant: ``+17.3 * (+15.1 to +19.4)``."""
    value = f"{100 * difference.value:+.1f}" + (" *" if difference.significant else "")
    return (
        f"{value} ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})" if with_interval else value
    )
