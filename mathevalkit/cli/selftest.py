"""``mathevalkit selftest``: what scorers accept of a task's own golds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.options import DataFile, Json, Scorers, TaskDirs
from mathevalkit.cli.output import print_json, progress_bar
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import make_console

if TYPE_CHECKING:
    from mathevalkit.types import Task


def selftest(
    *,
    task: Annotated[str, typer.Option("--task", "-t", metavar="TASK", help="Name or YAML file.")],
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    scorer: Scorers = None,
    all_scorers: Annotated[bool, typer.Option("--all", help="Every scorer there is.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="A random sample of N golds.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of --limit. Default: 0.")] = 0,
    failures: Annotated[
        int, typer.Option("--failures", metavar="N", help="Show N failures of each scorer and kind.")
    ] = 0,
    golds: Annotated[
        bool, typer.Option("--golds", help="List the golds that cannot be read or judged, and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure scorers on a task's own golds, without a model.

    Every gold is stated in a dozen styles and changed in a dozen ways; the tables show how many a scorer
    accepts. A style that a scorer does not read is its ceiling on a model that answers so.
    """
    from answer_normalizers.grading import list_scorers
    from mathevalkit.cli.views.selftest import print_golds, print_selftest
    from mathevalkit.scoring.selftest.ceilings import audit_golds
    from mathevalkit.scoring.selftest.ceilings import selftest as measure
    from mathevalkit.tasks.finding import load_task

    if scorer and all_scorers:
        raise UsageError("--scorer names some and --all takes every one; give one of them")
    if failures < 0:
        raise UsageError(f"--failures {failures}: expected 0 or more")
    loaded = load_task(task, task_dirs=task_dir or ())
    names = list_scorers() if all_scorers else tuple(dict.fromkeys(scorer or _of_recipes(loaded)))
    if golds:
        problems = list(audit_golds(loaded, scorers=names, data_file=data_file))
        if as_json:
            print_json(problems)
        else:
            print_golds(make_console(sys.stdout), problems)
        return
    with progress_bar("testing", quiet=as_json) as progress:
        found = measure(
            loaded,
            scorers=names,
            data_file=data_file,
            limit=limit,
            seed=seed,
            failures=failures,
            on_progress=progress,
        )
    if as_json:
        print_json(found)
    else:
        print_selftest(make_console(sys.stdout), found)


def _of_recipes(task: Task) -> tuple[str, ...]:
    """The scorers that the task's recipes use."""
    return tuple(name for recipe in task.recipes.values() for name in (recipe.scorer, *recipe.also_scorers))
