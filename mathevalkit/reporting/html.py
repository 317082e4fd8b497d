"""The HTML report: one file that needs no network, and that nothing a model wrote can make act.

Three walls stand between a model's text and the reader's browser, each enough by itself:

- Whatever the page shows is escaped: by Jinja2 in what is written here, by ``textContent`` in what the page's
  script makes of the JSON data (``report_samples``), by an allow-list in mathematics (``report_mathml``).
- A Content-Security-Policy allows the page's one style sheet and one script, by their hashes, and nothing
  else: no other script, no event handler, no image, no request, no form.
- Trusted Types keep the script itself from ever parsing text as HTML.

The templates lie in ``reports/``; what they draw is made ready here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from mathevalkit import __version__
from mathevalkit.comparison.result import Comparison
from mathevalkit.packaged import packaged
from mathevalkit.presentation.figures import accuracy_text, interval, percent
from mathevalkit.presentation.terminal import clean
from mathevalkit.presentation.wording import OUTCOME_WORDS, sampling_text
from mathevalkit.reporting.data import ReportGroup, ReportRun
from mathevalkit.reporting.lengths import Histogram, histograms
from mathevalkit.reporting.samples import browser_data, json_for_html
from mathevalkit.reporting.tables import TextTable, compared, sentences
from mathevalkit.types import OUTCOMES, Accuracy, Group

SCALES = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
"""Where the axis of a chart of accuracies may end."""
HEAT_STEPS = 10
MAX_HEAT_LEVELS = 12


def html_report(groups: Sequence[ReportGroup]) -> str:
    """The whole page."""
    import jinja2
    from markupsafe import Markup

    folder = packaged("reports")
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    sections = [_Section.of(group) for group in groups]
    return environment.get_template("report.html").render(
        title=_title(groups),
        version=__version__,
        policy=Markup(content_security_policy(style, script)),  # noqa: S704  # hashes and keywords alone
        style=Markup(style),  # noqa: S704  # our own file, and the policy holds its hash
        script=Markup(script),  # noqa: S704  # the same
        data=Markup(json_for_html(browser_data(groups))),  # noqa: S704  # holds no <, > or &
        sections=sections,
        outcomes=OUTCOMES,
        words=OUTCOME_WORDS,
        heat_steps=HEAT_STEPS,
    )


def _visible(value: Any) -> Any:
    """What a template prints: text without control characters, anything else as it is."""
    return clean(value) if type(value) is str else value


def content_security_policy(style: str, script: str) -> str:
    """Nothing but this style sheet and this script."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _title(groups: Sequence[ReportGroup]) -> str:
    labels = list(dict.fromkeys(run.label for group in groups for run in group.runs))
    tasks = list(dict.fromkeys(group.task for group in groups))
    return f"{', '.join(labels[:3])}{' …' if len(labels) > 3 else ''} · {', '.join(tasks)}"


# ---- what the template draws -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    """One group of runs. ``scale`` is where the axes of its accuracies end."""

    title: str
    task: str
    scale: float
    notes: tuple[str, ...]
    runs: tuple[_Card, ...]
    charts: tuple[_Chart, ...]
    heat: tuple[_Heat, ...]
    histograms: tuple[Histogram, ...]
    stacks: tuple[_StackRow, ...]
    comparison: _Compared | None

    @classmethod
    def of(cls, group: ReportGroup) -> _Section:
        runs = group.runs
        scale = _scale(group)
        return cls(
            title=group.title,
            task=group.task,
            scale=scale,
            notes=group.notes,
            runs=tuple(_Card.of(run, scale) for run in runs),
            charts=tuple(_charts(runs, scale)),
            heat=tuple(heat for run in runs if (heat := _heat(run, scale)) is not None),
            histograms=histograms(runs),
            stacks=tuple(_stack_rows(runs)),
            comparison=_Compared.of(group.comparison) if group.comparison else None,
        )


def _scale(group: ReportGroup) -> float:
    """The least end of an axis that holds every interval of a subject or level of some size."""
    highest = max(
        (
            part.accuracy.high or 0.0
            for run in group.runs
            for part in (run.results.overall, *run.results.by_subject, *run.results.by_level)
        ),
        default=1.0,
    )
    return next((scale for scale in SCALES if highest <= scale), 1.0)


@dataclass(frozen=True, slots=True)
class _Bar:
    """One accuracy on an axis; positions in percent of its width."""

    text: str
    interval: str
    label: str
    value: str | None
    low: str
    high: str

    @classmethod
    def of(cls, accuracy: Accuracy, scale: float) -> _Bar:
        def place(value: float | None) -> str:
            return f"{100 * min(1.0, (value or 0.0) / scale):.2f}%"

        return cls(
            text=percent(accuracy.value),
            interval=interval(accuracy),
            label=accuracy_text(accuracy),
            value=None if accuracy.value is None else place(accuracy.value),
            low=place(accuracy.low),
            high=place(accuracy.high),
        )


@dataclass(frozen=True, slots=True)
class _Stack:
    """Outcomes of a group as parts of a bar."""

    parts: tuple[tuple[str, str, str, str], ...]
    """Outcome, where it begins, how wide it is, and its words."""
    counts: Mapping[str, int]
    shares: Mapping[str, str]

    @classmethod
    def of(cls, group: Group) -> _Stack:
        total = group.completions or 1
        counts = group.outcomes
        starts = [0, *accumulate(counts[outcome] for outcome in OUTCOMES)]
        shares: dict[str, str] = {outcome: f"{100 * counts[outcome] / total:.1f} %" for outcome in OUTCOMES}
        return cls(
            parts=tuple(
                (
                    outcome,
                    f"{100 * start / total:.3f}%",
                    f"{100 * counts[outcome] / total:.3f}%",
                    f"{OUTCOME_WORDS[outcome]}: {counts[outcome]:,} ({shares[outcome]})",
                )
                for outcome, start in zip(OUTCOMES, starts, strict=False)
                if counts[outcome]
            ),
            counts=counts,
            shares=shares,
        )


