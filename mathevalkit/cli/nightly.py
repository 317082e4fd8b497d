"""``mathevalkit nightly``: a suite's night, gated, and the dashboard after it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.interrupts import interrupts_once
from mathevalkit.cli.options import Json
from mathevalkit.cli.output import print_error, print_json, print_warning
from mathevalkit.errors import RunDirectoryError
from mathevalkit.presentation.terminal import clean, make_console

if TYPE_CHECKING:
    from mathevalkit.nightly.record import Night


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
    from mathevalkit.cli.views.night import NightLines, print_night
    from mathevalkit.nightly.dashboard.site import build_dashboard
    from mathevalkit.nightly.night import run_night
    from mathevalkit.nightly.suite import read_suite

    suite = read_suite(suite_file)
    done: Night | None = None
    with interrupts_once() as interrupts:
        try:
            done = run_night(suite, night=night or f"{datetime.now(UTC):%Y-%m-%d}", observer=NightLines())
            if as_json:
                print_json(done)
            else:
                print_night(make_console(sys.stdout), done)
            site = build_dashboard(suite.output, suite.site)
        except KeyboardInterrupt:
            typer.echo("stopped; what was generated is safe: repeat the command to go on", err=True)
            raise typer.Exit(interrupts.exit_code) from None
        except RunDirectoryError as error:
            if done is None or not done.exit_code:
                raise
            print_error(error)  # and no more than that: the night's own exit code says more
            raise typer.Exit(done.exit_code) from None
    for warning in site.warnings:
        print_warning(warning)
    typer.echo(f"dashboard  {clean(site.index)}", err=as_json)
    raise typer.Exit(done.exit_code)
