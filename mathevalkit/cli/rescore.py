"""``mathevalkit rescore``: saved generations under any scorers, side by side."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from mathevalkit.cli.options import (
    DataFile,
    FinishReasonField,
    GoldField,
    IdField,
    Json,
    Scorers,
    Strategy,
    TaskDirs,
    TextField,
)
from mathevalkit.cli.output import print_json, progress_bar
from mathevalkit.errors import UsageError


def rescore(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="RUN|FILE...", help="Run directories, samples_*.jsonl, any .jsonl, folders."),
    ],
    *,
    scorer: Scorers = None,
    all_scorers: Annotated[bool, typer.Option("--all", help="Every scorer there is.")] = False,
    strategy: Strategy = None,
    text_field: TextField = None,
    gold_field: GoldField = None,
    id_field: IdField = None,
    finish_reason_field: FinishReasonField = None,
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    disagreements: Annotated[
        int, typer.Option("--disagreements", metavar="N", help="Show N generations scorers differ on.")
    ] = 5,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="All disagreements, as .csv or .jsonl."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", help="Processes. Default: by the size of the files.")
    ] = None,
    no_write: Annotated[
        bool, typer.Option("--no-write", help="Only print; leave a run's verdict files as they are.")
    ] = False,
    write_results: Annotated[
        bool,
        typer.Option("--write-results", help="Write a run's results.json anew; the first scorer decides."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Score saved generations again, with any scorers; no model is needed.

    Prints the scorers side by side, how often each pair disagrees, and why. Of a run, the scorers' verdict
    files are written anew; its generations are only read.
    """
    from mathevalkit.runs.foreign import Fields
    from mathevalkit.runs.sources import open_sources
    from mathevalkit.scoring.disagreements import disagreement_file
    from mathevalkit.scoring.rescore import ALL, suggested_jobs
    from mathevalkit.scoring.rescore import rescore as score_again

    if scorer and all_scorers:
        raise UsageError("--scorer names some and --all takes every one; give one of them")
    if no_write and write_results:
        raise UsageError("--no-write writes nothing and --write-results does; give one of them")
    if disagreements < 0:
        raise UsageError(f"--disagreements {disagreements}: expected 0 or more")
    sources = open_sources(
        paths,
        names=Fields(text=text_field, gold=gold_field, id=id_field, finish_reason=finish_reason_field),
        data_file=data_file,
        task_dirs=task_dir or (),
    )
    with (
        disagreement_file(Path(out)) if out else nullcontext() as write,
        progress_bar("scoring", quiet=as_json) as progress,
    ):
        found = score_again(
            sources,
            scorers=ALL if all_scorers else scorer or (),
            strategy=strategy,
            jobs=suggested_jobs(sum(source.size for source in sources)) if jobs is None else jobs,
            write_verdicts=not no_write,
            write_results=write_results,
            disagreements=disagreements,
            on_disagreement=write,
            on_progress=progress,
        )
    if as_json:
        print_json(found)
    else:
        from mathevalkit.cli.views.rescored import print_rescored
        from mathevalkit.presentation.terminal import make_console

        print_rescored(make_console(sys.stdout), found)
