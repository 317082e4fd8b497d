"""``mathevalkit rescore``: saved generations under any scorers, side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.tasks import Json, TaskDirs, print_json
from mathevalkit.errors import UsageError
from mathevalkit.presentation.terminal import clean, make_console, short
from mathevalkit.presentation.wording import OUTCOME_WORDS, WIDE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from mathevalkit.scoring.disagreements import Disagreement
    from mathevalkit.scoring.rescore import PairCount, Rescored, ScorerRow

ENGINE_SCORERS = frozenset({"auto", "boxed", "hash", "the_answer_is", "number"})
"""Scorers whose undecided answers the last resort may settle."""

Scorers = Annotated[
    list[str] | None,
    typer.Option("--scorer", metavar="NAME", help="Scorer, or module:function. Repeatable."),
]
DataFile = Annotated[
    str | None,
    typer.Option("--data-file", metavar="FILE", help="The rows, where they are not where they were."),
]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", metavar="NAME", help="How scorers that let one choose find the answer."),
]


TextField = Annotated[
    str | None,
    typer.Option("--text-field", metavar="NAME", help="JSON Lines: field of the text. a.b: b of a."),
]
GoldField = Annotated[
    str | None,
    typer.Option("--gold-field", metavar="NAME", help="JSON Lines: field of the reference answer."),
]
IdField = Annotated[
    str | None, typer.Option("--id-field", metavar="NAME", help="JSON Lines: field of the sample's id.")
]
FinishReasonField = Annotated[
    str | None,
    typer.Option("--finish-reason-field", metavar="NAME", help="JSON Lines: field that says how it ended."),
]


def rescore(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="RUN|FILE...", help="Run directories, samples_*.jsonl, any .jsonl, folders."),
    ],
    *,
    scorer: Scorers = None,
    all_scorers: Annotated[bool, typer.Option("--all", help="Every scorer there is.")] = False,
    strategy: Strategy = None,
    text_field: TextField = None,
    gold_field: GoldField = None,
    id_field: IdField = None,
    finish_reason_field: FinishReasonField = None,
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    disagreements: Annotated[
        int, typer.Option("--disagreements", metavar="N", help="Show N generations scorers differ on.")
    ] = 5,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="All disagreements, as .csv or .jsonl."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", help="Processes. Default: by the size of the files.")
    ] = None,
    no_write: Annotated[
        bool, typer.Option("--no-write", help="Only print; leave a run's verdict files as they are.")
    ] = False,
    write_results: Annotated[
        bool,
        typer.Option("--write-results", help="Write a run's results.json anew; the first scorer decides."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Score saved generations again, with any scorers; no model is needed.

    Prints the scorers side by side, how often each pair disagrees, and why. Of a run, the scorers' verdict
    files are written anew; its generations are only read.
    """
    from mathevalkit.runs.foreign import Fields
    from mathevalkit.runs.sources import open_sources
    from mathevalkit.scoring.disagreements import disagreement_file
    from mathevalkit.scoring.rescore import ALL, suggested_jobs
    from mathevalkit.scoring.rescore import rescore as score_again

    if scorer and all_scorers:
        raise UsageError("--scorer names some and --all takes every one; give one of them")
    if no_write and write_results:
        raise UsageError("--no-write writes nothing and --write-results does; give one of them")
    if disagreements < 0:
        raise UsageError(f"--disagreements {disagreements}: expected 0 or more")
    sources = open_sources(
        paths,
        names=Fields(text=text_field, gold=gold_field, id=id_field, finish_reason=finish_reason_field),
        data_file=data_file,
        task_dirs=task_dir or (),
    )
    with (
        disagreement_file(Path(out)) if out else nullcontext() as write,
        progress_bar("scoring", quiet=as_json) as progress,
    ):
        found = score_again(
            sources,
            scorers=ALL if all_scorers else scorer or (),
            strategy=strategy,
            jobs=suggested_jobs(sum(source.size for source in sources)) if jobs is None else jobs,
            write_verdicts=not no_write,
            write_results=write_results,
            disagreements=disagreements,
            on_disagreement=write,
            on_progress=progress,
        )
    if as_json:
        print_json(found)
    else:
        _print(make_console(sys.stdout), found)


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, where that is a terminal."""
    from mathevalkit.presentation.terminal import is_live

    console = make_console(sys.stderr)
    if quiet or not is_live(console):
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(title)
        yield lambda done, total: progress.update(task, completed=done, total=total)


# ---- what is printed -----------------------------------------------------------------------------------


def _print(console: Console, found: Rescored) -> None:
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


def make_table() -> Table:
    """A table without frames."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))


def _scorer_table(rows: Sequence[ScorerRow], *, wide: bool) -> Table:
    from mathevalkit.presentation.figures import interval, percent

    words = {o: word for o, word in OUTCOME_WORDS.items() if wide or o not in ("correct", "wrong")}
    shown = [outcome for outcome in words if any(row.outcomes[outcome] for row in rows)]  # type: ignore[index]  # its keys are outcomes
    table = make_table()
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
    from mathevalkit.scoring.disagreements import CAUSES

    causes = [cause for cause in CAUSES if any(pair.causes.get(cause) for pair in pairs)]
    table = make_table()
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
