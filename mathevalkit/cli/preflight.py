"""``mathevalkit preflight``: what ``run`` checks before weights load, and no more."""

from __future__ import annotations

import sys
from typing import Any

import typer

from mathevalkit.cli.interrupts import interrupts_once
from mathevalkit.cli.options import RunArguments, read_request, takes
from mathevalkit.cli.output import print_json


@takes(RunArguments, without=("dry_run", "no_preflight", "new", "quiet"))
def preflight(arguments: RunArguments) -> None:
    """Check what `run` checks before weights load, and stop there. Exit code 3 where a check fails."""
    from mathevalkit.cli.views.live import print_checks
    from mathevalkit.pipeline.evaluation import plan_all
    from mathevalkit.preflight import run_checks
    from mathevalkit.presentation.terminal import make_console

    request = read_request(arguments)
    console = make_console(sys.stdout)
    found: list[dict[str, Any]] = []
    with interrupts_once():
        for plan, tokenizer in plan_all(models=request.engines, tasks=request.tasks, options=request.options):
            checks = run_checks(plan, tokenizer=tokenizer)
            found.append({"task": plan.task.name, "model": plan.model.model, "checks": checks})
            if not arguments.as_json:
                print_checks(console, plan, checks)
    if arguments.as_json:
        print_json(found if len(found) > 1 else found[0])
    if any(check.status == "error" for entry in found for check in entry["checks"]):
        raise typer.Exit(3)
