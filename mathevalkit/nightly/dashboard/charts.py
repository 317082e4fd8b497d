"""What the dashboard draws: trend lines with their bands, and the heat map of a night.

Coordinates are in a box of ``WIDTH`` by ``HEIGHT`` that the page stretches to its own width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from mathevalkit.nightly.dashboard.data import History, NightRun, Series
from mathevalkit.presentation.figures import accuracy_text
from mathevalkit.types import Group

WIDTH, HEIGHT = 1000, 200
GRIDS = (0.01, 0.02, 0.05, 0.1)
MAX_LINES = 12
"""The axis of a trend begins and ends on a multiple of the finest grid that makes no more lines than this."""
MAX_NUMBERS = 24
"""With more changes than this a trend marks them without numbers."""
HEAT_STEPS = 10
HEAT_SCALES = (0.1, 0.2, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One night of a trend."""

    run: NightRun
    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A night on which something had changed. ``number`` is empty where there are too many."""

    run: NightRun
    x: float
    share: str
    """``x`` as a percentage of the width."""
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One series over all nights of the history."""

    line: str
    """Path data."""
    band: str
    """The interval, likewise."""
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[str, ...]
    """Of the axis, from above."""
    first: str
    last: str


def trend(series: Series, history: History) -> Trend:
    """A series as a line, its 95 % intervals as a band around it."""
    places = {night: index for index, night in enumerate(history.nights)}
    step = WIDTH / max(1, len(places) - 1)
    runs = [run for run in series.runs if run.results.accuracy.value is not None]
    lows = [run.results.accuracy.low or 0.0 for run in runs]
    highs = [run.results.accuracy.high or 0.0 for run in runs]
    lowest, highest = min(lows, default=0.0), max(highs, default=1.0)
    grid = next((g for g in GRIDS if highest - lowest <= MAX_LINES * g), GRIDS[-1])
    bottom = floor(lowest / grid) * grid
    top = max(ceil(highest / grid) * grid, bottom + grid)

    def y(value: float) -> float:
        return round(HEIGHT * (top - value) / (top - bottom), 1)

    xs = [round(step * places[run.night], 1) for run in runs]
    values = [y(run.results.accuracy.value or 0.0) for run in runs]
    band = [*zip(xs, map(y, highs), strict=True), *reversed([*zip(xs, map(y, lows), strict=True)])]
    return Trend(
        line=_path(zip(xs, values, strict=True)),
        band=_path(band) + "Z" if band else "",
        points=tuple(
            Point(run=run, x=x, y=value, label=f"{run.night}: {accuracy_text(run.results.accuracy)}")
            for run, x, value in zip(runs, xs, values, strict=True)
        ),
        marks=_marks(series, {night: step * index for night, index in places.items()}),
        ticks=tuple(f"{100 * value:.3g} %" for value in (top, (top + bottom) / 2, bottom)),
        first=history.nights[0],
        last=history.nights[-1],
    )


def _path(points: Iterator[tuple[float, float]] | Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if index else 'M'}{x:g} {y:g}" for index, (x, y) in enumerate(points))


def _marks(series: Series, xs: Mapping[str, float]) -> tuple[Mark, ...]:
    changed = [run for run in series.runs if run.changes]
    numbered = len(changed) <= MAX_NUMBERS
    return tuple(
        Mark(
            run=run,
            x=round(xs[run.night], 1),
            share=f"{100 * xs[run.night] / WIDTH:.2f}%",
            number=str(number) if numbered else "",
        )
        for number, run in enumerate(changed, 1)
    )


# ---- the heat map ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One subject of one series tonight."""

    text: str
    delta: str
    """Against the night before, in points; empty where there is none."""
    step: int
    """Of the colour, 0 to HEAT_STEPS."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """One task: its series against its subjects."""

    task: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Series, str, tuple[Cell | None, ...]], ...]
    """Series, the night shown, cells."""


def heat_maps(history: History) -> tuple[Heat, ...]:
    """The last run of every series by subject, or by level where there are no subjects, a table a task."""
    found = []
    for task, of_task in groupby(sorted(history.series, key=lambda s: (s.task, s.key)), lambda s: s.task):
        series = list(of_task)
        for kind in ("subject", "level"):
            groups = [_groups(one.runs[-1], kind) for one in series]
            columns = tuple(sorted({name for group in groups for name in group}))
            if columns:
                found.append(_heat(task, kind, columns, series, groups))
                break
    return tuple(found)


def _groups(run: NightRun, kind: str) -> dict[str, Group]:
    groups = run.results.by_subject if kind == "subject" else run.results.by_level
    return {group.name: group for group in groups}


def _heat(
    task: str, kind: str, columns: Sequence[str], series: Sequence[Series], groups: Sequence[dict[str, Group]]
) -> Heat:
    highest = max((g.accuracy.value or 0.0 for group in groups for g in group.values()), default=1.0)
    scale = next(s for s in HEAT_SCALES if highest <= s)
    rows = []
    for one, now in zip(series, groups, strict=True):
        then = _groups(one.runs[-2], kind) if len(one.runs) > 1 else {}
        cells = tuple(_cell(now.get(name), then.get(name), scale=scale) for name in columns)
        rows.append((one, one.runs[-1].night, cells))
    return Heat(task=task, kind=kind, columns=tuple(columns), rows=tuple(rows))


def points(difference: float) -> str:
    """``+0.4``, ``−1.2``: a difference of accuracies in points."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def _cell(now: Group | None, then: Group | None, *, scale: float) -> Cell | None:
    if now is None or now.accuracy.value is None:
        return None
    value = now.accuracy.value
    before = then.accuracy.value if then else None
    return Cell(
        text=f"{100 * value:.1f}",
        delta="" if before is None else points(value - before),
        step=min(HEAT_STEPS, round(HEAT_STEPS * value / scale)),
        label=f"{now.name}: {accuracy_text(now.accuracy)}, {now.samples:,} samples",
    )
