"""``mathevalkit export`` and ``mathevalkit verify``: parsing and printing only."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import Annotated, Any

import typer

from mathevalkit.cli.options import takes
from mathevalkit.cli.tasks import Json, TaskDirs, print_json
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean, counted, make_console, short

SHOWN_DIFFERENCES = 20
"""More than these are counted, not printed; --json has them all."""


SUBMISSION = ("scale", "model_id", "dataset", "task_id", "source_url", "organization", "relationship")
"""Fields of ``ExportOptions``: what a submission says besides the run."""
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")


def _option(metavar: str, text: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """The command line of ``export``."""

    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Directories of whole runs.")]
    form: Annotated[
        str | None,
        _option("NAME", "hf-eval-results, model-index, lm-eval or every-eval-ever.", "--format"),
    ] = None
    bundle: Annotated[
        str | None, _option("FILE", "One run as a .tar.gz that `verify` can check.", "--bundle")
    ] = None
    out: Annotated[str, _option("DIR", "Folder to write below.", "--out")] = "."
    scale: Annotated[
        str | None, _option("SCALE", "percent or fraction. Default: the format's habit.", "--scale")
    ] = None
    model_id: Annotated[
        str | None, _option("ORG/NAME", "The model on the hub, if run from local files.", "--model-id")
    ] = None
    dataset: Annotated[str | None, _option("ID", "The benchmark's dataset on the hub.", "--dataset")] = None
    task_id: Annotated[str | None, _option("ID", "What the benchmark calls the task.", "--task-id")] = None
    source_url: Annotated[
        str | None, _option("URL", "Where this evaluation can be read.", "--source-url")
    ] = None
    organization: Annotated[str | None, _option("NAME", "Who evaluated.", "--organization")] = None
    relationship: Annotated[
        str,
        _option(
            "NAME",
            f"Of the evaluator to the model's makers: {', '.join(RELATIONSHIPS)}.",
            "--relationship",
        ),
    ] = "other"
    data_file: Annotated[
        str | None, _option("FILE", "The rows, where they are not where they were.", "--data-file")
    ] = None
    task_dir: TaskDirs = None
    as_json: Json = False


@takes(ExportArguments)
def export(arguments: ExportArguments) -> None:
    """Write runs in the format of a leaderboard or another harness, or as a bundle others can verify."""
    if (arguments.form is None) == (arguments.bundle is None):
        raise UsageError("give --format NAME or --bundle FILE, one of them")
    if arguments.bundle is not None:
        _bundle(arguments, arguments.bundle)
    else:
        _export(arguments, arguments.form or "")


def _export(arguments: ExportArguments, form: str) -> None:
    from mathevalkit.exporters.export import ExportOptions
    from mathevalkit.exporters.export import export as export_runs

    _choice("--scale", arguments.scale, ("percent", "fraction"))
    _choice("--relationship", arguments.relationship, RELATIONSHIPS)
    done = export_runs(
        arguments.runs,
        format=form,
        out=arguments.out,
        options=ExportOptions(**{name: getattr(arguments, name) for name in SUBMISSION}),
        data_file=arguments.data_file,
        task_dirs=tuple(arguments.task_dir or ()),
    )
    for warning in done.warnings:
        typer.echo(f"warning: {clean(warning)}", err=True)
    if arguments.as_json:
        print_json(done)
    else:
        for file in done.files:
            typer.echo(clean(file))


def _choice(flag: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{flag} {value}: expected {' or '.join(choices)}")


def _bundle(arguments: ExportArguments, target: str) -> None:
    from mathevalkit.exporters.bundle.bundle import write_bundle

    if len(arguments.runs) != 1:
        raise UsageError("--bundle holds one run; give one run directory")
    defaults = {field.name: field.default for field in fields(arguments)}
    for name in (*SUBMISSION, "out"):
        if getattr(arguments, name) != defaults[name]:
            raise UsageError(f"--{name.replace('_', '-')} is for --format; a bundle holds the run as it is")
    written = write_bundle(
        arguments.runs[0],
        target,
        data_file=arguments.data_file,
        task_dirs=tuple(arguments.task_dir or ()),
    )
    if arguments.as_json:
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
    from mathevalkit.exporters.bundle.bundle import verify_bundle
    from mathevalkit.presentation.figures import interval, percent

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
    differences = counted(len(found.differences), "difference")
    console.print("verified" if found.verified else f"not verified: {differences}")
    raise typer.Exit(0 if found.verified else 1)
