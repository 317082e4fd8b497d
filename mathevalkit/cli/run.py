"""``mathevalkit run``: models on tasks, shown while it goes on; with ``--dry-run`` what it would do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from mathevalkit.cli.interrupts import Interrupts, interrupts_once
from mathevalkit.cli.options import RunArguments, RunRequest, read_request, takes
from mathevalkit.cli.output import print_error, print_json
from mathevalkit.errors import BackendError, MathEvalError

if TYPE_CHECKING:
    from mathevalkit.cli.views.live import RunDisplay
    from mathevalkit.runs.results import Results


@takes(RunArguments)
def run(arguments: RunArguments) -> None:
    """Run models on tasks, or go on with a run that was stopped.

    Repeating a command goes on where it stopped; what is on disk is never generated again.
    """
    request = read_request(arguments)
    if arguments.dry_run:
        _dry_run(request, as_json=arguments.as_json)
        return
    from mathevalkit.cli.views.live import RunDisplay

    runs = len(request.engines) * len(request.tasks)
    with interrupts_once() as interrupts:
        display = RunDisplay(
            argv=sys.argv,
            quiet=arguments.quiet,
            as_json=arguments.as_json,
            interrupts=interrupts,
            runs=runs,
        )
        try:
            _evaluate(request, display, interrupts)
        finally:
            if arguments.as_json and display.finished:
                print_json(display.finished if runs > 1 else display.finished[0])
    _refuse_empty(display.finished)


def _evaluate(request: RunRequest, display: RunDisplay, interrupts: Interrupts) -> None:
    """Make the runs; where that ends early, say what is safe and how to go on."""
    from mathevalkit.pipeline.evaluation import evaluate_all

    try:
        with display:
            evaluate_all(
                models=request.engines, tasks=request.tasks, options=request.options, observer=display
            )
    except KeyboardInterrupt:
        typer.echo(f"stopped. {_safe(display)}".rstrip(), err=True)
        raise typer.Exit(interrupts.exit_code) from None
    except MathEvalError as error:
        print_error(error)
        if safe := _safe(display):
            typer.echo(safe, err=True)
        raise typer.Exit(error.exit_code) from error


def _safe(display: RunDisplay) -> str:
    """What is on disk of a run that did not end, and the command that goes on with it."""
    from mathevalkit.cli.advice import changed, going_on

    words = display.safe_words()
    if words is None or display.run_dir is None:
        return ""
    command = going_on(display.run_dir) if "--new" in sys.argv else changed(sys.argv)
    return f"{words}; go on with:\n  {command}"


def _refuse_empty(finished: list[Results]) -> None:
    for results in finished:
        if results.accuracy.value is None:
            raise BackendError(
                f"{results.task}: the engine gave no text for any completion; the reasons stand in "
                f"{results.run_dir}/generations.jsonl"
            )


def _dry_run(request: RunRequest, *, as_json: bool) -> None:
    """Show what every run would do."""
    from mathevalkit.cli.views.dry_run import print_preview
    from mathevalkit.pipeline.estimate import preview
    from mathevalkit.pipeline.evaluation import plan_all
    from mathevalkit.presentation.terminal import make_console

    with interrupts_once():
        previews = [
            preview(plan, tokenizer=tokenizer)
            for plan, tokenizer in plan_all(
                models=request.engines, tasks=request.tasks, options=request.options
            )
        ]
    if as_json:
        print_json(previews if len(previews) > 1 else previews[0])
        return
    console = make_console(sys.stdout)
    for number, shown in enumerate(previews):
        if number:
            console.rule(style="dim")
        print_preview(console, shown)
