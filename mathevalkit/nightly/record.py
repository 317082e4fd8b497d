"""What a night of a suite left behind: one small file beside its runs.

    <output>/<night>/night.json                              how each entry of the suite ended
    <output>/<night>/<model>/<model folder>/<task>/<run id>/ its run directories

Nights follow each other by their ids, which sort as text: UTC dates do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from mathevalkit.atomic import write_atomically
from mathevalkit.comparison.gate import GateDecision
from mathevalkit.presentation.notebook import html_table
from mathevalkit.runs.changes import Change
from mathevalkit.runs.codec import SCHEMA_VERSION, encode, read_document
from mathevalkit.types import Accuracy

if TYPE_CHECKING:
    from pandas import DataFrame

NIGHT_FILE = "night.json"

Status: TypeAlias = Literal["pass", "regression", "cannot tell", "no baseline", "failed"]
"""A gate's decision; ``no baseline``: the first run of its kind; ``failed``: there is no decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightEntry:
    """How one model on one task under one recipe ended."""

    model: str
    """Its name in the suite."""
    task: str
    recipe: str
    """Empty where the model was to choose and the run failed before."""
    status: Status
    run_dir: str = ""
    """Relative to the suite's output folder; empty where there is no whole run."""
    accuracy: Accuracy | None = None
    baseline: str = ""
    """What it was judged against, likewise."""
    gate: GateDecision | None = None
    changes: tuple[Change, ...] = ()
    """What differs from the baseline."""
    notes: tuple[str, ...] = ()
    error: str = ""
    exit_code: int = 0

    @property
    def known_good(self) -> bool:
        """Whether the run may stand for what is good: it passed, or it was the first and nobody judged it."""
        return self.status in ("pass", "no baseline")

    @property
    def series(self) -> tuple[str, str, str]:
        """What the nights have in common."""
        return (self.model, self.task, self.recipe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """``night.json``."""

    schema_version: int = SCHEMA_VERSION
    night: str
    suite: str
    """The suite file."""
    entries: tuple[NightEntry, ...]

    @property
    def exit_code(self) -> int:
        """1 where something regressed, else the first failure's own code, else 2 where a gate cannot tell."""
        if any(entry.status == "regression" for entry in self.entries):
            return 1
        failed = [entry.exit_code for entry in self.entries if entry.status == "failed"]
        if failed:
            return failed[0]
        return 2 if any(entry.status == "cannot tell" for entry in self.entries) else 0

    def to_frame(self) -> DataFrame:
        """One row an entry: model, task, recipe, accuracy with its interval, difference, status, why.

        Proportions are fractions; columns that an entry has no value for are empty.
        """
        import pandas as pd

        nothing = Accuracy(value=None, low=None, high=None, floor=None, ceiling=None)
        return pd.DataFrame.from_records(
            [
                {
                    "night": self.night,
                    "model": entry.model,
                    "task": entry.task,
                    "recipe": entry.recipe,
                    "accuracy": (entry.accuracy or nothing).value,
                    "low": (entry.accuracy or nothing).low,
                    "high": (entry.accuracy or nothing).high,
                    "difference": entry.gate.difference if entry.gate else None,
                    "status": entry.status,
                    "reason": entry.error or (entry.gate.reason if entry.gate else ""),
                }
                for entry in self.entries
            ]
        )

    def _repr_html_(self) -> str:
        return html_table(
            f"night {self.night}",
            ["model", "task", "recipe", "accuracy", "change", "gate"],
            (
                [
                    entry.model,
                    entry.task,
                    entry.recipe,
                    f"{100 * entry.accuracy.value:.1f} %"
                    if entry.accuracy and entry.accuracy.value is not None
                    else "–",
                    f"{100 * entry.gate.difference:+.1f}" if entry.gate else "–",
                    entry.status + (f": {entry.error}" if entry.error else ""),
                ]
                for entry in self.entries
            ),
        )


def write_night(output: Path, night: Night) -> None:
    """Write a night's file. Raises RunDirectoryError where that fails."""
    write_atomically(output / night.night / NIGHT_FILE, encode(night), parents=True)


def read_nights(output: Path) -> list[Night]:
    """Every night of a suite's output folder, the oldest first.

    Raises:
        RunDirectoryError: a file cannot be read, or a newer mathevalkit wrote it.
    """
    files = sorted(output.glob(f"*/{NIGHT_FILE}"), key=lambda path: path.parent.name)
    return [read_document(file, Night) for file in files]
