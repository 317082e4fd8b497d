"""``mathevalkit nightly`` and ``mathevalkit dashboard``: parsing and printing only."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.interrupts import interrupts_once
from mathevalkit.cli.tasks import Json, print_json
from mathevalkit.errors import RunDirectoryError
from mathevalkit.pipeline.observer import Observer
from mathevalkit.presentation.terminal import clean, clean_block, counted, make_console
from mathevalkit.runs.results import Results
from mathevalkit.types import Plan

if TYPE_CHECKING:
    from rich.console import Console

    from mathevalkit.nightly.record import Night, NightEntry


def nightly(
    suite_file: Annotated[Path, typer.Argument(metavar="SUITE", help="A suite file (YAML).")],
    *,
    night: Annotated[
        str | None,
        typer.Option("--night", metavar="ID", help="Which night this is. Default: the date, UTC."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a suite's night: what is missing or broke, each gated against its baseline; then the dashboard.

    Exit codes: 0 all passed; 1 a regression; otherwise that of the first failure; 2 where a gate cannot
    tell (or wrong usage).
    """
    from mathevalkit.nightly.dashboard.site import build_dashboard
    from mathevalkit.nightly.night import run_night
    from mathevalkit.nightly.suite import read_suite

    suite = read_suite(suite_file)
    done: Night | None = None
    with interrupts_once() as interrupts:
        try:
            done = run_night(suite, night=night or f"{datetime.now(UTC):%Y-%m-%d}", observer=_Lines())
            if as_json:
                print_json(done)
            else:
                _print_night(make_console(sys.stdout), done)
            site = build_dashboard(suite.output, suite.site)
        except KeyboardInterrupt:
            typer.echo("stopped; what was generated is safe: repeat the command to go on", err=True)
            raise typer.Exit(interrupts.exit_code) from None
        except RunDirectoryError as error:
            if done is None or not done.exit_code:
                raise
            typer.echo(f"error: {clean_block(error)}", err=True)  # the night's own exit code says more
            raise typer.Exit(done.exit_code) from None
    for warning in site.warnings:
        typer.echo(f"warning: {clean_block(warning)}", err=True)
    typer.echo(f"dashboard  {clean(site.index)}", err=as_json)
    raise typer.Exit(done.exit_code)


def dashboard(
    runs_dir: Annotated[
        Path, typer.Argument(metavar="RUNS_DIR", help="A suite's output folder, or a folder of runs.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="SITE", help="Folder to write the site into.")],
    as_json: Json = False,
) -> None:
    """Build a static site of all nights: trends, tonight by subject, verdicts, samples that flipped."""
    from mathevalkit.nightly.dashboard.site import build_dashboard

    site = build_dashboard(runs_dir, out)
    if as_json:
        print_json(site)
        return
    typer.echo(
        f"{counted(site.nights, 'night')}, {counted(site.series, 'trend')}; "
        f"{counted(site.pages_written, 'page')} written, {site.pages_kept:,} kept as they were"
    )
    for warning in site.warnings:
        typer.echo(f"warning: {clean_block(warning)}", err=True)
    typer.echo(clean(site.index))


class _Lines(Observer):
    """One plain line an event on stderr, as a cron job's mail wants it."""

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """A run begins or goes on."""
        begun = f"goes on with {resumed:,} of {plan.total:,}" if resumed else f"{plan.total:,} completions"
        typer.echo(
            f"{clean(plan.task.name)} · {clean(plan.recipe.name)}: {begun} in {clean(run_dir)}", err=True
        )

    def warning(self, message: str) -> None:
        """Something to know."""
        typer.echo(f"warning: {clean_block(message)}", err=True)

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:  # noqa: ARG002  # as Observer has it
        """A run is whole."""
        from mathevalkit.cli.views.results import result_line

        typer.echo(result_line(results) + ("  (on disk already)" if repeated else ""), err=True)


STYLES = {
    "pass": "green",
    "regression": "bold red",
    "cannot tell": "yellow",
    "no baseline": "dim",
    "failed": "bold red",
}


def _print_night(console: Console, night: Night) -> None:
    """One line an entry, and below it why one failed."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from mathevalkit.presentation.figures import interval, percent

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
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
    from mathevalkit.runs.changes import changes_text

    name = f"{clean(entry.model)} · {clean(entry.task)}"
    if entry.status == "failed":
        return f"{name}: failed: {clean_block(entry.error)}"
    if entry.gate is None or entry.status == "pass":
        return ""
    changed = changes_text(entry.changes) or "nothing that a manifest shows has changed"
    since = f"since {clean(entry.baseline)}: {clean(changed)}"
    return f"{name}: {entry.status}: {clean(entry.gate.reason)}; {since}"
