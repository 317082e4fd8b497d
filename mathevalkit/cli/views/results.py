"""A run's results as a person reads them: the table by subject and level, and what stands behind it.

    subject               n   accuracy   95 % interval
    algebra              10     60.0 %      31.3–83.2
    geometry             10     30.0 %      10.8–60.3
    all                  64     45.3 %      33.7–57.4

Nothing here computes a number; it is all in ``Results``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mathevalkit.cli.advice import Step, next_after_several
from mathevalkit.cli.output import WIDE, plain_table
from mathevalkit.presentation.figures import accuracy_text, duration, interval, percent, tokens_per_second
from mathevalkit.presentation.terminal import clean, model_name, print_line
from mathevalkit.presentation.wording import MAX_LEVELS, OUTCOME_WORDS, sampling_text
from mathevalkit.reproduction.targets import matching_results
from mathevalkit.runs.results import Results
from mathevalkit.types import Group, Plan, PublishedResult, Recipe, RunManifest, Selection, Task

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What stands below a table besides the numbers."""

    model: str
    backend: str
    task_title: str
    recipe: Recipe
    recipe_reason: str
    selection: Selection
    rows: int | None = None
    """Rows of the whole task, where known."""
    data_known: bool | None = None
    published: tuple[PublishedResult, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by phase."""
    engine_log: str | None = None
    next_step: Step | None = None


def facts_of_plan(plan: Plan) -> RunFacts:
    """The facts of a run that was just made."""
    return RunFacts(
        model=plan.model.model,
        backend=f"{plan.model.backend} {plan.model.backend_version}".strip(),
        task_title=plan.task.title,
        recipe=plan.recipe,
        recipe_reason=plan.recipe_reason,
        selection=plan.selection,
        rows=len(plan.data.samples),
        data_known=plan.data.known,
        published=matching_results(plan.task, plan.engine.model),
        engine_log=plan.engine.log_path,
    )


def facts_of_manifest(manifest: RunManifest, task: Task | None) -> RunFacts:
    """The facts of a run on disk; ``task`` where its file can still be read."""
    return RunFacts(
        model=manifest.model.model,
        backend=f"{manifest.model.backend} {manifest.model.backend_version}".strip(),
        task_title=manifest.task_title,
        recipe=manifest.recipe,
        recipe_reason=manifest.recipe_reason,
        selection=manifest.selection,
        rows=task.num_rows if task else None,
        data_known=manifest.data_known,
        published=matching_results(task, manifest.model.model) if task else (),
        engine_log=manifest.engine.log_path if manifest.engine else None,
    )


# ---- tables ----------------------------------------------------------------------------------------


def print_results(console: Console, results: Results, facts: RunFacts, *, repeated: bool = False) -> None:
    """The whole of it: heading, tables, facts, the next command. ``repeated``: nothing was generated."""
    from rich.text import Text

    if console.is_terminal:
        console.print()
    note = " · on disk already, nothing was generated (--new starts afresh)" if repeated else ""
    title = Text.assemble((clean(results.task), "bold"), f" · {model_name(results.model)}", (note, "yellow"))
    print_line(console, title)
    print_line(console, f"{clean(facts.task_title)} · {_rows(results, facts)}", style="dim")
    console.print()
    for table in _tables(results, width=console.width):
        console.print(table)
        console.print()
    for name, value in _facts(results, facts):
        _print_fact(console, name, clean(value))
    if facts.next_step:
        print_step(console, facts.next_step)


WHOLE_LINES = {"run", "engine log"}
"""Facts to copy: never broken, however narrow the terminal is."""


def _print_fact(console: Console, name: str, value: str) -> None:
    """Name and value; a long value goes on below its own beginning."""
    from rich.table import Table
    from rich.text import Text

    if name in WHOLE_LINES or not console.is_terminal:
        console.print(Text.assemble((f"{name:<13}", "dim"), value), soft_wrap=True)
        return
    grid = Table.grid()
    grid.add_column(width=13, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(name, Text(value))
    console.print(grid)


def print_summary(console: Console, finished: Sequence[Results]) -> None:
    """One line a run, after several."""
    from rich.text import Text

    console.print()
    console.print(Text(f"{len(finished)} runs", style="bold"))
    console.print()
    table = plain_table()
    table.add_column("model", overflow="fold")
    table.add_column("task", overflow="fold")
    for name in ("n", "accuracy", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for results in finished:
        table.add_row(
            Text(model_name(results.model)),
            Text(clean(results.task)),
            f"{results.overall.samples:,}",
            percent(results.accuracy.value),
            interval(results.accuracy),
        )
    console.print(table)
    print_step(console, next_after_several(finished))


def print_step(console: Console, step: Step) -> None:
    """The command to try next."""
    from rich.text import Text

    console.print()
    print_line(console, f"Next, {step.reason}:")
    console.print(Text(f"  {clean(step.command)}", style="bold"), soft_wrap=True)


def result_line(results: Results) -> str:
    """One line: task, model, accuracy, counts, folder."""
    outcomes = results.overall.outcomes
    accuracy = results.accuracy
    return (
        f"{clean(results.task)}  {model_name(results.model)}  {accuracy_text(accuracy)}  "
        f"{outcomes['correct']}/{results.overall.completions}  {clean(results.run_dir)}"
    )


def _rows(results: Results, facts: RunFacts) -> str:
    """How many problems, and which."""
    count, limit, first = results.overall.samples, facts.selection.limit, facts.selection.first
    of = f" of {facts.rows:,}" if facts.rows and facts.rows != count else ""
    which = ""
    if limit is not None and of:
        which = f", a random sample (seed {facts.selection.seed})"
    elif first is not None and of:
        which = ", the first ones"
    n = facts.recipe.sampling.n
    several = f" · {n} completions each" if n > 1 else ""
    own = " · not the task's own rows" if facts.data_known is False else ""
    return f"{count:,}{of} problems{which}{several}{own}"


def _tables(results: Results, *, width: int) -> Iterator[Table]:
    """By subject, else by level, else the whole alone; then subject against level where both exist."""
    groups = results.by_subject or results.by_level
    name = "subject" if results.by_subject else "level" if results.by_level else ""
    yield _group_table(name, [*groups, results.overall], wide=width >= WIDE)
    if results.by_subject and results.by_level:
        cross = _cross_table(results)
        if cross is None:
            yield _group_table("level", results.by_level, wide=width >= WIDE)
        else:
            yield cross


def _group_table(name: str, groups: Sequence[Group], *, wide: bool) -> Table:
    from rich.text import Text

    shown = [o for o in OUTCOME_WORDS if any(group.outcomes[o] for group in groups)] if wide else []
    table = plain_table()
    table.add_column(name, min_width=12, max_width=40, overflow="fold")
    table.add_column("n", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_column("95 % interval", justify="right")
    for outcome in shown:
        table.add_column(OUTCOME_WORDS[outcome], justify="right")
    for group in groups:
        whole = group.name == "overall"
        table.add_row(
            Text("all" if whole else clean(group.name)),
            f"{group.samples:,}",
            percent(group.accuracy.value),
            interval(group.accuracy),
            *(f"{group.outcomes[outcome]:,}" for outcome in shown),
            style="bold" if whole else None,
        )
    return table


def _cross_table(results: Results) -> Table | None:
    """Accuracy of each subject at each level in percent; None where there are too many levels."""
    from rich.text import Text

    if len(results.by_level) > MAX_LEVELS:
        return None
    cells = {group.name: group.accuracy.value for group in results.by_subject_level}

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f}"

    table = plain_table()
    table.add_column("% by level", min_width=12, max_width=40, overflow="fold")
    for level in results.by_level:
        table.add_column(Text(clean(level.name)), justify="right", max_width=12)
    table.add_column("all", justify="right")
    for subject in results.by_subject:
        table.add_row(
            Text(clean(subject.name)),
            *(shown(cells.get(f"{subject.name} / {level.name}")) for level in results.by_level),
            Text(shown(subject.accuracy.value), style="bold"),
        )
    table.add_row(
        "all",
        *(shown(level.accuracy.value) for level in results.by_level),
        shown(results.accuracy.value),
        style="bold",
    )
    return table


# ---- facts -----------------------------------------------------------------------------------------


def _facts(results: Results, facts: RunFacts) -> Iterator[tuple[str, str]]:
    """Name and value of each line below the tables."""
    accuracy = results.accuracy
    counts = results.overall.outcomes
    yield (
        "outcomes",
        ", ".join(f"{counts[o]:,} {word}" for o, word in OUTCOME_WORDS.items() if counts[o]) or "none",
    )
    if accuracy.value is None:
        yield "accuracy", "none: the engine gave no text to score"
    elif accuracy.floor != accuracy.ceiling:
        bounds = f"{percent(accuracy.floor)} to {percent(accuracy.ceiling)}"
        yield "bounds", f"{bounds}, whatever the truncated, undecided and failed hold"
    for name, other in results.other_scorers.items():
        yield "also scored", f"{name} {accuracy_text(other)}"
    for result in facts.published:
        yield (
            "published",
            f"{result.model} {result.percent:g} % (recipe: {result.recipe}; {result.source})",
        )
    yield "scorer", results.scorer
    yield "recipe", f"{facts.recipe.name} ({facts.recipe_reason}); {sampling_text(facts.recipe)}"
    if facts.recipe.origin:
        yield "", f"from {facts.recipe.origin}"
    yield "engine", facts.backend + (f", restarted {results.restarts} times" if results.restarts else "")
    seconds = facts.seconds or results.seconds
    if shown := [f"{name} {duration(value)}" for name, value in seconds.items() if value >= 0.05]:
        yield "time", ", ".join(shown)
    generation = results.seconds.get("generation")
    # With several sessions the seconds are the last one's, and the tokens everybody's.
    pace = results.completion_tokens / generation if generation and results.sessions == 1 else None
    rate = f", {tokens_per_second(pace)} tokens/s" if pace else ""
    if results.prompt_tokens or results.completion_tokens:  # a recording may not tell
        yield "tokens", f"{results.prompt_tokens:,} read, {results.completion_tokens:,} generated{rate}"
    if facts.engine_log:
        yield "engine log", facts.engine_log
    yield "run", results.run_dir
