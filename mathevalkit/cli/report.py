"""``mathevalkit report``: runs side by side, as a page, a table or samples."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean


class Form(StrEnum):
    """What ``--format`` takes."""

    terminal = "terminal"
    html = "html"
    md = "md"
    tex = "tex"
    csv = "csv"
    parquet = "parquet"


TO_FILE = (Form.html, Form.parquet)
"""Formats that nobody reads on stdout."""


def report(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Run directories; the first is the base.")
    ],
    *,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="Default: what the ending of --out says, else terminal."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Default: report.html or .parquet; else stdout."),
    ] = None,
    scorer: Annotated[
        str | None, typer.Option("--scorer", help="Show all runs under this scorer instead of their own.")
    ] = None,
    data_file: Annotated[
        str | None, typer.Option("--data-file", metavar="FILE", help="The rows, where they have moved.")
    ] = None,
) -> None:
    """Report one run or several side by side: terminal, HTML, Markdown, LaTeX, or samples as CSV or Parquet.

    The HTML file needs no network: samples, mathematics and drawings are in it.
    """
    from mathevalkit.reporting.report import format_of
    from mathevalkit.reporting.report import report as read_report

    if form is None:
        form = Form(format_of(out)) if out is not None else Form.terminal
    if form is Form.terminal and out is not None:
        raise UsageError("--out needs a format that is written to a file; --format terminal prints")
    made = read_report(*runs, scorer=scorer, data_file=data_file)
    if form is Form.terminal:
        from mathevalkit.cli.views.report import print_report
        from mathevalkit.presentation.terminal import make_console

        print_report(make_console(sys.stdout), made)
        return
    written = format_of(Path(f"report.{form.value}"))
    if out is None and form in TO_FILE:
        out = Path(f"report.{form.value}")
    if out is None:
        sys.stdout.buffer.write(made.to_bytes(written))
        sys.stdout.buffer.flush()
        return
    made.save(out, form=written)
    typer.echo(f"{clean(out)}: {out.stat().st_size / 1e6:.1f} MB")