@dataclass(frozen=True, slots=True)
class _Card:
    """A run at a glance, and how it was made."""

    label: str
    value: str
    interval: str
    correct: str
    bounds: str
    bar: _Bar
    stack: _Stack
    facts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, run: ReportRun, scale: float) -> _Card:
        accuracy, overall = run.results.accuracy, run.results.overall
        bounds = ""
        if accuracy.floor is not None and accuracy.floor != accuracy.ceiling:
            bounds = f"{percent(accuracy.floor)} to {percent(accuracy.ceiling)}"
        return cls(
            label=run.label,
            value="–" if accuracy.value is None else f"{100 * accuracy.value:.1f}",
            interval=interval(accuracy),
            correct=f"{overall.outcomes['correct']:,} of {overall.scored:,}",
            bounds=bounds,
            bar=_Bar.of(accuracy, scale),
            stack=_Stack.of(overall),
            facts=tuple(_facts(run)),
        )


def _facts(run: ReportRun) -> Iterator[tuple[str, str]]:
    """Name and value of everything that made the number."""
    manifest, results = run.manifest, run.results
    model = manifest.model
    yield "model", model.model + (f" @ {model.revision[:12]}" if model.revision else "")
    yield "recipe", f"{manifest.recipe.name} ({manifest.recipe_reason})"
    yield "sampling", sampling_text(manifest.recipe)
    yield "scorer", results.scorer
    for name, accuracy in results.other_scorers.items():
        yield f"under {name}", accuracy_text(accuracy)
    yield "data", f"{manifest.data_origin}, {results.overall.samples:,} problems"
    yield "rows", manifest.data_fingerprint[:16]
    yield "engine", f"{model.backend} {model.backend_version}".strip()
    precision = ", ".join(filter(None, (model.dtype, model.quantization)))
    if precision:
        yield "precision", precision
    yield "tokens", f"{results.prompt_tokens:,} read, {results.completion_tokens:,} generated"
    version = manifest.versions.get("mathevalkit", "?")
    yield "made", f"{manifest.created[:16].replace('T', ' ')} UTC, mathevalkit {version}"
    yield "run", str(run.path)


@dataclass(frozen=True, slots=True)
class _Chart:
    """Accuracies by subject or by level, one bar for each run."""

    name: str
    rows: tuple[tuple[str, str, tuple[_Bar | None, ...]], ...]
    """Name, number of samples, bars."""


def _charts(runs: Sequence[ReportRun], scale: float) -> Iterator[_Chart]:
    for name, field in (("subject", "by_subject"), ("level", "by_level")):
        parts = [{group.name: group for group in getattr(run.results, field)} for run in runs]
        names = sorted({name for part in parts for name in part})
        if len(names) > 1:
            yield _Chart(
                name=name,
                rows=tuple(
                    (
                        row,
                        f"{max(part[row].samples for part in parts if row in part):,}",
                        tuple(_Bar.of(part[row].accuracy, scale) if row in part else None for part in parts),
                    )
                    for row in names
                ),
            )


@dataclass(frozen=True, slots=True)
class _Heat:
    """Accuracy of each subject at each level."""

    label: str
    levels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, str] | None, ...]], ...]
    """Subject and its cells: percent, step of colour, words."""


def _heat(run: ReportRun, scale: float) -> _Heat | None:
    results = run.results
    levels = [level.name for level in results.by_level]
    if not results.by_subject or not 1 < len(levels) <= MAX_HEAT_LEVELS:
        return None
    cells = {group.name: group for group in results.by_subject_level}

    def cell(subject: str, level: str) -> tuple[str, int, str] | None:
        group = cells.get(f"{subject} / {level}")
        if group is None or group.accuracy.value is None:
            return None
        value = group.accuracy.value
        step = min(HEAT_STEPS, round(HEAT_STEPS * value / scale))
        words = f"{subject}, level {level}: {accuracy_text(group.accuracy)}, {group.samples:,} samples"
        return f"{100 * value:.0f}", step, words

    return _Heat(
        label=run.label,
        levels=tuple(levels),
        rows=tuple((s.name, tuple(cell(s.name, level) for level in levels)) for s in results.by_subject),
    )


@dataclass(frozen=True, slots=True)
class _StackRow:
    """Outcomes of one subject (or the whole) in each run."""

    name: str
    stacks: tuple[_Stack | None, ...]


def _stack_rows(runs: Sequence[ReportRun]) -> Iterator[_StackRow]:
    yield _StackRow("all", tuple(_Stack.of(run.results.overall) for run in runs))
    parts = [{group.name: group for group in run.results.by_subject} for run in runs]
    names = sorted({name for part in parts for name in part})
    for name in names if len(names) > 1 else ():
        yield _StackRow(name, tuple(_Stack.of(part[name]) if name in part else None for part in parts))


@dataclass(frozen=True, slots=True)
class _Compared:
    """The comparison: its table, the kind of each row, and sentences below."""

    table: TextTable
    kinds: tuple[str, ...]
    sentences: tuple[str, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> _Compared:
        return cls(
            table=compared(comparison),
            kinds=tuple(row.kind for row in comparison.rows if row.kind != "subject and level"),
            sentences=tuple(sentences(comparison)),
        )
