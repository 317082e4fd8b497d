"""The tables of a report as plain text, whatever format they end up in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mathevalkit.comparison.result import Comparison, difference_text
from mathevalkit.presentation.figures import accuracy_text, interval, p_text, percent
from mathevalkit.presentation.wording import MAX_LEVELS, OUTCOME_WORDS
from mathevalkit.reporting.data import ReportGroup, ReportRun
from mathevalkit.types import OUTCOMES


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of plain text. The first column is set left, the others right."""

    caption: str
    name: str
    """Short, for a label."""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(group: ReportGroup) -> Iterator[TextTable]:
    """Every table of a group of runs on the same rows."""
    yield _overview(group)
    if group.comparison is not None:
        yield compared(group.comparison)
    else:
        for kind, field in (("subject", "by_subject"), ("level", "by_level")):
            parts = [{part.name: part for part in getattr(run.results, field)} for run in group.runs]
            names = sorted({name for part in parts for name in part})
            if len(names) > 1:
                yield TextTable(
                    caption=f"{group.title}: accuracy by {kind}, with 95 % intervals",
                    name=kind,
                    head=(kind, "n", *(run.label for run in group.runs)),
                    rows=tuple(
                        (
                            name,
                            f"{max(part[name].samples for part in parts if name in part):,}",
                            *(accuracy_text(part[name].accuracy) if name in part else "–" for part in parts),
                        )
                        for name in names
                    ),
                )
    for run in group.runs:
        if cross := _cross(group, run):
            yield cross


def _overview(group: ReportGroup) -> TextTable:
    shown = [o for o in OUTCOMES if any(run.results.overall.outcomes[o] for run in group.runs)]
    rows = []
    for run in group.runs:
        accuracy, overall = run.results.accuracy, run.results.overall
        bounds = "–"
        if accuracy.floor is not None:
            bounds = f"{percent(accuracy.floor)} to {percent(accuracy.ceiling)}"
        rows.append(
            (
                run.label,
                run.results.recipe,
                f"{overall.samples:,}",
                percent(accuracy.value),
                interval(accuracy) or "–",
                bounds,
                *(f"{overall.outcomes[outcome]:,}" for outcome in shown),
            )
        )
    return TextTable(
        caption=group.title,
        name="overview",
        head=(
            *("model", "recipe", "n", "accuracy", "95 % interval", "bounds"),
            *(OUTCOME_WORDS[outcome] for outcome in shown),
        ),
        rows=tuple(rows),
    )


def compared(comparison: Comparison) -> TextTable:
    """Every group but those of subject and level: accuracies, and differences to the base."""
    head = ["", "n", *(checkpoint.label for checkpoint in comparison.checkpoints)]
    for other in comparison.others:
        head += ["difference" if len(comparison.others) == 1 else f"{other.label} − base", "p"]
    rows = []
    for row in comparison.rows:
        if row.kind == "subject and level":
            continue
        name = level_name(row.name) if row.kind == "level" else row.name
        cells = [name, f"{row.samples:,}", *(percent(accuracy.value) for accuracy in row.accuracies)]
        for d in row.differences:
            cells += ["–", "–"] if d is None else [difference_text(d), p_text(d.p_adjusted)]
        rows.append(tuple(cells))
    return TextTable(
        caption=(
            f"{comparison.task_title}: differences to {comparison.checkpoints[0].label} in points, with "
            f"{100 * (1 - comparison.alpha):g} % intervals, paired on the same {comparison.samples:,} "
            "problems; p exact, corrected by Holm within subjects and within levels, * where at most "
            f"{comparison.alpha:g}"
        ),
        name="comparison",
        head=tuple(head),
        rows=tuple(rows),
    )


def level_name(name: str) -> str:
    """A level in a table that does not say what its rows are: ``level 3``."""
    return name if name.lower().startswith("level") else f"level {name}"


def sentences(comparison: Comparison) -> Iterator[str]:
    """Where each difference comes from, and pass@k and maj@k where there are any."""
    for gap, difference in zip(comparison.gaps, comparison.rows[0].differences, strict=True):
        if difference is None:
            continue
        parts = ", ".join(
            f"{100 * part.value:+.1f} {OUTCOME_WORDS[part.outcome]} ↔ correct"
            for part in gap.parts
            if abs(part.value) >= 0.0005
        )
        yield (
            f"{gap.checkpoint}: better on {difference.gained:,} samples, worse on {difference.lost:,}"
            + (f"; {100 * gap.value:+.1f} points = {parts}." if parts else ".")
        )
    for checkpoint, metrics in zip(comparison.checkpoints, comparison.at_k, strict=True):
        for metric in metrics:
            yield (
                f"{checkpoint.label}: {metric.name} {percent(metric.value)} "
                f"({100 * metric.low:.1f}–{100 * metric.high:.1f})."
            )


def _cross(group: ReportGroup, run: ReportRun) -> TextTable | None:
    """Subjects against levels in percent, where there are not too many levels."""
    results = run.results
    if not results.by_subject or not 1 < len(results.by_level) <= MAX_LEVELS:
        return None
    cells = {part.name: part.accuracy.value for part in results.by_subject_level}

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f}"

    return TextTable(
        caption=f"{group.title}, {run.label}: accuracy in % by subject and level",
        name="levels",
        head=("", *(level_name(level.name) for level in results.by_level), "all"),
        rows=(
            *(
                (
                    subject.name,
                    *(shown(cells.get(f"{subject.name} / {level.name}")) for level in results.by_level),
                    shown(subject.accuracy.value),
                )
                for subject in results.by_subject
            ),
            (
                "all",
                *(shown(level.accuracy.value) for level in results.by_level),
                shown(results.accuracy.value),
            ),
        ),
    )
