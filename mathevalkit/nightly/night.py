"""One night of a suite: run what is missing, go on with what broke, judge each run, say how it ended.

    >>> suite = read_suite("nightly.yaml")  # doctest: +SKIP
    >>> run_night(suite, night="2026-01-05").exit_code  # doctest: +SKIP
    0

Repeating a night goes on where it stopped: its runs lie in a folder of its own, and what is whole there is
not run again. A model that cannot be run is reported, and the others are run.

The baseline of a run is the newest earlier night that is known to be good (``pass``, or the first of its
kind), so that a drop cannot become the standard by standing for one night. The known good nights that did
the very same thing as the baseline stand beside it as its repeats, which tell the gate how far runs scatter.
A night that was called a regression, that failed, or of which the gate could not tell teaches nothing: a
fault that no manifest shows must not count as noise. Drops that each pass could still add up over the
nights: name a night as the baseline to measure against a fixed point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mathevalkit.comparison.gate import gate
from mathevalkit.comparison.repeats import is_repeat
from mathevalkit.errors import BackendError, ComparisonError, EngineDiedError, MathEvalError, UsageError
from mathevalkit.nightly.record import Night, NightEntry, read_nights, write_night
from mathevalkit.nightly.suite import PREVIOUS, Job, Suite, SuiteModel, is_folder_name
from mathevalkit.pipeline.evaluation import Observer, evaluate_all
from mathevalkit.runs.journal import RESULTS, verdicts_name
from mathevalkit.runs.reader import deciding_scorer, load_manifest, load_run
from mathevalkit.runs.results import Results
from mathevalkit.types import Check, EngineOptions, Plan, Progress, RunManifest, RunOptions, Task

__all__ = ["run_night"]

MAX_REPEATS = 20
"""Repeats of a baseline that are read; more would tell the gate little more about noise."""


def run_night(suite: Suite, *, night: str, observer: Observer | None = None) -> Night:
    """Run a suite's night to its end.

    Args:
        suite: what to run.
        night: the night's id, a folder below the suite's output; ids must sort as the nights follow.
        observer: told what happens on the way.

    Raises:
        UsageError: the id cannot name a folder.
        RunDirectoryError: the night's own files, or an earlier night's, cannot be read or written.
    """
    if not is_folder_name(night):
        raise UsageError(f"`night={night}`: cannot name a folder; use letters, digits, `.`, `_` and `-`")
    earlier = [n for n in read_nights(suite.output) if n.night < night]
    entries: list[NightEntry] = []
    for model in suite.models:
        for job, outcome in _run_model(suite, model, night=night, observer=observer or Observer()):
            entry = _entry(suite.output, night, model, job, outcome)
            entries.append(_judged(entry, suite, model, earlier))
        # After each model, so that a night that is killed keeps what it decided.
        write_night(suite.output, Night(night=night, suite=str(suite.path), entries=tuple(entries)))
    return Night(night=night, suite=str(suite.path), entries=tuple(entries))


# ---- running ---------------------------------------------------------------------------------------


def _run_model(
    suite: Suite, model: SuiteModel, *, night: str, observer: Observer
) -> Iterator[tuple[Job, Results | MathEvalError]]:
    """Every job of a model. Jobs with the same options share an engine: the model is loaded once."""
    groups: dict[RunOptions, list[Job]] = {}
    for job in suite.jobs:
        groups.setdefault(job.options, []).append(job)
    for options, jobs in groups.items():
        folder = replace(options, output_dir=str(suite.output / night / model.name))
        outcomes = _evaluate(model.engine, [job.task for job in jobs], folder, observer)
        yield from zip(jobs, outcomes, strict=True)


def _evaluate(
    engine: EngineOptions, tasks: Sequence[Task], options: RunOptions, observer: Observer
) -> list[Results | MathEvalError]:
    """The results of each task, or why there are none."""
    collector = _Collector(observer)
    try:
        evaluate_all(models=[engine], tasks=tasks, options=options, observer=collector)
    except MathEvalError as error:
        done: list[Results | MathEvalError] = [*collector.finished]
        rest = tasks[len(done) :]
        if len(tasks) == 1 or (isinstance(error, BackendError) and not isinstance(error, EngineDiedError)):
            return [*done, *[error] * len(rest)]  # the engine cannot be opened: not for any task
        # Which task is at fault is not known before each is tried alone; what is whole is not run again.
        return [
            *done,
            *(outcome for task in rest for outcome in _evaluate(engine, [task], options, observer)),
        ]
    return [*collector.finished]


class _Collector(Observer):
    """Passes everything on, and keeps the results of a command that fails half-way."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.finished: list[Results] = []

    def phase(self, name: str, detail: str = "") -> None:
        """See Observer."""
        self._observer.phase(name, detail)

    def plan(self, plan: Plan) -> None:
        """See Observer."""
        self._observer.plan(plan)

    def checks(self, plan: Plan, checks: Sequence[Check]) -> None:
        """See Observer."""
        self._observer.checks(plan, checks)

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """See Observer."""
        self._observer.run_opened(plan, run_dir, resumed=resumed)

    def progress(self, progress: Progress) -> None:
        """See Observer."""
        self._observer.progress(progress)

    def warning(self, message: str) -> None:
        """See Observer."""
        self._observer.warning(message)

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:
        """Keep them."""
        self.finished.append(results)
        self._observer.results(plan, results, repeated=repeated)


