"""What scorers accept of a task's golds, and which golds no scorer can judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from mathevalkit.cli.output import plain_table
from mathevalkit.presentation.terminal import clean, short
from mathevalkit.scoring.selftest.ceilings import Failure, GoldProblem, MissRow, Selftest, StyleRow

if TYPE_CHECKING:
    from rich.console import Console


def print_golds(console: Console, problems: Sequence[GoldProblem]) -> None:
    """One line a gold that cannot be read or judged."""
    for problem in problems:
        console.print(
            f"{clean(problem.sample_id)}  {short(problem.gold, 60)}  {clean('; '.join(problem.problems))}",
            soft_wrap=True,
        )
    console.print(f"{len(problems):,} golds with problems" if problems else "every gold is read and accepted")


def print_selftest(console: Console, found: Selftest) -> None:
    """Right answers accepted, wrong answers accepted, then the failures that were asked for."""
    console.print(f"{clean(found.task)} · {found.samples:,} golds", style="bold")
    console.print()
    console.print("right answers accepted, %", style="bold")
    _print_rows(console, found.scorers, [(row.style, row) for row in found.styles], percent=True)
    console.print()
    console.print("wrong answers accepted, number", style="bold")
    _print_rows(console, found.scorers, [(row.miss, row) for row in found.misses], percent=False)
    console.print()
    by_style = sorted(found.scorers, key=found.miss_styles.__getitem__)
    for style, names in groupby(by_style, found.miss_styles.__getitem__):
        console.print(
            f"  wrong answers were written in style {style} for {clean(', '.join(names))}", soft_wrap=True
        )
    _print_failures(console, "right answers refused", found.refused)
    _print_failures(console, "wrong answers accepted", found.false_accepted)


def _print_rows(
    console: Console,
    scorers: Sequence[str],
    rows: Sequence[tuple[str, StyleRow | MissRow]],
    *,
    percent: bool,
) -> None:
    """One table, or several below each other where the scorers do not fit side by side."""
    from rich.text import Text

    room = console.width - 2 - max(len(name) for name, _ in rows) - 9
    for group in _fitting(scorers, room):
        table = plain_table()
        table.add_column("")
        table.add_column("n", justify="right")
        for scorer in group:
            table.add_column(Text(clean(scorer)), justify="right", no_wrap=True)
        for name, row in rows:
            cells = [row.accepted[scorer] for scorer in group]
            shown = [f"{100 * cell / row.tried:.1f}" if percent else f"{cell:,}" for cell in cells]
            table.add_row(name, f"{row.tried:,}", *shown)
        console.print(table)


def _fitting(scorers: Sequence[str], room: int) -> Iterator[Sequence[str]]:
    """The scorers in groups whose names fit beside each other."""
    group: list[str] = []
    used = 0
    for scorer in scorers:
        if group and used + len(scorer) + 2 > room:
            yield group
            group, used = [], 0
        group.append(scorer)
        used += len(scorer) + 2
    if group:
        yield group


def _print_failures(console: Console, title: str, failures: Sequence[Failure]) -> None:
    if not failures:
        return
    console.print()
    console.print(title, style="bold")
    for failure in failures:
        text = failure.text if len(failure.text) < 80 else f"…{failure.text[-80:]}"
        console.print(
            f"  {clean(failure.scorer)} · {failure.kind} · sample {clean(failure.sample_id)} · gold "
            f"{short(failure.gold, 40)} · {clean(text)} · {clean(failure.reason)}",
            soft_wrap=True,
        )
