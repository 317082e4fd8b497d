"""``mathevalkit tasks``: list, show and validate task files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli.options import Json, TaskDirs
from mathevalkit.cli.output import print_json, spelled
from mathevalkit.errors import MathEvalError, UsageError
from mathevalkit.presentation.terminal import clean, clean_block

tasks_app = typer.Typer(help="List, show and validate tasks.", no_args_is_help=True, rich_markup_mode=None)


@tasks_app.command("list")
def list_command(*, task_dir: TaskDirs = None, as_json: Json = False) -> None:
    """List the tasks that --task finds by name."""
    from mathevalkit.tasks.finding import list_tasks

    tasks = list_tasks(tuple(task_dir or ()))
    if as_json:
        print_json(tasks)
        return
    from mathevalkit.cli.views.tasks import print_tasks
    from mathevalkit.presentation.terminal import make_console

    print_tasks(make_console(sys.stdout), tasks)


@tasks_app.command("show")
def show_command(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Name or path of a task file.")],
    *,
    task_dir: TaskDirs = None,
    as_json: Json = False,
) -> None:
    """Show a task: its data, its recipes with their prompts, published results."""
    from mathevalkit.tasks.finding import load_task

    loaded = load_task(task, task_dirs=tuple(task_dir or ()))
    if as_json:
        print_json(loaded)
        return
    from mathevalkit.cli.views.tasks import print_task
    from mathevalkit.presentation.terminal import make_console

    print_task(make_console(sys.stdout), loaded)


@tasks_app.command("validate")
def validate_command(
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK]...", help="Names or paths; every task without.")
    ] = None,
    *,
    data_file: Annotated[
        str | None,
        typer.Option("--data-file", metavar="FILE", help="Map these rows through the task as well."),
    ] = None,
    task_dir: TaskDirs = None,
) -> None:
    """Check task files, and the rows they name where those are local. Prints the rows' fingerprint."""
    from mathevalkit.tasks.finding import task_names

    directories = tuple(task_dir or ())
    names = tasks or list(task_names(directories))
    if data_file is not None and len(names) != 1:
        raise UsageError("--data-file holds the rows of one task; name that task")
    failed = 0
    for name in names:
        try:
            typer.echo(f"✓ {clean(name)}: {_validated(name, directories, data_file)}")
        except MathEvalError as error:
            failed += 1
            typer.echo(f"✗ {clean_block(spelled(error))}", err=True)
    if failed:
        raise typer.Exit(2)


def _validated(name: str, directories: tuple[str, ...], data_file: str | None) -> str:
    """What is right about a task. Raises what is wrong."""
    from mathevalkit.tasks.finding import load_task
    from mathevalkit.tasks.rows import load_data

    task = load_task(name, task_dirs=directories)
    recipes = f"{len(task.recipes)} recipe{'s' if len(task.recipes) > 1 else ''}"
    if data_file is None and task.file is None:
        return f"{recipes}; rows are on the hub and were not read (--data-file checks them)"
    data = load_data(task, data_file=data_file)
    known = {True: "known", False: "not in the task file", None: "the task file lists none"}[data.known]
    return f"{recipes}; {len(data.samples):,} rows; fingerprint {data.fingerprint} ({known})"
