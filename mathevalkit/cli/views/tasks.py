"""Tasks in a list, and one task in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mathevalkit.cli.output import plain_table
from mathevalkit.presentation.terminal import clean, clean_block, short
from mathevalkit.presentation.wording import sampling_text
from mathevalkit.types import Recipe, Task

if TYPE_CHECKING:
    from rich.console import Console


def print_tasks(console: Console, tasks: Sequence[Task]) -> None:
    """One line a task."""
    from rich.text import Text

    table = plain_table()
    for name in ("task", "rows", "recipes", "title"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for task in tasks:
        rows = f"{task.num_rows:,}" if task.num_rows else "–"
        table.add_row(
            Text(clean(task.name), style="bold"),
            rows,
            Text(clean(", ".join(task.recipes))),
            Text(clean(task.title)),
        )
    console.print(table)


def print_task(console: Console, task: Task) -> None:
    """Its data, its recipes with their prompts, published results."""
    from rich.text import Text

    def line(name: str, value: object, indent: int = 0) -> None:
        console.print(Text.assemble((f"{' ' * indent}{name:<12}", "dim"), clean(value)), soft_wrap=True)

    console.print(Text.assemble((clean(task.name), "bold"), f" · {clean(task.title)}"), soft_wrap=True)
    line("file", task.path)
    if task.hub:
        configs = f" ({', '.join(task.hub.configs)})" if task.hub.configs else ""
        line("hub", f"{task.hub.dataset}{configs}, split {task.hub.split}")
    if task.file:
        line("rows in", task.file)
    if task.num_rows:
        line("rows", f"{task.num_rows:,}")
    for fingerprint in task.fingerprints:
        line("fingerprint", fingerprint)
    if task.licence:
        line("licence", task.licence)
    line("defaults", ", ".join(f"{kind}: {name}" for kind, name in task.defaults.items()))
    for recipe in task.recipes.values():
        console.print()
        _print_recipe(console, recipe)
    if task.published:
        console.print()
        console.print(Text("published results", style="bold"))
    for result in task.published:
        what = f"{clean(result.recipe)}  {clean(result.source)}"
        console.print(Text(f"  {clean(result.model):<24} {result.percent:>5.1f} %  {what}"), soft_wrap=True)


def _print_recipe(console: Console, recipe: Recipe) -> None:
    from rich.text import Text

    console.print(
        Text.assemble((f"recipe {clean(recipe.name)}", "bold"), f" · {sampling_text(recipe)}"), soft_wrap=True
    )
    rows = {
        "from": recipe.origin,
        "scorer": ", ".join((recipe.scorer, *recipe.also_scorers)),
        "extraction": recipe.strategy,
        "stop": ", ".join(map(repr, recipe.sampling.stop)),
        "system": short(recipe.system or "", 200),
    }
    for name, value in rows.items():
        if value:
            console.print(Text.assemble((f"  {name:<10}", "dim"), clean(value)), soft_wrap=True)
    for row in clean_block(recipe.template).splitlines():
        console.print(Text.assemble(("  │ ", "dim"), row), soft_wrap=True)
