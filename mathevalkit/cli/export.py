"""``mathevalkit export``: runs in the format of a leaderboard or another harness, or as a bundle."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated

import typer

from mathevalkit.cli.options import DataFile, Json, TaskDirs, option, takes
from mathevalkit.cli.output import print_json, print_warning
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean

SUBMISSION = ("scale", "model_id", "dataset", "task_id", "source_url", "organization", "relationship")
"""Fields of ``ExportOptions``: what a submission says besides the run."""
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """The command line of ``export``."""

    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Directories of whole runs.")]
    form: Annotated[
        str | None,
        option(None, "NAME", "hf-eval-results, model-index, lm-eval or every-eval-ever.", "--format"),
    ] = None
    bundle: Annotated[
        str | None, option(None, "FILE", "One run as a .tar.gz that `verify` can check.", "--bundle")
    ] = None
    out: Annotated[str, option(None, "DIR", "Folder to write below. Default: this one.", "--out")] = "."
    scale: Annotated[
        str | None, option(None, "SCALE", "percent or fraction. Default: the format's habit.", "--scale")
    ] = None
    model_id: Annotated[
        str | None, option(None, "ORG/NAME", "The model on the hub, if run from local files.", "--model-id")
    ] = None
    dataset: Annotated[str | None, option(None, "ID", "The benchmark's dataset on the hub.", "--dataset")] = (
        None
    )
    task_id: Annotated[str | None, option(None, "ID", "What the benchmark calls the task.", "--task-id")] = (
        None
    )
    source_url: Annotated[
        str | None, option(None, "URL", "Where this evaluation can be read.", "--source-url")
    ] = None
    organization: Annotated[str | None, option(None, "NAME", "Who evaluated.", "--organization")] = None
    relationship: Annotated[
        str,
        option(
            None,
            "NAME",
            f"Of the evaluator to the model's makers: {', '.join(RELATIONSHIPS)}. Default: other.",
            "--relationship",
        ),
    ] = "other"
    data_file: DataFile = None
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
        print_warning(warning)
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
