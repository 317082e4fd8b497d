"""What a report is made of: runs read back whole, each completion beside its verdict.

    >>> [group] = read_groups(["runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c"])  # doctest: +SKIP
    >>> run = group.runs[0]  # doctest: +SKIP
    >>> run.label, run.results.accuracy.value, run.lines["17"][0].verdict.outcome  # doctest: +SKIP
    ('MetaMath-7B-V1.0', 0.665, 'correct')

Runs on the same rows form a group and are shown side by side; the first is the base of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mathevalkit.comparison.compare import compare
from mathevalkit.comparison.result import Comparison
from mathevalkit.errors import ComparisonError, UsageError, call
from mathevalkit.runs.labels import run_labels
from mathevalkit.runs.reader import (
    damage,
    deciding_scorer,
    load_run,
    read_completions,
    read_verdicts,
    samples_if_readable,
)
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.types import Completion, RunManifest, Sample, ScoredCompletion


@dataclass(frozen=True, slots=True)
class Judged:
    """One completion and what became of it."""

    completion: Completion
    verdict: ScoredCompletion


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One run under one scorer."""

    label: str
    """Short, and unique among the runs of its task."""
    path: Path
    manifest: RunManifest
    results: Results
    """Of the scorer shown, counted again where that is not the one the run was made with."""
    whole: bool
    samples: Mapping[str, Sample]
    """The rows by id; without question and gold where they cannot be read any more."""
    fault: str | None
    """Why the rows cannot be read."""
    lines: Mapping[str, tuple[Judged, ...]]
    """Every sample's judged completions in the order of ``k``, samples in the order of the data."""

    @property
    def wanted(self) -> int:
        """Completions that the run is to have."""
        return self.manifest.num_samples * self.manifest.recipe.sampling.n


@dataclass(frozen=True, slots=True)
class ReportGroup:
    """Runs on the same rows."""

    title: str
    task: str
    runs: tuple[ReportRun, ...]
    comparison: Comparison | None
    """With the first run as the base; None for a single run, or where ``notes`` says why."""
    notes: tuple[str, ...]


def read_groups(
    paths: Sequence[str | Path], *, scorer: str | None = None, data_file: str | Path | None = None
) -> tuple[ReportGroup, ...]:
    """Read runs and put those on the same rows together.

    Args:
        paths: run directories.
        scorer: show all runs under this scorer instead of the one each was made with.
        data_file: the rows, where they are not where the runs' manifests say.

    Raises:
        UsageError: no run, or a run given twice.
        RunDirectoryError: a folder is not a run, or one of its files is damaged.
        ComparisonError: a run was not scored with ``scorer``.
    """
    by_rows: dict[tuple[str, str], list[ReportRun]] = {}
    for run in _labelled(paths, scorer=scorer, data_file=data_file):
        by_rows.setdefault((run.manifest.task, run.manifest.data_fingerprint), []).append(run)
    return tuple(_group(members, scorer=scorer) for members in by_rows.values())


def _labelled(
    paths: Sequence[str | Path], *, scorer: str | None, data_file: str | Path | None
) -> tuple[ReportRun, ...]:
    """The runs in the order given, with names that tell them apart."""
    if not paths:
        raise UsageError("give at least one run directory")
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise UsageError("a run is given twice; give each once")
    rows: dict[str, dict[str, Sample]] = {}  # by fingerprint: runs of one task share them
    runs = [_read(Path(path), scorer=scorer, data_file=data_file, rows=rows) for path in paths]
    labels = run_labels([run.manifest for run in runs], within_task=True)
    return tuple(replace(run, label=label) for run, label in zip(runs, labels, strict=True))


def _group(runs: Sequence[ReportRun], *, scorer: str | None) -> ReportGroup:
    notes = [f"{run.label}: {note}" for run in runs for note in _notes(run)]
    comparison = None
    if len(runs) > 1:
        try:
            comparison = compare(*(run.path for run in runs), scorer=scorer)
        except ComparisonError as error:
            notes.append(f"not compared: {error}")
        else:
            notes += comparison.notes
    return ReportGroup(
        title=runs[0].manifest.task_title or runs[0].manifest.task,
        task=runs[0].manifest.task,
        runs=tuple(runs),
        comparison=comparison,
        notes=tuple(dict.fromkeys(notes)),
    )


def _notes(run: ReportRun) -> Iterator[str]:
    done = run.results.overall.completions
    if not run.whole:
        yield (
            f"unfinished, {done:,} of {run.wanted:,} completions; "
            f"go on with it: {call('evaluate', ..., resume=run.path)}"
        )
    if harm := damage(run.path, run.manifest, whole=run.whole, samples=len(run.lines)):
        yield harm
    if run.fault is not None:
        yield f"the rows cannot be read, so there is no question and no gold: {run.fault}"
    if run.manifest.data_known is False:
        yield "not the task's own rows"


# ---- one run ---------------------------------------------------------------------------------------


def _read(
    path: Path, *, scorer: str | None, data_file: str | Path | None, rows: dict[str, dict[str, Sample]]
) -> ReportRun:
    manifest, stored = load_run(path)
    chosen = scorer or deciding_scorer(manifest, stored)
    lines = _judged(path, chosen)
    fault = None
    samples = rows.setdefault(manifest.data_fingerprint, {})
    if not lines.keys() <= samples.keys():  # another run of the task may have asked other problems
        found, fault = samples_if_readable(manifest, path=path, data_file=data_file)
        samples |= found
    known = {**{i: Sample(id=i, question="", gold="") for i in lines if i not in samples}, **samples}
    order = {sample_id: place for place, sample_id in enumerate(known)}
    ordered = {i: lines[i] for i in sorted(lines, key=order.__getitem__)}
    if stored is None or stored.scorer != chosen:
        results = _count(path, manifest, ordered, known, scorer=chosen)
    else:
        results = replace(stored, run_dir=str(path))
    return ReportRun(
        label="",
        path=path,
        manifest=manifest,
        results=results,
        whole=stored is not None,
        samples=known,
        fault=fault,
        lines=ordered,
    )


def _judged(path: Path, scorer: str) -> dict[str, tuple[Judged, ...]]:
    """A run's completions with their verdicts, by sample id; those that have none are left out."""
    verdicts = {verdict.key: verdict for verdict in read_verdicts(path, scorer)}
    found: dict[str, list[Judged]] = {}
    for completion in read_completions(path):
        if (verdict := verdicts.get(completion.key)) is not None:
            found.setdefault(completion.sample_id, []).append(Judged(completion, verdict))
    return {i: tuple(sorted(of, key=lambda one: one.completion.k)) for i, of in found.items()}


def _count(
    path: Path,
    manifest: RunManifest,
    lines: Mapping[str, Sequence[Judged]],
    samples: Mapping[str, Sample],
    *,
    scorer: str,
) -> Results:
    """The results of what is there, counted from the verdicts."""
    breakdown = Breakdown(samples)
    read = generated = 0
    for sample_id, completions in lines.items():
        for line in completions:
            breakdown.add(sample_id, line.verdict.outcome)
            read += line.completion.prompt_tokens or 0
            generated += line.completion.completion_tokens or 0
    return breakdown.results(
        manifest,
        scorer=scorer,
        others={},
        prompt_tokens=read,
        completion_tokens=generated,
        run_dir=str(path),
    )
