"""A comparison as a person reads it in a terminal.

                     n   LLaMA-2-7B   MetaMath-7B   MetaMath-7B − LLaMA-2-7B       p
    Algebra      1,187        3.2 %        29.1 %   +25.9 * (+23.2 to +28.6)   < 1e-12
    all          5,000        2.5 %        19.8 %   +17.3 * (+16.2 to +18.5)   < 1e-12

Nothing here computes a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from string import ascii_uppercase
from typing import TYPE_CHECKING

from mathevalkit.cli.output import plain_table, spelled
from mathevalkit.comparison.result import Comparison, Flip, Gap, Row, difference_text
from mathevalkit.presentation.figures import p_text, percent
from mathevalkit.presentation.terminal import clean, short
from mathevalkit.presentation.wording import OUTCOME_WORDS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LABEL_WIDTH = 14
"""Longer names stand above the table, and letters in it."""
ANSWER_WIDTH = 24
QUESTION_WIDTH = 60


def print_comparison(
    console: Console,
    comparison: Comparison,
    *,
    cross: bool = False,
    flips: int = 0,
    wanted: float | None = None,
) -> None:
    """The tables, then what stands behind them.

    Args:
        console: where to.
        comparison: what.
        cross: also every subject at every level.
        flips: show that many of the samples that flipped, for each checkpoint.
        wanted: say how many samples a true difference of that size would need; a fraction.
    """
    from rich.text import Text

    letters = _letters(comparison)
    base = "" if letters else f" · base: {clean(comparison.checkpoints[0].label)}"
    title = clean(comparison.task_title or comparison.task)
    console.print(Text.assemble((title, "bold"), f" · {comparison.samples:,} problems{base}"), soft_wrap=True)
    for letter, checkpoint in zip(letters or (), comparison.checkpoints, strict=bool(letters)):
        console.print(Text(f"  {letter}  {clean(checkpoint.label)}"), soft_wrap=True)
    console.print()
    for name, rows in _blocks(comparison, cross=cross):
        console.print(_table(comparison, name, rows, width=console.width))
        console.print()
    scorers = ", ".join(dict.fromkeys(clean(c.scorer) for c in comparison.checkpoints))
    how = (
        f"* p at most {comparison.alpha:g}; p exact, after Holm's correction within its table; differences "
        f"in points, each interval for its row alone; scorer {scorers}"
    )
    console.print(Text(how, style="dim"), soft_wrap=True)
    for line in chain(
        *(_gap_lines(comparison, gap, wanted) for gap in comparison.gaps), _at_k_lines(comparison)
    ):
        console.print(Text(line), soft_wrap=True)
    for note in comparison.notes:
        console.print(Text.assemble(("! ", "yellow"), clean(spelled(note))), soft_wrap=True)
    if flips:
        for table in _flip_tables(comparison, flips):
            console.print()
            console.print(table)


def _blocks(comparison: Comparison, *, cross: bool) -> Iterator[tuple[str, list[Row]]]:
    """Subjects with the whole below, then levels, then both."""
    rows = {
        kind: [row for row in comparison.rows if row.kind == kind]
        for kind in ("all", "subject", "level", "subject and level")
    }
    yield "subject" if rows["subject"] else "", [*rows["subject"], *rows["all"]]
    if rows["level"]:
        yield "level", rows["level"]
    if cross and rows["subject and level"]:
        yield "subject / level", rows["subject and level"]


def _letters(comparison: Comparison) -> list[str] | None:
    """One letter a checkpoint, where their names would make the table too wide."""
    labels = [checkpoint.label for checkpoint in comparison.checkpoints]
    if len(labels) == 2 and max(map(len, labels)) <= LABEL_WIDTH:
        return None
    return [ascii_uppercase[i] if i < 26 else str(i) for i in range(len(labels))]


def _table(comparison: Comparison, name: str, rows: Sequence[Row], *, width: int) -> Table:
    """With two checkpoints everything; with more, interval and p-value where the terminal is wide enough."""
    from rich.text import Text

    count = len(comparison.others)
    with_interval = count == 1 or width >= 40 + 45 * count
    with_p = count == 1 or width >= 40 + 28 * count
    headings = _letters(comparison) or [checkpoint.label for checkpoint in comparison.checkpoints]
    table = plain_table()
    table.add_column(name, min_width=8, max_width=40, overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for heading in headings:
        table.add_column(Text(clean(heading)), justify="right", no_wrap=True)
    interval = f" ({100 * (1 - comparison.alpha):g} %)" if with_interval else ""
    for heading in headings[1:]:
        difference = "difference" if count == 1 else f"{heading} − {headings[0]}"
        table.add_column(Text(difference + interval), justify="right", no_wrap=True)
        if with_p:
            table.add_column("p", justify="right", no_wrap=True)
    for row in rows:
        cells = []
        for d in row.differences:
            style = ("green" if d.value > 0 else "red") if d is not None and d.significant else ""
            text = "–" if d is None else difference_text(d, with_interval=with_interval)
            cells.append(Text(text, style=style))
            if with_p:
                cells.append(Text("–" if d is None else p_text(d.p_adjusted)))
        table.add_row(
            Text(clean(row.name)),
            f"{row.samples:,}",
            *(percent(accuracy.value) for accuracy in row.accuracies),
            *cells,
            style="bold" if row.kind == "all" else None,
        )
    return table


def _gap_lines(comparison: Comparison, gap: Gap, wanted: float | None) -> Iterator[str]:
    """Flips, where the difference comes from, and what the samples could have shown."""
    index = [other.label for other in comparison.others].index(gap.checkpoint)
    overall = comparison.rows[0].differences[index]
    if overall is None:
        yield f"{clean(gap.checkpoint)}: no sample was scored in both runs"
        return
    yield (
        f"{clean(gap.checkpoint)}: better on {overall.gained:,} samples, worse on {overall.lost:,}, "
        f"the same on {overall.samples - overall.gained - overall.lost:,}"
    )
    parts = [part for part in gap.parts if part.gained or part.lost]
    if parts:
        yield f"  {100 * gap.value:+.1f} points = " + ", ".join(
            f"{100 * part.value:+.1f} {OUTCOME_WORDS[part.outcome]} ↔ correct" for part in parts
        )
    if gap.value_where_answered is not None and gap.answered_by_both < gap.samples:
        yield (
            f"  {100 * gap.value_where_answered:+.1f} points on the {gap.answered_by_both:,} samples that "
            "both answered"
        )
    if overall.detectable is None:
        yield f"  {overall.samples:,} samples are too few to show any difference"
    else:
        yield (
            f"  these {overall.samples:,} samples show a true difference of {100 * overall.detectable:.1f} "
            "points four times in five"
        )
    if wanted is not None:
        needed = overall.samples_needed(wanted, alpha=comparison.alpha)
        yield f"  a true difference of {100 * wanted:g} points needs {needed:,} samples like these"


def _at_k_lines(comparison: Comparison) -> Iterator[str]:
    for checkpoint, metrics in zip(comparison.checkpoints, comparison.at_k, strict=True):
        for metric in metrics:
            low, high = 100 * metric.low, 100 * metric.high
            yield f"{clean(checkpoint.label)}: {metric.name} {percent(metric.value)} ({low:.1f}–{high:.1f})"


def _flip_tables(comparison: Comparison, count: int) -> Iterator[Table]:
    from rich.text import Text

    for other in comparison.others:
        mine = [flip for flip in comparison.flips if flip.checkpoint == other.label]
        table = plain_table()
        table.title = Text(f"{clean(other.label)}: {min(count, len(mine)):,} of {len(mine):,} flips")
        table.title_justify = "left"
        for name in ("sample", "question", "gold", "base", "now"):
            table.add_column(name, overflow="fold")
        for flip in mine[:count]:
            table.add_row(
                Text(short(flip.sample_id, 16)),
                Text(short(flip.question, QUESTION_WIDTH)),
                Text(short(flip.gold, ANSWER_WIDTH)),
                Text(_what(flip.base_outcome, flip.base_answer, flip.base, flip)),
                Text(
                    _what(flip.tuned_outcome, flip.tuned_answer, flip.tuned, flip),
                    style="green" if flip.tuned > flip.base else "red",
                ),
            )
        yield table


def _what(outcome: str, answer: str | None, share: float, flip: Flip) -> str:
    """``wrong: 12``; with the share right where there are several completions."""
    text = OUTCOME_WORDS[outcome] + (f": {short(answer, ANSWER_WIDTH)}" if answer is not None else "")
    return text if {flip.base, flip.tuned} <= {0.0, 1.0} else f"{100 * share:.0f} % right, mostly {text}"
