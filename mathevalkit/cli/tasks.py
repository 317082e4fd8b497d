"""``mathevalkit tasks``: list, show and validate task files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathevalkit.errors import MathEvalError, UsageError
from mathevalkit.presentation.terminal import clean, clean_block, make_console, short

if TYPE_CHECKING:
    from mathevalkit.types import Recipe, Task

tasks_app = typer.Typer(help="List, show and validate tasks.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
TaskDirs = Annotated[
    list[str] | None,
    typer.Option("--task-dir", metavar="DIR", help="Folder of your own task files. Repeatable."),
]


def print_json(value: Any) -> None:
    """A record, or a list of them, as indented JSON on stdout."""
    from mathevalkit.runs.codec import encode

    sys.stdout.write(encode(value).decode())
    sys.stdout.flush()


@tasks_app.command("list")
def list_command(*, task_dir: TaskDirs = None, as_json: Json = False) -> None:
    """List the tasks that --task finds by name."""
    from mathevalkit.tasks.finding import list_tasks

    tasks = list_tasks(tuple(task_dir or ()))
    if as_json:
        print_json(tasks)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    console = make_console(sys.stdout)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("task", "rows", "recipes", "title"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for task in tasks:
        rows = f"{task.num_rows:,}" if task.num_rows else "–"
        table.add_row(
            Text(clean(task.name), style="bold"),
            rows,
            Text(clean(", ".join(task.recipes))),
            Text(clean(task.title)),
        )
    console.print(table)


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
    _print_task(loaded)


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
            typer.echo(f"✗ {clean_block(error)}", err=True)
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


# ---- one task in full ------------------------------------------------------------------------------


def _print_task(task: Task) -> None:
    from rich.text import Text

    console = make_console(sys.stdout)

    def line(name: str, value: object, indent: int = 0) -> None:
        console.print(Text.assemble((f"{' ' * indent}{name:<12}", "dim"), clean(value)), soft_wrap=True)

    console.print(Text.assemble((clean(task.name), "bold"), f" · {clean(task.title)}"), soft_wrap=True)
    line("file", task.path)
    if task.hub:
        configs = f" ({', '.join(task.hub.configs)})" if task.hub.configs else ""
        line("hub", f"{task.hub.dataset}{configs}, split {task.hub.split}")
    if task.file:
        line("rows in", task.file)
    if task.num_rows:
        line("rows", f"{task.num_rows:,}")
    for fingerprint in task.fingerprints:
        line("fingerprint", fingerprint)
    if task.licence:
        line("licence", task.licence)
    line("defaults", ", ".join(f"{kind}: {name}" for kind, name in task.defaults.items()))
    for recipe in task.recipes.values():
        console.print()
        _print_recipe(recipe)
    if task.published:
        console.print()
        console.print(Text("published results", style="bold"))
    for result in task.published:
        what = f"{clean(result.recipe)}  {clean(result.source)}"
        console.print(Text(f"  {clean(result.model):<24} {result.percent:>5.1f} %  {what}"), soft_wrap=True)


def _print_recipe(recipe: Recipe) -> None:
    from rich.text import Text

    from mathevalkit.presentation.wording import sampling_text

    console = make_console(sys.stdout)
    console.print(
        Text.assemble((f"recipe {clean(recipe.name)}", "bold"), f" · {sampling_text(recipe)}"), soft_wrap=True
    )
    rows = {
        "from": recipe.origin,
        "scorer": ", ".join((recipe.scorer, *recipe.also_scorers)),
        "extraction": recipe.strategy,
        "stop": ", ".join(map(repr, recipe.sampling.stop)),
        "system": short(recipe.system or "", 200),
    }
    for name, value in rows.items():
        if value:
            console.print(Text.assemble((f"  {name:<10}", "dim"), clean(value)), soft_wrap=True)
    for row in clean_block(recipe.template).splitlines():
        console.print(Text.assemble(("  │ ", "dim"), row), soft_wrap=True)
