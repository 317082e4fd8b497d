"""One completion and all that was made of it, from the text to the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathevalkit.cli.output import spelled
from mathevalkit.presentation.terminal import clean, clean_block
from mathevalkit.scoring.explain import AnswerReading, Explanation, ScorerOpinion

if TYPE_CHECKING:
    from rich.console import Console

CONTEXT = 240
"""Characters shown on each side of an extracted answer."""


def print_explanation(console: Console, found: Explanation, *, whole: bool) -> None:
    """What was asked and said, then each scorer's opinion, then each answer as the engine reads it."""

    def say(text: str = "", *, style: str | None = None) -> None:
        console.print(text, style=style, soft_wrap=True)

    say(f"{clean(found.source)} · sample {clean(found.sample_id)} · completion {found.k}", style="bold")
    if found.question:
        say(f"question  {clean(found.question)}")
    say(f"gold      {clean(found.gold)}")
    ended = {"stop": "finished", "length": "ran out of tokens", "error": "failed"}[found.finish_reason]
    why = f": {clean(spelled(found.error))}" if found.error else ""
    say(f"text      {len(found.text):,} characters, {ended}{why}")
    if whole or not any(opinion.span for opinion in found.opinions):
        say()
        say(clean_block(found.text if whole else _shortened(found.text)))
    for opinion in found.opinions:
        say()
        _print_opinion(console, opinion, found.text)
    for reading in found.readings:
        say()
        _print_reading(console, reading)


def _print_opinion(console: Console, opinion: ScorerOpinion, text: str) -> None:
    console.print(f"{clean(opinion.scorer)}: {opinion.outcome}", style="bold", soft_wrap=True)
    if opinion.span is not None:
        start, end = opinion.span
        sure = "" if opinion.explicit else " (a guess: the text marks no answer)"
        lines = [
            f"answer    {clean(opinion.answer)}",
            f"found by  rule {clean(opinion.rule)}, characters {start} to {end}{sure}",
            f"context   {clean(_in_context(text, start, end))}",
        ]
    else:
        lines = [f"answer    {clean(opinion.answer) if opinion.answer is not None else 'none'}"]
    lines.append(f"stage     {clean(opinion.stage)}")
    lines.append(f"reason    {clean(opinion.reason)}")
    if opinion.witness is not None:
        lines.append(f"witness   {clean(opinion.witness)}")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)


def _print_reading(console: Console, reading: AnswerReading) -> None:
    who = "the gold" if reading.by == ("gold",) else f"the answer of {', '.join(reading.by)}"
    console.print(f"{clean(who)}, as the engine reads it", style="bold", soft_wrap=True)
    console.print(f"  normalised  {clean(reading.normalised)}", soft_wrap=True)
    if reading.tree:
        console.print("  tree")
        for line in reading.tree.split("\n"):
            console.print(f"    {clean(line)}", soft_wrap=True)
    else:
        console.print(f"  not read: {clean(reading.problem)}", soft_wrap=True)
    if reading.verdict:
        console.print(f"  against the gold: {clean(reading.verdict)}", soft_wrap=True)


def _in_context(text: str, start: int, end: int) -> str:
    """The answer between markers, with some of the text around it."""
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return (
        f"{'…' if start > CONTEXT else ''}{before}⟦{_shortened(text[start:end])}⟧{after}"
        f"{'…' if end + CONTEXT < len(text) else ''}"
    )


def _shortened(text: str) -> str:
    if len(text) <= 4 * CONTEXT:
        return text
    return f"{text[: 2 * CONTEXT]} … {text[-2 * CONTEXT :]}"
