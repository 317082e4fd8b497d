"""``mathevalkit explain`` and ``mathevalkit selftest``: why a completion was judged so, what scorers see."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.score import (
    DataFile,
    FinishReasonField,
    GoldField,
    IdField,
    Scorers,
    Strategy,
    TextField,
    make_table,
    progress_bar,
)
from mathevalkit.cli.tasks import Json, TaskDirs, print_json
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean, clean_block, make_console, short

if TYPE_CHECKING:
    from rich.console import Console

    from mathevalkit.scoring.explain import AnswerReading, Explanation, ScorerOpinion
    from mathevalkit.scoring.selftest.ceilings import Failure, GoldProblem, MissRow, Selftest, StyleRow
    from mathevalkit.types import Task

CONTEXT = 240
"""Characters shown on each side of an extracted answer."""


# ---- explain -------------------------------------------------------------------------------------------


def explain(
    path: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run directory or a .jsonl file.")],
    sample: Annotated[str, typer.Argument(metavar="SAMPLE", help="Id of the sample.")],
    *,
    k: Annotated[int, typer.Option("--k", metavar="K", help="Which of its completions. Default: 0.")] = 0,
    scorer: Scorers = None,
    strategy: Strategy = None,
    text_field: TextField = None,
    gold_field: GoldField = None,
    id_field: IdField = None,
    finish_reason_field: FinishReasonField = None,
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    whole: Annotated[bool, typer.Option("--whole", help="Show the whole text.")] = False,
    as_json: Json = False,
) -> None:
    """Show how one completion was judged: what was extracted and from where, how it was read, and why."""
    from mathevalkit.runs.foreign import Fields
    from mathevalkit.scoring.explain import explain as find

    found = find(
        path,
        sample,
        k=k,
        scorers=scorer or (),
        strategy=strategy,
        fields=Fields(text=text_field, gold=gold_field, id=id_field, finish_reason=finish_reason_field),
        data_file=data_file,
        task_dirs=task_dir or (),
    )
    if as_json:
        print_json(found)
    else:
        _print_explanation(make_console(sys.stdout), found, whole=whole)


def _print_explanation(console: Console, found: Explanation, *, whole: bool) -> None:
    def say(text: str = "", *, style: str | None = None) -> None:
        console.print(text, style=style, soft_wrap=True)

    say(f"{clean(found.source)} · sample {clean(found.sample_id)} · completion {found.k}", style="bold")
    if found.question:
        say(f"question  {clean(found.question)}")
    say(f"gold      {clean(found.gold)}")
    ended = {"stop": "finished", "length": "ran out of tokens", "error": "failed"}[found.finish_reason]
    say(
        f"text      {len(found.text):,} characters, {ended}{f': {clean(found.error)}' if found.error else ''}"
    )
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


# ---- selftest ------------------------------------------------------------------------------------------


def selftest(
    *,
    task: Annotated[str, typer.Option("--task", "-t", metavar="TASK", help="Name or YAML file.")],
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    scorer: Scorers = None,
    all_scorers: Annotated[bool, typer.Option("--all", help="Every scorer there is.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="A random sample of N golds.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of --limit. Default: 0.")] = 0,
    failures: Annotated[
        int, typer.Option("--failures", metavar="N", help="Show N failures of each scorer and kind.")
    ] = 0,
    golds: Annotated[
        bool, typer.Option("--golds", help="List the golds that cannot be read or judged, and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure scorers on a task's own golds, without a model.

    Every gold is stated in a dozen styles and changed in a dozen ways; the tables show how many a scorer
    accepts. A style that a scorer does not read is its ceiling on a model that answers so.
    """
    from answer_normalizers.grading import list_scorers
    from mathevalkit.scoring.selftest.ceilings import audit_golds
    from mathevalkit.scoring.selftest.ceilings import selftest as measure
    from mathevalkit.tasks.finding import load_task

    if scorer and all_scorers:
        raise UsageError("--scorer names some and --all takes every one; give one of them")
    if failures < 0:
        raise UsageError(f"--failures {failures}: expected 0 or more")
    loaded = load_task(task, task_dirs=task_dir or ())
    names = list_scorers() if all_scorers else tuple(dict.fromkeys(scorer or _of_recipes(loaded)))
    if golds:
        _print_golds(list(audit_golds(loaded, scorers=names, data_file=data_file)), as_json=as_json)
        return
    with progress_bar("testing", quiet=as_json) as progress:
        found = measure(
            loaded,
            scorers=names,
            data_file=data_file,
            limit=limit,
            seed=seed,
            failures=failures,
            on_progress=progress,
        )
    if as_json:
        print_json(found)
    else:
        _print_selftest(make_console(sys.stdout), found)


def _of_recipes(task: Task) -> tuple[str, ...]:
    """The scorers that the task's recipes use."""
    return tuple(name for recipe in task.recipes.values() for name in (recipe.scorer, *recipe.also_scorers))


def _print_golds(problems: Sequence[GoldProblem], *, as_json: bool) -> None:
    if as_json:
        print_json(problems)
        return
    console = make_console(sys.stdout)
    for problem in problems:
        console.print(
            f"{clean(problem.sample_id)}  {short(problem.gold, 60)}  {clean('; '.join(problem.problems))}",
            soft_wrap=True,
        )
    console.print(f"{len(problems):,} golds with problems" if problems else "every gold is read and accepted")


def _print_selftest(console: Console, found: Selftest) -> None:
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
        table = make_table()
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
