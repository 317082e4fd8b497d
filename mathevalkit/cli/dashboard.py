"""``mathevalkit dashboard``: a static site of all nights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mathevalkit.cli.options import Json
from mathevalkit.cli.output import print_json, print_warning
from mathevalkit.presentation.terminal import clean, counted


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
        print_warning(warning)
    typer.echo(clean(site.index))
