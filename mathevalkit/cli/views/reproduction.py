"""A run beside a published number, and all published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mathevalkit.cli.output import plain_table
from mathevalkit.presentation.figures import interval, p_text, percent
from mathevalkit.presentation.terminal import clean
from mathevalkit.reproduction.reproduce import Reproduction
from mathevalkit.reproduction.targets import Target

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def print_reproduction(console: Console, found: Reproduction) -> None:
    """Published and measured under each scorer, the verdict, and what may explain a difference."""
    rows = f", {found.published_rows:,} rows" if found.published_rows else ""
    console.print(
        f"{found.target}: published {found.published_percent:g} %{rows} ({found.source})", soft_wrap=True
    )
    console.print(f"run of {clean(found.model)}: {clean(found.run_dir)}\n", soft_wrap=True)
    table = plain_table()
    table.add_column("scorer", no_wrap=True)
    for name in ("n", "measured", "95 % interval", "points", "p"):
        table.add_column(name, justify="right")
    for row in found.rows:
        table.add_row(
            f"{clean(row.scorer)}{' (theirs)' if row.published else ' (ours)'}",
            f"{sum(row.outcomes.values()):,}",
            percent(row.accuracy.value),
            interval(row.accuracy),
            f"{row.difference:+.1f}",
            "–" if row.p is None else p_text(row.p),
        )
    console.print(table)
    console.print(f"\n{found.verdict}: {clean(found.reason)}", soft_wrap=True)
    if found.causes:
        same = found.verdict == "consistent"
        console.print("\nnot as published:" if same else "\nlikely causes of a difference:")
        for cause in found.causes:
            console.print(f"  {cause.name}: {clean(cause.text)}", soft_wrap=True)


def print_paper_table(console: Console, frame: pd.DataFrame) -> None:
    """Models down, and for each task published, gain, measured, verdict."""
    for task, part in frame.groupby("task", sort=False):
        table = plain_table()
        table.add_column(clean(task), min_width=20)
        for name in ("published", "gain", "measured", "95 % interval"):
            table.add_column(name, justify="right")
        table.add_column("")
        for row in part.to_dict("records"):
            has_run = row["run"] is not None and row["run"] == row["run"]
            table.add_row(
                clean(row["model"]),
                f"{row['published']:.1f}",
                "" if row["gain"] != row["gain"] or row["gain"] is None else f"{row['gain']:+.1f}",
                f"{row['measured']:.1f}" if has_run else "–",
                f"{row['low']:.1f}–{row['high']:.1f}" if has_run else "",
                row["verdict"] if has_run else "",
            )
        console.print(table)
        console.print()
    console.print("percent; gain: published points over LLaMA-2 of the same size", style="dim")


def print_targets(console: Console, found: Sequence[Target]) -> None:
    """The published results there are."""
    table = plain_table()
    table.add_column("published result", no_wrap=True)
    table.add_column("percent", justify="right")
    table.add_column("model on the hub", overflow="fold")
    for target in found:
        table.add_row(
            clean(target.name), f"{target.result.percent:g}", clean(target.model_id or "give --model")
        )
    console.print(table)
