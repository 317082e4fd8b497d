"""A night of a suite as a person reads it: lines while it goes on, then one an entry, and why one failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mathevalkit.cli.output import plain_table, print_warning, spelled
from mathevalkit.cli.views.results import result_line
from mathevalkit.nightly.record import Night, NightEntry
from mathevalkit.pipeline.evaluation import Observer
from mathevalkit.presentation.figures import interval, percent
from mathevalkit.presentation.terminal import clean, clean_block
from mathevalkit.runs.changes import changes_text
from mathevalkit.runs.results import Results
from mathevalkit.types import Plan

if TYPE_CHECKING:
    from rich.console import Console


class NightLines(Observer):
    """One plain line an event on stderr, as a cron job's mail wants it."""

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """A run begins or goes on."""
        begun = f"goes on with {resumed:,} of {plan.total:,}" if resumed else f"{plan.total:,} completions"
        typer.echo(
            f"{clean(plan.task.name)} · {clean(plan.recipe.name)}: {begun} in {clean(run_dir)}", err=True
        )

    def warning(self, message: str) -> None:
        """Something to know."""
        print_warning(message)

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:  # noqa: ARG002  # as Observer has it
        """A run is whole."""
        typer.echo(result_line(results) + ("  (on disk already)" if repeated else ""), err=True)


STYLES = {
    "pass": "green",
    "regression": "bold red",
    "cannot tell": "yellow",
    "no baseline": "dim",
    "failed": "bold red",
}


def print_night(console: Console, night: Night) -> None:
    """One line an entry, and below it why one failed."""
    from rich.text import Text

    table = plain_table()
    for name in ("model", "task", "recipe"):
        table.add_column(name, overflow="fold")
    for name in ("accuracy", "95 % interval", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("gate", no_wrap=True)
    for entry in night.entries:
        table.add_row(
            Text(clean(entry.model)),
            Text(clean(entry.task)),
            Text(clean(entry.recipe)),
            percent(entry.accuracy.value if entry.accuracy else None),
            interval(entry.accuracy) if entry.accuracy else "",
            f"{100 * entry.gate.difference:+.1f}" if entry.gate else "–",
            Text(entry.status, style=STYLES[entry.status]),
        )
    console.print(Text(f"night {clean(night.night)}", style="bold"))
    console.print()
    console.print(table)
    for entry in night.entries:
        if line := _why(entry):
            console.print(Text(line), soft_wrap=True)
    console.print()


def _why(entry: NightEntry) -> str:
    """What stands behind anything but a pass."""
    name = f"{clean(entry.model)} · {clean(entry.task)}"
    if entry.status == "failed":
        return f"{name}: failed: {clean_block(spelled(entry.error))}"
    if entry.gate is None or entry.status == "pass":
        return ""
    changed = changes_text(entry.changes) or "nothing that a manifest shows has changed"
    since = f"since {clean(entry.baseline)}: {clean(changed)}"
    return f"{name}: {entry.status}: {clean(entry.gate.reason)}; {since}"
