"""``mathevalkit compare`` and ``mathevalkit gate``: parsing and printing only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mathevalkit.cli.tasks import Json, TaskDirs, print_json
from mathevalkit.errors import RunDirectoryError, UsageError
from mathevalkit.presentation.terminal import make_console

Scorer = Annotated[
    str | None,
    typer.Option(
        "--scorer", help="Judge all runs under this scorer. Default: one that all have verdicts of."
    ),
]
Shared = Annotated[
    bool, typer.Option("--shared", help="Use the problems that all runs have where they differ in rows.")
]


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="BASE RUN...", help="Run directories; the first is the base.")
    ],
    *,
    scorer: Scorer = None,
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
    data_file: Annotated[
        str | None,
        typer.Option("--data-file", metavar="FILE", help="The rows, where they are not where they were."),
    ] = None,
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


def gate(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="Run directory known to be good.")],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Run directory to judge.")],
    *,
    max_drop: Annotated[
        float,
        typer.Option("--max-drop", metavar="POINTS", help="Smallest drop that must not pass, in points."),
    ] = 2.0,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Most that a false alarm, or a missed drop, may occur.")
    ] = 0.05,
    scorer: Scorer = None,
    history: Annotated[
        list[str] | None,
        typer.Option("--history", metavar="RUN", help="A repeat of the baseline. Default: those beside it."),
    ] = None,
    shared: Shared = False,
    as_json: Json = False,
) -> None:
    """Decide whether a run is worse than its baseline.

    Exit codes: 0 pass; 1 regression; 2 cannot tell with this many samples (or wrong usage).
    """
    from mathevalkit.comparison.gate import gate as gate_runs

    report = gate_runs(
        baseline,
        candidate,
        max_drop=max_drop / 100,
        alpha=alpha,
        scorer=scorer,
        history=history,
        shared=shared,
    )
    if as_json:
        print_json(report)
    else:
        from mathevalkit.cli.views.comparison import print_gate

        print_gate(make_console(sys.stdout), report)
    raise typer.Exit(report.decision.exit_code)
