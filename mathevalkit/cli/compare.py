"""``mathevalkit compare``: checkpoints on the same samples, subject by subject."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mathevalkit.cli.options import CommonScorer, DataFile, Json, Shared, TaskDirs
from mathevalkit.cli.output import print_json
from mathevalkit.errors import RunDirectoryError, UsageError


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="BASE RUN...", help="Run directories; the first is the base.")
    ],
    *,
    scorer: CommonScorer = None,
    shared: Shared = False,
    alpha: Annotated[float, typer.Option("--alpha", help="Level of the tests.")] = 0.05,
    cross: Annotated[bool, typer.Option("--cross", help="Also every subject at every level.")] = False,
    flips: Annotated[
        int, typer.Option("--flips", metavar="N", min=0, help="Show N of the samples that flipped.")
    ] = 0,
    wanted: Annotated[
        float | None,
        typer.Option(
            "--wanted", metavar="POINTS", help="Say how many samples a difference of this size needs."
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the table as CSV too.")
    ] = None,
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    as_json: Json = False,
) -> None:
    """Compare checkpoints on the same samples, subject by subject, with paired tests."""
    from mathevalkit.comparison.compare import compare as compare_runs

    if wanted is not None and not 0 < wanted <= 100:
        raise UsageError(f"--wanted {wanted:g}: expected points above 0, at most 100")
    comparison = compare_runs(
        *_at_least_two(runs),
        scorer=scorer,
        shared=shared,
        alpha=alpha,
        data_file=data_file,
        task_dirs=tuple(task_dir or ()),
    )
    if csv is not None:
        from mathevalkit.atomic import write_atomically
        from mathevalkit.presentation.spreadsheet import frame_csv

        try:
            write_atomically(csv, frame_csv(comparison.to_frame()))
        except RunDirectoryError as error:
            raise UsageError(f"--csv {error}") from error
    if as_json:
        print_json(comparison)
        return
    from mathevalkit.cli.views.comparison import print_comparison
    from mathevalkit.presentation.terminal import make_console

    print_comparison(
        make_console(sys.stdout),
        comparison,
        cross=cross,
        flips=flips,
        wanted=None if wanted is None else wanted / 100,
    )


def _at_least_two(runs: list[str]) -> list[str]:
    if len(runs) < 2:
        raise UsageError("give at least two run directories: mathevalkit compare BASE TUNED")
    return runs
