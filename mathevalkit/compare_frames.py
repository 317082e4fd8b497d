"""Comparisons as pandas tables and as HTML for a notebook. Proportions are fractions in tables."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING

from mathevalkit.comparison import Comparison, Difference, Row
from mathevalkit.stats import p_text

if TYPE_CHECKING:
    from pandas import DataFrame


def table_frame(comparison: Comparison) -> DataFrame:
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
    return pd.DataFrame.from_records(records)


def flips_frame(comparison: Comparison) -> DataFrame:
    """One row for each sample that a checkpoint did otherwise than the base; columns as ``Flip``'s fields."""
    import pandas as pd

    from mathevalkit.comparison import Flip

    return pd.DataFrame.from_records(
        [asdict(flip) for flip in comparison.flips], columns=list(Flip.__dataclass_fields__)
    )


def gap_frame(comparison: Comparison) -> DataFrame:
    """One row for each checkpoint and outcome: ``checkpoint`` and the fields of ``GapPart``."""
    import pandas as pd

    return pd.DataFrame.from_records(
        [{"checkpoint": gap.checkpoint, **asdict(part)} for gap in comparison.gaps for part in gap.parts],
        columns=["checkpoint", "outcome", "gained", "lost", "value"],
    )


def comparison_html(comparison: Comparison) -> str:
    """The table for a notebook, in percent, everything escaped."""
    head = ["", "n", *(c.label for c in comparison.checkpoints)]
    for other in comparison.others:
        head += [f"{other.label} − {comparison.checkpoints[0].label}", "p (Holm)"]
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(_html_row(row) for row in comparison.rows if row.kind != "subject and level")
    notes = "".join(f"<p>{escape(note)}</p>" for note in comparison.notes)
    return (
        f"<table><caption>{escape(comparison.task_title)}, accuracy in %</caption>"
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>{notes}"
    )


def _html_row(row: Row) -> str:
    cells = [row.name, f"{row.samples:,}"]
    cells += ["–" if a.value is None else f"{100 * a.value:.1f}" for a in row.accuracies]
    for difference in row.differences:
        cells += (
            ["–", "–"] if difference is None else [difference_text(difference), p_text(difference.p_adjusted)]
        )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def difference_text(difference: Difference, *, with_interval: bool = True) -> str:
    """In points, a star where it is significant: ``+17.3 * (+15.1 to +19.4)``."""
    value = f"{100 * difference.value:+.1f}" + (" *" if difference.significant else "")
    return (
        f"{value} ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})" if with_interval else value
    )
