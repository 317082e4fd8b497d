"""What checking a bundle found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathevalkit.exporters.bundle.bundle import Verification
from mathevalkit.presentation.figures import interval, percent
from mathevalkit.presentation.terminal import clean, counted, short

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_DIFFERENCES = 20
"""More than these are counted, not printed; --json has them all."""


def print_verification(console: Console, found: Verification) -> None:
    """What the bundle holds, where it differs from what was found here, and the word last."""
    rows = {
        True: "the task's published rows",
        False: "not the task's published rows",
        None: "not compared with published rows",
    }[found.rows_known]
    for name, value in (
        ("bundle", f"{found.path}, sha256 {found.sha256}"),
        ("run", f"{found.run_id}, made with mathevalkit {found.made_with}"),
        ("model", found.model),
        ("task", f"{found.task}, {found.samples:,} samples, {rows}"),
        ("scored again", f"{found.completions:,} completions with {', '.join(found.scorers) or 'no scorer'}"),
        ("accuracy", f"{percent(found.accuracy.value)} ({interval(found.accuracy)})"),
    ):
        console.print(f"{name:<13}{clean(value)}", soft_wrap=True)
    for difference in found.differences[:SHOWN_DIFFERENCES]:
        console.print(
            f"{difference.what}: {clean(difference.where)}: recorded {short(difference.recorded, 80)}, "
            f"here {short(difference.found, 80)}",
            soft_wrap=True,
        )
    if len(found.differences) > SHOWN_DIFFERENCES:
        console.print(f"and {len(found.differences) - SHOWN_DIFFERENCES:,} more (--json shows all)")
    differences = counted(len(found.differences), "difference")
    console.print("verified" if found.verified else f"not verified: {differences}")
