"""A report in a terminal: every run's table, then the comparison of those on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathevalkit.cli.output import spelled
from mathevalkit.cli.views.comparison import print_comparison
from mathevalkit.cli.views.results import facts_of_manifest, print_results
from mathevalkit.presentation.terminal import clean, print_line
from mathevalkit.reporting.report import Report
from mathevalkit.runs.reader import task_of

if TYPE_CHECKING:
    from rich.console import Console


def print_report(console: Console, made: Report) -> None:
    """Group by group."""
    for group in made.groups:
        for run in group.runs:
            print_results(console, run.results, facts_of_manifest(run.manifest, task_of(run.manifest)))
            console.print()
        if group.comparison is not None:
            print_comparison(console, group.comparison)
        for note in group.notes if group.comparison is None else ():
            print_line(console, f"! {clean(spelled(note))}")
