"""A gate's decision as a person reads it: the word first, its evidence below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathevalkit.cli.output import spelled
from mathevalkit.comparison.gate import GateReport
from mathevalkit.presentation.terminal import clean

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {"pass": ("✓", "green"), "regression": ("✗", "red"), "cannot tell": ("?", "yellow")}


def print_gate(console: Console, report: GateReport) -> None:
    """The decision, its evidence, the notes."""
    from rich.text import Text

    decision = report.decision
    mark, style = MARKS[decision.decision]
    console.print(
        Text.assemble((f"{mark} {decision.decision}", f"bold {style}"), f": {decision.reason}"),
        soft_wrap=True,
    )
    for name, value in report.evidence():
        console.print(Text.assemble((f"{name:<13}", "dim"), clean(spelled(value))), soft_wrap=True)
    for note in report.notes:
        console.print(Text.assemble(("! ", "yellow"), clean(spelled(note))), soft_wrap=True)
