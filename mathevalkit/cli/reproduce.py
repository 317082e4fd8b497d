"""``mathevalkit reproduce``: whether a published result is reproduced."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathevalkit.cli.interrupts import interrupts_once
from mathevalkit.cli.options import OUTPUT, WHAT, RunArguments, option, read_request, takes
from mathevalkit.cli.output import print_json
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import make_console

if TYPE_CHECKING:
    from mathevalkit.reproduction.targets import Target


DECIDED_BY_THE_TARGET = ("task", "recipe", "scorers", "resume", "dry_run")
"""Options of `run` that make no sense where a published result says what is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproduceArguments(RunArguments):
    """The command line of ``reproduce``: that of ``run``, and what to compare."""

    target: Annotated[
        str | None,
        typer.Argument(metavar="MODEL/TASK", help="A published result; without one all are listed."),
    ] = None
    from_run: Annotated[
        list[str] | None,
        option(WHAT, "RUN", "Compare this run instead of making one. Repeatable with --table.", "--from-run"),
    ] = None
    table: Annotated[
        bool, option(OUTPUT, None, "The paper's table, with the runs given beside it.", "--table")
    ] = False
    gap: Annotated[
        float,
        option(OUTPUT, "POINTS", "A difference that may not hide in the interval. Default: 3.", "--gap"),
    ] = 3.0
    alpha: Annotated[float, option(OUTPUT, "P", "Level of the test. Default: 0.05.", "--alpha")] = 0.05


@takes(ReproduceArguments, without=DECIDED_BY_THE_TARGET)
def reproduce(arguments: ReproduceArguments) -> None:
    """Run what a published result was made with, or take a run, and say whether it is reproduced.

    Prints measured beside published with 95 % intervals, under the scorer the number was made with and under
    ours, the verdict (consistent, inconsistent, underpowered), and what could explain a difference.
    """
    _check(arguments)
    options: dict[str, Any] = {
        "gap": arguments.gap / 100,
        "alpha": arguments.alpha,
        "data_file": arguments.data_file,
        "task_dirs": tuple(arguments.task_dirs or ()),
    }
    if arguments.table:
        _table(arguments, options)
    elif arguments.target is None:
        _list(arguments)
    else:
        _compare(arguments, arguments.target, options)


def _check(arguments: ReproduceArguments) -> None:
    if not 0 < arguments.gap <= 100:
        raise UsageError(f"--gap {arguments.gap:g}: expected points above 0, at most 100")
    if not 0 < arguments.alpha < 1:
        raise UsageError(f"--alpha {arguments.alpha:g}: expected a level between 0 and 1")
    if arguments.table and arguments.target is not None:
        raise UsageError("--table shows all published results; give it without MODEL/TASK")
    if arguments.target is not None and len(arguments.from_run or ()) > 1:
        raise UsageError("one published result is compared with one run; give --from-run once, or --table")
    if arguments.from_run and arguments.target is None and not arguments.table:
        raise UsageError("say which published result: mathevalkit reproduce MODEL/TASK --from-run RUN")


def _table(arguments: ReproduceArguments, options: Mapping[str, Any]) -> None:
    from mathevalkit.cli.views.reproduction import print_paper_table
    from mathevalkit.reproduction.reproduce import table

    frame = table(arguments.from_run or [], **options)
    if arguments.as_json:
        print_json(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    else:
        print_paper_table(make_console(sys.stdout), frame)


def _list(arguments: ReproduceArguments) -> None:
    from mathevalkit.cli.views.reproduction import print_targets
    from mathevalkit.reproduction.targets import targets

    found = targets(tuple(arguments.task_dirs or ()))
    if arguments.as_json:
        print_json([{"target": t.name, "model_id": t.model_id, **asdict(t.result)} for t in found])
    else:
        print_targets(make_console(sys.stdout), found)


def _compare(arguments: ReproduceArguments, name: str, options: Mapping[str, Any]) -> None:
    from mathevalkit.cli.views.reproduction import print_reproduction
    from mathevalkit.reproduction.reproduce import reproduce as compare
    from mathevalkit.reproduction.targets import find_target

    target = find_target(name, task_dirs=options["task_dirs"])
    run = arguments.from_run[0] if arguments.from_run else _run(arguments, target)
    found = compare(target, run=run, **options)
    if arguments.as_json:
        print_json(found)
    else:
        print_reproduction(make_console(sys.stdout), found)


def _run(arguments: ReproduceArguments, target: Target) -> str:
    """Make the run, or go on with it; its directory."""
    from mathevalkit.cli.views.live import RunDisplay
    from mathevalkit.pipeline.evaluation import evaluate_all

    if not arguments.model and target.model_id is None:
        raise UsageError(f"{target.name}: where its weights are is not known; give --model")
    request = read_request(
        replace(
            arguments,
            model=arguments.model or [target.model_id or ""],
            task=[target.task.path],
            recipe=target.recipe.name,
            scorers=list(target.scorers),
        )
    )
    if len(request.engines) != 1:
        raise UsageError("one published result is compared with one run; give --model once")
    with interrupts_once() as interrupts:
        display = RunDisplay(
            argv=sys.argv, quiet=arguments.quiet, as_json=arguments.as_json, interrupts=interrupts, runs=1
        )
        try:
            with display:
                [results] = evaluate_all(
                    models=request.engines, tasks=request.tasks, options=request.options, observer=display
                )
        except KeyboardInterrupt:
            typer.echo("stopped; repeat the command, it goes on where it was", err=True)
            raise typer.Exit(interrupts.exit_code) from None
    return results.run_dir
