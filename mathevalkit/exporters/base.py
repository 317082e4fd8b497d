"""What every exporter works from: a whole run with its numbers checked, and the options of a submission.

A number is exported only where the run's verdicts and its ``results.json`` say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from mathevalkit import __version__
from mathevalkit.errors import RunDirectoryError, UsageError, call
from mathevalkit.runs.changes import selection_text
from mathevalkit.runs.reader import ScoredRun, load_run, read_run, read_verdicts, task_of
from mathevalkit.runs.results import Results
from mathevalkit.runs.sources import Source, run_source
from mathevalkit.scoring.tally import Tally
from mathevalkit.stats.intervals import clustered_error
from mathevalkit.types import Accuracy, Completion, RunManifest, ScoredCompletion, Task

Scale: TypeAlias = Literal["percent", "fraction"]
Relationship: TypeAlias = Literal["first_party", "third_party", "collaborative", "other"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What a submission says besides the run itself. None leaves it to the run or the format."""

    scale: Scale | None = None
    """Percent (66.5) or fraction (0.665); None for the format's own habit."""
    model_id: str | None = None
    """``organisation/name`` on the hub, for a run of a local path."""
    dataset: str | None = None
    """Dataset on the hub that the rows belong to, where the task file names none."""
    task_id: str | None = None
    """What the benchmark calls the task; None for the task's own name."""
    source_url: str | None = None
    """Where a reader finds this evaluation."""
    organization: str | None = None
    """Who evaluated."""
    relationship: Relationship = "other"
    """Of the evaluator to the model's makers."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the files are made; the run's own time comes from its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The accuracy of a run under one scorer. Proportions are fractions."""

    scorer: str
    accuracy: Accuracy
    standard_error: float | None
    """Of the share right, clustered by sample; None for fewer than two samples."""
    samples: int
    """Samples with at least one completion that could be scored."""
    outcomes: Mapping[str, int]
    """Completions by outcome."""

    @property
    def value(self) -> float:
        """Correct over scored."""
        assert self.accuracy.value is not None  # ``open_run`` refuses runs without
        return self.accuracy.value

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        assert self.accuracy.low is not None
        assert self.accuracy.high is not None
        return self.accuracy.low, self.accuracy.high


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRun:
    """A whole run, read back."""

    path: Path
    manifest: RunManifest
    results: Results
    task: Task | None
    """Its task, where the file can still be read."""
    scored: Mapping[str, ScoredRun]
    """By scorer, the deciding one first."""
    measured: tuple[Measured, ...]
    """One a scorer, in the same order."""
    data_file: str | Path | None = None
    task_dirs: tuple[str | Path, ...] = ()

    @property
    def data_revision(self) -> str | None:
        """Commit of the dataset on the hub, where the rows came from there."""
        origin, _, revision = self.manifest.data_origin.partition("@")
        return revision or None if origin.startswith("hub:") else None

    @property
    def interval_method(self) -> str:
        """How the 95 % interval was computed."""
        return "wilson" if self.manifest.recipe.sampling.n == 1 else "cluster-robust, logit scale"

    def source(self) -> Source:
        """The run's generations with the rows they answer; reads the rows."""
        return run_source(self.path, data_file=self.data_file, task_dirs=self.task_dirs)

    def verdicts(self, scorer: str) -> dict[tuple[str, int], ScoredCompletion]:
        """Every verdict of a scorer by sample and ``k``."""
        return {verdict.key: verdict for verdict in read_verdicts(self.path, scorer)}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to write: its path below the output folder, and its bytes in pieces."""

    path: str
    chunks: Iterable[bytes]


Exporter: TypeAlias = Callable[[Sequence[ExportRun], ExportOptions], Iterable[ExportFile]]
"""What an entry point of the group ``mathevalkit.exporters`` names."""


def open_run(
    path: str | Path, *, data_file: str | Path | None = None, task_dirs: Sequence[str | Path] = ()
) -> ExportRun:
    """Read a run for export.

    Raises:
        RunDirectoryError: not a whole run, nothing in it could be scored, or ``results.json`` and the
            verdicts say different things.
        ComparisonError: a scorer's verdicts are missing.
    """
    folder = Path(path)
    manifest, results = load_run(folder)
    if results is None:
        raise RunDirectoryError(
            f"{folder}: the run is not whole yet, so it has no result to export; "
            f"go on with it: {call('evaluate', ..., resume=folder)}"
        )
    recorded = {results.scorer: results.accuracy, **results.other_scorers}
    scored = {scorer: read_run(folder, scorer=scorer) for scorer in recorded}
    measured = []
    for scorer, run in scored.items():
        one = measure(run)
        if one.accuracy.value is None:
            raise RunDirectoryError(f"{folder}: no completion could be scored; there is nothing to export")
        if one.accuracy.value != recorded[scorer].value:
            raise RunDirectoryError(
                f"{folder}: results.json and the verdicts of {scorer} disagree ({recorded[scorer].value} and "
                f"{one.accuracy.value}); write it anew: {call('rescore', folder, write_results=True)}"
            )
        measured.append(one)
    return ExportRun(
        path=folder,
        manifest=manifest,
        results=results,
        task=task_of(manifest, task_dirs=task_dirs),
        scored=scored,
        measured=tuple(measured),
        data_file=data_file,
        task_dirs=tuple(task_dirs),
    )


def measure(run: ScoredRun) -> Measured:
    """The accuracy of a run under the scorer it was read with, from its verdicts."""
    tally = Tally()
    for sample_id, lines in run.lines.items():
        for _, _, outcome, _ in lines:
            tally.add(sample_id, outcome)
    scores = [score for sample_id in run.lines if (score := run.score(sample_id))[1]]
    return Measured(
        scorer=run.scorer,
        accuracy=tally.accuracy(),
        standard_error=clustered_error(scores),
        samples=len(scores),
        outcomes=tally.outcomes,
    )


# ---- words and names --------------------------------------------------------------------------------


def scaled(value: float, scale: Scale) -> float:
    """A fraction in the scale wanted, without the noise of binary floating point."""
    return round(100 * value, 4) if scale == "percent" else round(value, 6)


def hub_model_id(run: ExportRun, options: ExportOptions) -> str | None:
    """The model as ``organisation/name``; None where the run is of a local path and no id is given."""
    if options.model_id is not None:
        if not _HUB_ID.fullmatch(options.model_id):
            raise UsageError(f"`model_id={options.model_id}`: expected ORGANISATION/NAME")
        return options.model_id
    name = run.manifest.model.model
    return name if _HUB_ID.fullmatch(name) and not Path(name).exists() else None


def model_label(run: ExportRun, options: ExportOptions) -> str:
    """The model's hub id, or the last part of its path."""
    return hub_model_id(run, options) or Path(run.manifest.model.model).name or "model"


