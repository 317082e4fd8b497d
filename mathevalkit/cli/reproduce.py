"""``mathevalkit reproduce``: parsing and printing only."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathevalkit.cli.options import OUTPUT, WHAT, RunArguments, read_request, takes
from mathevalkit.cli.tasks import print_json
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean, make_console

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from mathevalkit.reproduction.reproduce import Reproduction
    from mathevalkit.reproduction.targets import Target


def _option(panel: str, metavar: str | None, text: str, flag: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=panel, show_default=False)


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
        _option(
            WHAT, "RUN", "Compare this run instead of making one. Repeatable with --table.", "--from-run"
        ),
    ] = None
    table: Annotated[
        bool, _option(OUTPUT, None, "The paper's table, with the runs given beside it.", "--table")
    ] = False
    gap: Annotated[
        float,
        _option(OUTPUT, "POINTS", "A difference that may not hide in the interval. Default: 3.", "--gap"),
    ] = 3.0
    alpha: Annotated[float, _option(OUTPUT, "P", "Level of the test. Default: 0.05.", "--alpha")] = 0.05


@takes(ReproduceArguments, without=DECIDED_BY_THE_TARGET)
def reproduce(arguments: ReproduceArguments) -> None:
    """Run what a published result was made with, or take a run, and say whether it is reproduced.

    Prints measured beside published with 95 % intervals, under the scorer the number was made with and under
    ours, the verdict (consistent, inconsistent, underpowered), and what could explain a difference.
    """
    from mathevalkit.reproduction.reproduce import reproduce as compare
    from mathevalkit.reproduction.reproduce import table

    _check(arguments)
    shared: dict[str, Any] = {
        "gap": arguments.gap / 100,
        "alpha": arguments.alpha,
        "data_file": arguments.data_file,
        "task_dirs": tuple(arguments.task_dirs or ()),
    }
    console = make_console(sys.stdout)
    if arguments.table:
        frame = table(arguments.from_run or [], **shared)
        if arguments.as_json:
            print_json(frame.astype(object).where(frame.notna(), None).to_dict("records"))
        else:
            _print_table(console, frame)
        return
    if arguments.target is None:
        _list(console, task_dirs=shared["task_dirs"], as_json=arguments.as_json)
        return
    from mathevalkit.reproduction.targets import find_target

    target = find_target(arguments.target, task_dirs=shared["task_dirs"])
    run = arguments.from_run[0] if arguments.from_run else _run(arguments, target)
    found = compare(target, run=run, **shared)
    if arguments.as_json:
        print_json(found)
    else:
        _print(console, found)


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


def _run(arguments: ReproduceArguments, target: Target) -> str:
    """Make the run, or go on with it; its directory."""
    from mathevalkit.cli.interrupts import interrupts_once
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


# ---- what is printed -----------------------------------------------------------------------------------


def _print(console: Console, found: Reproduction) -> None:
    from mathevalkit.cli.score import make_table
    from mathevalkit.presentation.figures import interval, p_text, percent

    rows = f", {found.published_rows:,} rows" if found.published_rows else ""
    console.print(
        f"{found.target}: published {found.published_percent:g} %{rows} ({found.source})", soft_wrap=True
    )
    console.print(f"run of {clean(found.model)}: {clean(found.run_dir)}\n", soft_wrap=True)
    table = make_table()
    table.add_column("scorer", no_wrap=True)
    for name in ("n", "measured", "95 % interval", "points", "p"):
        table.add_column(name, justify="right")
    for row in found.rows:
        table.add_row(
            f"{clean(row.scorer)}{' (theirs)' if row.published else ' (ours)'}",
            f"{sum(row.outcomes.values()):,}",
            percent(row.accuracy.value),
            interval(row.accuracy),
            f"{row.difference:+.1f}",
            "–" if row.p is None else p_text(row.p),
        )
    console.print(table)
    console.print(f"\n{found.verdict}: {clean(found.reason)}", soft_wrap=True)
    if found.causes:
        same = found.verdict == "consistent"
        console.print("\nnot as published:" if same else "\nlikely causes of a difference:")
        for cause in found.causes:
            console.print(f"  {cause.name}: {clean(cause.text)}", soft_wrap=True)


def _print_table(console: Console, frame: pd.DataFrame) -> None:
    """Models down, and for each task published, gain, measured, verdict."""
    from mathevalkit.cli.score import make_table

    for task, part in frame.groupby("task", sort=False):
        table = make_table()
        table.add_column(clean(task), min_width=20)
        for name in ("published", "gain", "measured", "95 % interval"):
            table.add_column(name, justify="right")
        table.add_column("")
        for row in part.to_dict("records"):
            has_run = row["run"] is not None and row["run"] == row["run"]
            table.add_row(
                clean(row["model"]),
                f"{row['published']:.1f}",
                "" if row["gain"] != row["gain"] or row["gain"] is None else f"{row['gain']:+.1f}",
                f"{row['measured']:.1f}" if has_run else "–",
                f"{row['low']:.1f}–{row['high']:.1f}" if has_run else "",
                row["verdict"] if has_run else "",
            )
        console.print(table)
        console.print()
    console.print("percent; gain: published points over LLaMA-2 of the same size", style="dim")


def _list(console: Console, *, task_dirs: tuple[str, ...], as_json: bool) -> None:
    from mathevalkit.cli.score import make_table
    from mathevalkit.reproduction.targets import targets

    found = targets(task_dirs)
    if as_json:
        print_json([{"target": t.name, "model_id": t.model_id, **_published(t)} for t in found])
        return
    table = make_table()
    table.add_column("published result", no_wrap=True)
    table.add_column("percent", justify="right")
    table.add_column("model on the hub", overflow="fold")
    for target in found:
        table.add_row(
            clean(target.name), f"{target.result.percent:g}", clean(target.model_id or "give --model")
        )
    console.print(table)


def _published(target: Target) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(target.result)