def _entry(
    output: Path, night: str, model: SuiteModel, job: Job, outcome: Results | MathEvalError
) -> NightEntry:
    """How a job ended, before it is judged."""
    if isinstance(outcome, MathEvalError):
        return NightEntry(
            model=model.name,
            task=job.task.name,
            recipe=job.options.recipe or "",
            status="failed",
            error=str(outcome),
            exit_code=outcome.exit_code,
        )
    # Not what the results call it: the run may have been made from another working directory.
    [run] = (output / night / model.name).glob(f"*/*/{outcome.run_id}")
    entry = NightEntry(
        model=model.name,
        task=outcome.task,
        recipe=outcome.recipe,
        status="no baseline",
        run_dir=run.relative_to(output).as_posix(),
        accuracy=outcome.accuracy,
    )
    if outcome.accuracy.value is None:
        reason = f"the engine gave no text; the reasons stand in {run}/generations.jsonl"
        return replace(entry, status="failed", error=reason, exit_code=BackendError.exit_code)
    return entry


# ---- judging ---------------------------------------------------------------------------------------


def _judged(entry: NightEntry, suite: Suite, model: SuiteModel, earlier: Sequence[Night]) -> NightEntry:
    """The entry with the gate's decision."""
    if entry.status == "failed":
        return entry
    candidate = suite.output / entry.run_dir
    try:
        same = list(_same_rows(entry, suite, earlier))
        baseline = model.baselines.get(entry.task) or _baseline(same, suite, earlier=earlier)
        if baseline is None:
            return entry
        report = gate(
            baseline,
            candidate,
            max_drop=suite.gate.max_drop,
            alpha=suite.gate.alpha,
            history=_repeats(same, baseline, suite),
        )
    except MathEvalError as error:
        return replace(entry, status="failed", error=str(error), exit_code=error.exit_code)
    inside = baseline.is_relative_to(suite.output)
    return replace(
        entry,
        status=report.decision.decision,
        baseline=str(baseline.relative_to(suite.output) if inside else baseline),
        gate=report.decision,
        changes=report.changes,
        notes=report.notes,
    )


def _same_rows(entry: NightEntry, suite: Suite, earlier: Sequence[Night]) -> Iterator[tuple[str, NightEntry]]:
    """Earlier runs of the entry's kind on the very same rows, with their nights, the newest first."""
    ours = load_manifest(suite.output / entry.run_dir)
    for night in reversed(earlier):
        for other in night.entries:
            run = suite.output / other.run_dir
            if other.series != entry.series or not (run / RESULTS).is_file():
                continue
            if _rows(load_manifest(run)) == _rows(ours):
                yield night.night, other


def _rows(manifest: RunManifest) -> tuple[object, ...]:
    """What makes two runs' rows the same."""
    return (manifest.data_fingerprint, manifest.identity.get("data"), manifest.num_samples)


def _baseline(
    same: Sequence[tuple[str, NightEntry]], suite: Suite, *, earlier: Sequence[Night]
) -> Path | None:
    """The run to judge against; None on the first night of these rows.

    Raises:
        ComparisonError: the night that the suite names was there, without such a run.
    """
    named = suite.gate.baseline
    for night, entry in same:
        if night == named or (named == PREVIOUS and entry.known_good):
            return suite.output / entry.run_dir
    if any(night.night >= named for night in earlier if named != PREVIOUS):
        raise ComparisonError(
            f"{suite.path}: gate.baseline: night {named} has no whole run of this model and task on these "
            "rows; name another night"
        )
    return None


def _repeats(same: Sequence[tuple[str, NightEntry]], baseline: Path, suite: Suite) -> list[Path]:
    """The known good runs that repeat the baseline, the newest first."""
    manifest, results = load_run(baseline)
    verdicts = verdicts_name(deciding_scorer(manifest, results))
    runs = (suite.output / entry.run_dir for _, entry in same if entry.known_good)
    found = (
        run
        for run in runs
        if run != baseline and (run / verdicts).is_file() and is_repeat(load_manifest(run), manifest)
    )
    return list(islice(found, MAX_REPEATS))
