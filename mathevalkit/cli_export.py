"""``mathevalkit export`` and ``mathevalkit verify``: parsing and printing only."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli_tasks import Json, TaskDirs, print_json
from mathevalkit.errors import UsageError
from mathevalkit.terminal import clean, make_console, short

SHOWN_DIFFERENCES = 20
"""More than these are counted, not printed; --json has them all."""


def _choice(flag: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{flag} {value}: expected {' or '.join(choices)}")


def export(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Directories of whole runs.")],
    *,
    format: Annotated[  # noqa: A002  # the name of the option
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="hf-eval-results, model-index, lm-eval or every-eval-ever."
        ),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option("--bundle", metavar="FILE", help="One run as a .tar.gz that `verify` can check."),
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder to write below.")] = ".",
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="SCALE", help="percent or fraction. Default: the format's habit."),
    ] = None,
    model_id: Annotated[
        str | None,
        typer.Option("--model-id", metavar="ORG/NAME", help="The model on the hub, if run from local files."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="ID", help="The benchmark's dataset on the hub."),
    ] = None,
    task_id: Annotated[
        str | None, typer.Option("--task-id", metavar="ID", help="What the benchmark calls the task.")
    ] = None,
    source_url: Annotated[
        str | None, typer.Option("--source-url", metavar="URL", help="Where this evaluation can be read.")
    ] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", metavar="NAME", help="Who evaluated.")
    ] = None,
    relationship: Annotated[
        str,
        typer.Option(
            "--relationship",
            metavar="NAME",
            help="Of the evaluator to the model's makers: first_party, third_party, collaborative, other.",
        ),
    ] = "other",
    data_file: Annotated[
        str | None,
        typer.Option("--data-file", metavar="FILE", help="The rows, where they are not where they were."),
    ] = None,
    task_dir: TaskDirs = None,
    as_json: Json = False,
) -> None:
    """Write runs in the format of a leaderboard or another harness, or as a bundle others can verify."""
    if (format is None) == (bundle is None):
        raise UsageError("give --format NAME or --bundle FILE, one of them")
    if bundle is not None:
        _bundle(runs, bundle, data_file=data_file, task_dirs=tuple(task_dir or ()), as_json=as_json)
        return
    from mathevalkit.exporters import ExportOptions
    from mathevalkit.exporters import export as export_runs

    _choice("--scale", scale, ("percent", "fraction"))
    _choice("--relationship", relationship, ("first_party", "third_party", "collaborative", "other"))
    done = export_runs(
        runs,
        format=format or "",
        out=out,
        options=ExportOptions(
            scale=scale,  # type: ignore[arg-type]  # checked above
            model_id=model_id,
            dataset=dataset,
            task_id=task_id,
            source_url=source_url,
            organization=organization,
            relationship=relationship,  # type: ignore[arg-type]  # checked above
        ),
        data_file=data_file,
        task_dirs=tuple(task_dir or ()),
    )
    for warning in done.warnings:
        typer.echo(f"warning: {clean(warning)}", err=True)
    if as_json:
        print_json(done)
    else:
        for file in done.files:
            typer.echo(clean(file))


def _bundle(
    runs: list[str], target: str, *, data_file: str | None, task_dirs: tuple[str, ...], as_json: bool
) -> None:
    from mathevalkit.bundle import write_bundle

    if len(runs) != 1:
        raise UsageError("--bundle holds one run; give one run directory")
    written = write_bundle(runs[0], target, data_file=data_file, task_dirs=task_dirs)
    if as_json:
        print_json(written)
    else:
        typer.echo(f"{clean(written.path)}\nsha256 {written.sha256}")


def verify(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="What `export --bundle` wrote.")],
    *,
    max_gb: Annotated[
        float | None,
        typer.Option("--max-gb", metavar="N", help="Let it unpack to N GB. Default: 200 times its size."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle: undamaged, and scoring it again here gives the same verdicts and results.

    Exit codes: 0 verified; 1 not (or it cannot be read).
    """
    from mathevalkit.bundle import verify_bundle
    from mathevalkit.progress_line import interval, percent

    if max_gb is not None and not max_gb > 0:
        raise UsageError(f"--max-gb {max_gb:g}: expected a number above 0")
    found = verify_bundle(bundle, max_bytes=None if max_gb is None else int(max_gb * 1e9))
    if as_json:
        print_json({"verified": found.verified, "verification": found})
        raise typer.Exit(0 if found.verified else 1)
    console = make_console(sys.stdout)
    rows = {
        True: "the task's published rows",
        False: "not the task's published rows",
        None: "not compared with published rows",
    }[found.rows_known]
    for name, value in (
        ("bundle", f"{found.path}, sha256 {found.sha256}"),
        ("run", f"{found.run_id}, made with mathevalkit {found.made_with}"),
        ("model", found.model),
        ("task", f"{found.task}, {found.samples:,} samples, {rows}"),
        ("scored again", f"{found.completions:,} completions with {', '.join(found.scorers) or 'no scorer'}"),
        ("accuracy", f"{percent(found.accuracy.value)} ({interval(found.accuracy)})"),
    ):
        console.print(f"{name:<13}{clean(value)}", soft_wrap=True)
    for difference in found.differences[:SHOWN_DIFFERENCES]:
        console.print(
            f"{difference.what}: {clean(difference.where)}: recorded {short(difference.recorded, 80)}, "
            f"here {short(difference.found, 80)}",
            soft_wrap=True,
        )
    if len(found.differences) > SHOWN_DIFFERENCES:
        console.print(f"and {len(found.differences) - SHOWN_DIFFERENCES:,} more (--json shows all)")
    count = len(found.differences)
    console.print("verified" if found.verified else f"not verified: {count:,} difference{'s'[: count != 1]}")
    raise typer.Exit(0 if found.verified else 1)