def file_name(text: str) -> str:
    """A name that can stand in a path on every system."""
    return re.sub(r"[^\w.+=-]", "_", text.replace("/", "__")).strip(".")[:120] or "_"


def date_of(run: ExportRun) -> datetime:
    """When the run was made, in UTC."""
    try:
        created = datetime.fromisoformat(run.manifest.created)
    except ValueError as error:
        raise RunDirectoryError(
            f"{run.path}/manifest.json: created: expected an ISO 8601 time, got {run.manifest.created!r}"
        ) from error
    return created.astimezone(UTC)


def facts(run: ExportRun, measured: Measured, scale: Scale) -> dict[str, str]:
    """What a reader must know to use the number, by name; every value is text."""
    manifest = run.manifest
    model, recipe = manifest.model, manifest.recipe
    low, high = (scaled(end, scale) for end in measured.interval)
    found = {
        "scale": scale,
        "interval_95": f"{low:g} to {high:g} ({run.interval_method})",
        "standard_error": ""
        if measured.standard_error is None
        else f"{scaled(measured.standard_error, scale):g}",
        "scorer": measured.scorer,
        "also_scored": ", ".join(
            f"{other.scorer} {scaled(other.value, scale):g}"
            for other in run.measured
            if other is not measured
        ),
        "samples": f"{measured.samples}",
        "rows": selection_text(manifest),
        "completions_per_sample": f"{recipe.sampling.n}",
        "outcomes": ", ".join(f"{count} {name}" for name, count in measured.outcomes.items() if count),
        "recipe": recipe.name,
        "shots": f"{len(recipe.shots)}",
        "temperature": f"{recipe.sampling.temperature:g}",
        "max_tokens": f"{recipe.sampling.max_tokens}",
        "prompt_hash": manifest.prompt_hash,
        "model_revision": model.revision or "",
        "adapter": Path(manifest.engine.lora).name if manifest.engine and manifest.engine.lora else "",
        "dtype": model.dtype or "",
        "quantization": model.quantization or "",
        "data_revision": run.data_revision or "",
        "data_fingerprint": manifest.data_fingerprint,
        "data_known": {True: "the task's own rows", False: "not the task's own rows", None: ""}[
            manifest.data_known
        ],
        "engine": f"{model.backend} {model.backend_version}".strip(),
        "mathevalkit": manifest.versions.get("mathevalkit", __version__),
        "run_id": manifest.run_id,
    }
    return {name: value for name, value in found.items() if value}


def note(run: ExportRun, measured: Measured, scale: Scale) -> str:
    """The facts as one line, the scale first."""
    found = facts(run, measured, scale)
    return "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items())


def concerns(run: ExportRun) -> Iterator[str]:
    """What should keep a reader from taking the number for the benchmark's: in words, with the run."""
    manifest = run.manifest
    if manifest.selection.limit is not None or manifest.selection.first is not None:
        yield f"{run.path}: made on part of the benchmark ({selection_text(manifest)})"
    if manifest.data_known is False:
        yield f"{run.path}: made on other rows than the task's own"
    failed = run.results.overall.outcomes["backend_error"]
    if failed:
        yield f"{run.path}: {failed} completions failed in the engine and are not in the accuracy"


def completions(run: ExportRun) -> tuple[Source, dict[str, list[Completion]]]:
    """A run's rows, and its completions by sample id, in the order of the rows and of ``k``."""
    source = run.source()
    by_sample: dict[str, list[Completion]] = {sample_id: [] for sample_id in source.samples}
    for generation in source.generations():
        by_sample[generation.completion.sample_id].append(generation.completion)
    return source, {
        sample_id: sorted(found, key=lambda completion: completion.k)
        for sample_id, found in by_sample.items()
        if found
    }
