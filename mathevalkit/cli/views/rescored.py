"""Scorers side by side on saved generations: their accuracies, where they differ, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mathevalkit.cli.output import WIDE, plain_table
from mathevalkit.presentation.figures import interval, percent
from mathevalkit.presentation.terminal import clean, short
from mathevalkit.presentation.wording import OUTCOME_WORDS
from mathevalkit.scoring.disagreements import CAUSES, Disagreement
from mathevalkit.scoring.rescore import PairCount, Rescored, ScorerRow

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

ENGINE_SCORERS = frozenset({"auto", "boxed", "hash", "the_answer_is", "number"})
"""Scorers whose undecided answers the last resort may settle."""


def print_rescored(console: Console, found: Rescored) -> None:
    """A table of scorers and one of disagreements for each source, then some disagreements in full."""
    for path in dict.fromkeys(row.path for row in found.rows):
        rows = [row for row in found.rows if row.path == path]
        console.print(f"{clean(rows[0].source)}  {clean(path) if rows[0].source != path else ''}".rstrip())
        console.print(_scorer_table(rows, wide=console.width >= WIDE))
        for note in _notes(rows):
            console.print(f"  {clean(note)}", soft_wrap=True)
        pairs = [pair for pair in found.pairs if pair.source == rows[0].source]
        if pairs:
            console.print()
            console.print(_pair_table(pairs))
        console.print()
    for disagreement in found.disagreements:
        _print_disagreement(console, disagreement)
    if found.written:
        console.print(f"written: {clean(', '.join(found.written))}", soft_wrap=True)


def _scorer_table(rows: Sequence[ScorerRow], *, wide: bool) -> Table:
    words = {o: word for o, word in OUTCOME_WORDS.items() if wide or o not in ("correct", "wrong")}
    shown = [outcome for outcome in words if any(row.outcomes[outcome] for row in rows)]  # type: ignore[index]  # its keys are outcomes
    table = plain_table()
    table.add_column("scorer", overflow="fold")
    for name in ("n", "accuracy", "95 % interval", *(OUTCOME_WORDS[outcome] for outcome in shown)):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            clean(row.scorer),
            f"{row.completions:,}",
            percent(row.accuracy.value),
            interval(row.accuracy),
            *(f"{row.outcomes[outcome]:,}" for outcome in shown),  # type: ignore[index]  # its keys are outcomes
        )
    return table


def _notes(rows: Sequence[ScorerRow]) -> Iterator[str]:
    """What a reader of the table must know."""
    if rows[0].samples != rows[0].completions:
        yield f"{rows[0].samples:,} samples; the interval counts the completions of one sample together"
    if not rows[0].knows_truncation:
        yield "the file does not say which texts were cut off; they count as finished (--finish-reason-field)"
    symbolic = any(row.scorer == "symbolic" for row in rows)
    for row in rows:
        undecided = row.outcomes["undecided"]
        if undecided and row.scorer in ENGINE_SCORERS and not symbolic:
            yield f"{row.scorer}: {undecided:,} undecided; --scorer symbolic asks SymPy about those"
        now = row.accuracy.value
        if row.recorded is not None and now is not None and row.recorded != now:
            yield (
                f"{row.scorer}: results.json says {100 * row.recorded:.2f} %, now {100 * now:.2f} % "
                "(--write-results writes it anew)"
            )


def _pair_table(pairs: Sequence[PairCount]) -> Table:
    causes = [cause for cause in CAUSES if any(pair.causes.get(cause) for pair in pairs)]
    table = plain_table()
    for name in ("accepted by", "and not by"):
        table.add_column(name, overflow="fold")
    for name in ("n", *causes):
        table.add_column(name, justify="right")
    for pair in pairs:
        table.add_row(
            clean(pair.accepting),
            clean(pair.other),
            f"{pair.count:,}",
            *(f"{pair.causes.get(cause, 0):,}" for cause in causes),
        )
    return table


def _print_disagreement(console: Console, disagreement: Disagreement) -> None:
    causes = sorted({cause for _, _, cause in disagreement.causes})
    console.print(
        f"sample {clean(disagreement.sample_id)}, completion {disagreement.k} · gold "
        f"{short(disagreement.gold, 60)} · {', '.join(causes)}",
        soft_wrap=True,
    )
    width = max(len(opinion.scorer) for opinion in disagreement.opinions)
    for opinion in disagreement.opinions:
        answer = "no answer" if opinion.answer is None else f"answer {short(opinion.answer, 60)}"
        console.print(
            f"  {clean(opinion.scorer):<{width}}  {opinion.outcome:<9}  {answer}: {clean(opinion.reason)}",
            soft_wrap=True,
        )
    console.print()
