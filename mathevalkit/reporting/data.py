"""What a report is made of: runs read back whole, each completion beside its verdict.

    >>> [run] = read_runs(["runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c"])  # doctest: +SKIP
    >>> run.label, run.results.accuracy.value, run.lines["17"][0].verdict.outcome  # doctest: +SKIP
    ('MetaMath-7B-V1.0', 0.665, 'correct')

Runs on the same rows form a group and are shown side by side; the first is the base of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mathevalkit.comparison.compare import compare
from mathevalkit.comparison.result import Comparison
from mathevalkit.errors import ComparisonError, MathEvalError, RunDirectoryError, UsageError
from mathevalkit.runs.codec import decode
from mathevalkit.runs.foreign import run_samples
from mathevalkit.runs.journal import GENERATIONS, load_run, read_lines, verdicts_name
from mathevalkit.runs.reader import damage, known_scorers, run_labels
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.types import OUTCOMES, Completion, RunManifest, Sample, ScoredCompletion


@dataclass(frozen=True, slots=True)
class Line:
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
    lines: Mapping[str, tuple[Line, ...]]
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
    runs = read_runs(paths, scorer=scorer, data_file=data_file)
    by_rows: dict[tuple[str, str], list[ReportRun]] = {}
    for run in runs:
        by_rows.setdefault((run.manifest.task, run.manifest.data_fingerprint), []).append(run)
    return tuple(_group(members, scorer=scorer) for members in by_rows.values())


def read_runs(
    paths: Sequence[str | Path], *, scorer: str | None = None, data_file: str | Path | None = None
) -> tuple[ReportRun, ...]:
    """The runs in the order given, labelled; raises as ``read_groups`` does."""
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
            f"go on with it: mathevalkit run --resume {run.path}"
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
    chosen = scorer or (stored.scorer if stored is not None else manifest.scorers[0])
    verdicts = _verdicts(path, manifest, chosen)
    completions = _completions(path)
    fault = None
    lines: dict[str, list[Line]] = {}
    for key in sorted(verdicts.keys() & completions.keys(), key=lambda key: key[1]):
        lines.setdefault(key[0], []).append(Line(completion=completions[key], verdict=verdicts[key]))
    samples = rows.setdefault(manifest.data_fingerprint, {})
    if not lines.keys() <= samples.keys():  # another run of the task may have asked other problems
        try:
            samples |= run_samples(manifest, path=path, data_file=data_file)
        except MathEvalError as error:
            fault = "; ".join(str(error).splitlines())
    known = {**{i: Sample(id=i, question="", gold="") for i in lines if i not in samples}, **samples}
    order = {sample_id: place for place, sample_id in enumerate(known)}
    ordered = {i: tuple(lines[i]) for i in sorted(lines, key=order.__getitem__)}
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


def _verdicts(path: Path, manifest: RunManifest, scorer: str) -> dict[tuple[str, int], ScoredCompletion]:
    """A scorer's verdicts; of a completion that failed and was generated again, the later one."""
    file = path / verdicts_name(scorer)
    if not file.is_file():
        there = ", ".join(known_scorers(path, manifest)) or "none"
        raise ComparisonError(
            f"{path}: no verdicts of scorer {scorer!r} (there: {there}); "
            f"score it first: mathevalkit rescore {path} --scorer {scorer}"
        )
    found: dict[tuple[str, int], ScoredCompletion] = {}
    for number, record in read_lines(file, kind="verdicts"):
        verdict = _verdict(record, where=f"{file}:{number}")
        key = (verdict.sample_id, verdict.k)
        if key not in found or found[key].outcome == "backend_error":
            found[key] = verdict
    return found


def _verdict(record: dict[str, Any], *, where: str) -> ScoredCompletion:
    """One line, by hand: there may be hundreds of thousands."""
    try:
        verdict = ScoredCompletion(**record)
    except TypeError as error:
        raise RunDirectoryError(f"{where}: not a verdict: {error}") from error
    if verdict.outcome not in OUTCOMES:
        raise RunDirectoryError(
            f"{where}: unknown outcome {verdict.outcome!r}; expected one of {', '.join(OUTCOMES)}"
        )
    return verdict


def _completions(path: Path) -> dict[tuple[str, int], Completion]:
    """The completions that count: the first text of each, or its failure."""
    file = path / GENERATIONS
    found: dict[tuple[str, int], Completion] = {}
    for number, record in read_lines(file, kind="generations"):
        completion = decode(Completion, record, where=f"{file}:{number}")
        if completion.key not in found or found[completion.key].finish_reason == "error":
            found[completion.key] = completion
    return found


def _count(
    path: Path,
    manifest: RunManifest,
    lines: Mapping[str, Sequence[Line]],
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
