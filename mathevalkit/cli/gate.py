"""``mathevalkit gate``: whether a run is worse than its baseline."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli.options import CommonScorer, Json, Shared
from mathevalkit.cli.output import print_json
from mathevalkit.errors import UsageError


def gate(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="Run directory known to be good.")],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Run directory to judge.")],
    *,
    max_drop: Annotated[
        float,
        typer.Option("--max-drop", metavar="POINTS", help="Smallest drop that must not pass, in points."),
    ] = 2.0,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Most that a false alarm, or a missed drop, may occur.")
    ] = 0.05,
    scorer: CommonScorer = None,
    history: Annotated[
        list[str] | None,
        typer.Option("--history", metavar="RUN", help="A repeat of the baseline. Default: those beside it."),
    ] = None,
    shared: Shared = False,
    as_json: Json = False,
) -> None:
    """Decide whether a run is worse than its baseline.

    Exit codes: 0 pass; 1 regression; 2 cannot tell with this many samples (or wrong usage).
    """
    from mathevalkit.comparison.gate import gate as gate_runs

    if not 0 < max_drop < 100:
        raise UsageError(f"--max-drop {max_drop:g}: expected points above 0, below 100")
    report = gate_runs(
        baseline,
        candidate,
        max_drop=max_drop / 100,
        alpha=alpha,
        scorer=scorer,
        history=history,
        shared=shared,
    )
    if as_json:
        print_json(report)
    else:
        from mathevalkit.cli.views.gate import print_gate
        from mathevalkit.presentation.terminal import make_console

        print_gate(make_console(sys.stdout), report)
    raise typer.Exit(report.decision.exit_code)
