"""The pipeline: from a model and a task to results, in one sitting.

    rows ─► plan ─► preflight ─► run directory ─► weights ─► generate ─► journal ─► score ─► results

A completion is written to the journal before anything else is done with it. Scoring happens here, in
this process, while the engine's own process goes on generating.

    >>> from mathevalkit import evaluate
    >>> results = evaluate(model="./SmolLM2.gguf", task="demo")  # doctest: +SKIP
    >>> results.overall.outcomes["correct"]  # doctest: +SKIP
    31
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from mathevalkit.backends.base import Backend, Tokenizer, backend_for, open_backend
from mathevalkit.errors import PreflightError, RunDirectoryError
from mathevalkit.pipeline.plan import make_manifest, make_plan, model_slug, run_folder, versions
from mathevalkit.preflight import run_checks
from mathevalkit.prompts import build_requests
from mathevalkit.runs.journal import RESULTS, Journal
from mathevalkit.runs.reader import load_manifest, load_run, read_completions
from mathevalkit.runs.results import Results
from mathevalkit.runs.resume import folder_to_resume
from mathevalkit.scoring.judge import Judge, ScorerOptions
from mathevalkit.scoring.tally import RunTally
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data
from mathevalkit.types import (
    Check,
    Completion,
    EngineOptions,
    Generation,
    LoadedData,
    Plan,
    Progress,
    Request,
    RunOptions,
    Task,
)

PROGRESS_SECONDS = 0.2


def evaluate(
    *,
    model: str,
    task: str | Task,
    backend: str | None = None,
    options: RunOptions | None = None,
    engine: EngineOptions | None = None,
    observer: Observer | None = None,
    **overrides: Any,
) -> Results:
    """Run one model on one task, or go on with the run of the same settings that is on disk.

    Args:
        model: hub id, local folder or GGUF file.
        task: name of a packaged task, path of a YAML file, or a loaded Task.
        backend: ``vllm``, ``llama_cpp``, ``replay`` or a plug-in's name. Default: ``engine``'s; without one
            llama_cpp for a ``.gguf`` file, replay for a ``.jsonl`` file or a run directory, else vllm.
        options: everything else about the run; see RunOptions.
        engine: everything else about the engine; its ``model`` is overridden.
        observer: told what happens on the way.
        **overrides: fields of RunOptions by name, ``limit=64`` say.

    Raises:
        MathEvalError: see ``mathevalkit.errors``; whatever was generated before is on disk.
    """
    chosen = replace(engine or EngineOptions(model=model, backend=backend_for(model)), model=model)
    if backend is not None:
        chosen = replace(chosen, backend=backend)
    run = replace(options or RunOptions(), **overrides)
    return evaluate_all(models=[chosen], tasks=[task], options=run, observer=observer)[0]


def evaluate_all(
    *,
    models: Sequence[EngineOptions],
    tasks: Sequence[str | Task],
    options: RunOptions,
    observer: Observer | None = None,
) -> list[Results]:
    """Every model on every task. A model is loaded once, and only if something is left to generate."""
    observer = observer or Observer()
    loaded = load_tasks(tasks, options)  # before any engine starts: a mistake in a task costs no waiting
    return [
        results
        for engine_options in models
        for results in _evaluate_model(engine_options, loaded, options=options, observer=observer)
    ]


def load_tasks(tasks: Sequence[str | Task], options: RunOptions) -> list[Task]:
    """Tasks by name or path. Raises TaskNotFoundError, TaskFileError."""
    return [load_task(t, task_dirs=options.task_dirs) if isinstance(t, str) else t for t in tasks]


def plan_all(
    *, models: Sequence[EngineOptions], tasks: Sequence[str | Task], options: RunOptions
) -> Iterator[tuple[Plan, Tokenizer | None]]:
    """Every run as it would be made, with its engine open as far as the tokenizer; none is made."""
    loaded = load_tasks(tasks, options)
    for engine_options in models:
        with closing(open_backend(engine_options)) as engine:
            plans = plan_model(engine, engine_options, loaded, options=options, observer=Observer())
            for plan in plans:
                yield plan, engine.tokenizer


def plan_model(
    engine: Backend,
    engine_options: EngineOptions,
    tasks: Sequence[Task],
    *,
    options: RunOptions,
    observer: Observer,
) -> list[Plan]:
    """Start the engine as far as its tokenizer while the rows are read; decide every task's run."""
    observer.phase("data", ", ".join(task.name for task in tasks))
    with ThreadPoolExecutor(max_workers=1) as pool:
        # Rows are read while the engine's process imports what it needs.
        reading = [pool.submit(_load, task, options) for task in tasks]
        observer.phase("engine", engine_options.model)
        info = engine.start()
        rows = [future.result() for future in reading]
    return [
        make_plan(
            task=task,
            data=data,
            info=info,
            engine=engine_options,
            tokenizer=engine.tokenizer,
            options=options,
        )
        for task, data in zip(tasks, rows, strict=True)
    ]


def _load(task: Task, options: RunOptions) -> LoadedData:
    return load_data(task, data_file=options.data_file)


def _evaluate_model(
    engine_options: EngineOptions, tasks: Sequence[Task], *, options: RunOptions, observer: Observer
) -> Iterator[Results]:
    engine_options = _with_log(engine_options, options)
    with closing(open_backend(engine_options)) as engine:
        plans = plan_model(engine, engine_options, tasks, options=options, observer=observer)
        for plan in plans:
            observer.plan(plan)
        if options.preflight:
            _preflight(plans, engine, observer)
        load = cache(engine.load)  # once, however many tasks, and not at all where nothing is missing
        for plan in plans:
            yield _run(plan, engine, load=load, observer=observer)


def _with_log(engine_options: EngineOptions, options: RunOptions) -> EngineOptions:
    """The engine's own output goes to a file beside the model's runs, not to the terminal."""
    if engine_options.log_path is not None or engine_options.backend == "replay":
        return engine_options
    folder = Path(options.output_dir) / model_slug(engine_options)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder}: cannot be created: {error.strerror}; choose another `output_dir`"
        ) from error
    return replace(engine_options, log_path=str(folder / f"engine-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"))


def _preflight(plans: Sequence[Plan], engine: Backend, observer: Observer) -> None:
    observer.phase("preflight")
    failed = []
    for plan in plans:
        checks = run_checks(plan, tokenizer=engine.tokenizer)
        observer.checks(plan, checks)
        failed += [
            f"{plan.task.name}: {c.name}: {c.message}. {c.remedy}" for c in checks if c.status == "error"
        ]
    if failed:
        raise PreflightError("\n".join([*failed, "(`preflight=False` runs all the same)"]))


def _run(plan: Plan, engine: Backend, *, load: Callable[[], None], observer: Observer) -> Results:
    """One plan to its results: what is on disk already, what is missing, the aggregates."""
    folder = folder_to_resume(plan, run_folder(plan))
    if folder is not None and (folder / RESULTS).exists() and not plan.options.resume:
        _, results = load_run(folder)
        if results is not None and _scored_alike(results, plan):
            observer.results(plan, results, repeated=True)
            return results
    if folder is None:
        manifest = make_manifest(plan)
        journal = Journal.create(run_folder(plan) / manifest.run_id, manifest, samples=plan.samples)
    else:
        journal = Journal(folder, load_manifest(folder))
    with journal:
        session = Session(plan, journal, observer)
        session.read_back()
        session.generate_missing(engine, load=load)
        return session.finish(engine)


def _scored_alike(results: Results, plan: Plan) -> bool:
    """Whether a whole run holds what is asked for; with other scorers it is only scored again."""
    return (results.scorer, *results.other_scorers) == plan.scorers


class Session:
    """One start or resume of a run, from the open journal to the results."""

    def __init__(self, plan: Plan, journal: Journal, observer: Observer) -> None:
        self._plan = plan
        self._journal = journal
        self._observer = observer
        self._samples = {sample.id: sample for sample in plan.samples}
        self._judge = Judge(plan.scorers, ScorerOptions.of(plan.recipe))
        self._tally = RunTally(plan.scorers, self._samples)
        self._done: set[tuple[str, int]] = set()
        self._resumed = 0
        self._prompt_tokens = self._completion_tokens = 0
        self._session_tokens = 0
        self._seconds: dict[str, float] = {}
        self._started = self._shown = time.monotonic()

    def read_back(self) -> None:
        """Count what earlier sessions generated, and judge it anew: verdicts cost microseconds."""
        self._journal.start_verdicts(self._plan.scorers)
        for completion in read_completions(self._journal.path, texts=self._done):
            if completion.finish_reason == "error":
                continue  # not a completion; asked for again below
            if completion.sample_id not in self._samples or completion.k >= self._plan.recipe.sampling.n:
                raise RunDirectoryError(
                    f"{self._journal.path}: sample {completion.sample_id!r} (k={completion.k}) is not part "
                    "of this run; the folder holds lines of another run"
                )
            self._count(completion)
        self._resumed = len(self._done)
        self._warn()
        self._observer.run_opened(self._plan, str(self._journal.path), resumed=self._resumed)
        self._journal.log_session(
            {
                "event": "start",
                "time": _now(),
                "on_disk": self._resumed,
                "versions": versions(self._plan),
            }
        )

    def generate_missing(self, engine: Backend, *, load: Callable[[], None]) -> None:
        """Generate what is not on disk yet; each completion is written before it is judged."""
        requests = self._missing(engine)
        first = next(requests, None)
        if first is None:
            return
        self._phase("weights", load)
        self._observer.phase("generation")
        self._started = time.monotonic()
        try:
            for completion in engine.generate(chain([first], requests)):
                self._journal.append(completion)
                self._count(completion)
                self._session_tokens += completion.completion_tokens or 0
                if time.monotonic() - self._shown >= PROGRESS_SECONDS:
                    self._show()
        finally:
            self._seconds["generation"] = time.monotonic() - self._started
            self._show()

    def _missing(self, engine: Backend) -> Iterator[Request]:
        n = self._plan.recipe.sampling.n
        samples = (s for s in self._plan.samples if any((s.id, k) not in self._done for k in range(n)))
        requests = build_requests(samples, self._plan.recipe, tokenizer=engine.tokenizer)
        return (request for request in requests if request.key not in self._done)

    def finish(self, engine: Backend) -> Results:
        """Aggregate, write ``results.json``, and the run is whole."""
        self._observer.phase("results")
        results = self._tally.breakdown.results(
            self._journal.manifest,
            scorer=self._plan.scorers[0],
            others=self._tally.other_accuracies(),
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
            run_dir=str(self._journal.path),
            seconds={**self._earlier_seconds(), **{name: round(s, 3) for name, s in self._seconds.items()}},
            sessions=self._journal.count_sessions(),
            restarts=engine.restarts,
        )
        self._journal.finish(results)
        self._journal.log_session({"event": "whole", "time": _now(), "seconds": asdict(results)["seconds"]})
        self._warn()
        self._observer.results(self._plan, results, repeated=False)
        return results

    def _earlier_seconds(self) -> Mapping[str, float]:
        """Of a run that was whole before and is only scored again: what its generation took."""
        if self._session_tokens or not (self._journal.path / RESULTS).exists():
            return {}
        _, earlier = load_run(self._journal.path)
        return earlier.seconds if earlier is not None else {}

    def _count(self, completion: Completion) -> None:
        self._done.add(completion.key)
        self._prompt_tokens += completion.prompt_tokens or 0
        self._completion_tokens += completion.completion_tokens or 0
        sample = self._samples[completion.sample_id]
        lines = self._judge.judge(Generation(completion, sample.gold, sample.solution))
        self._tally.add(lines)
        for scorer, line in zip(self._plan.scorers, lines, strict=True):
            self._journal.append_verdict(scorer, line)

    def _phase(self, name: str, action: Callable[[], None]) -> None:
        self._observer.phase(name)
        began = time.monotonic()
        action()
        self._seconds[name] = time.monotonic() - began

    def _warn(self) -> None:
        for warning in self._journal.warnings:
            self._observer.warning(warning)
        self._journal.warnings.clear()

    def _show(self) -> None:
        self._shown = time.monotonic()
        self._warn()
        overall = self._tally.breakdown.overall
        self._observer.progress(
            Progress(
                done=len(self._done),
                total=self._plan.total,
                resumed=self._resumed,
                accuracy=overall.accuracy(),
                outcomes=overall.outcomes,
                completion_tokens=self._session_tokens,
                seconds=self._shown - self._started,
            )
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Observer:
    """What a run tells whoever watches it; the command line draws these, a script may ignore them all.

    Does nothing. Override what you want to see; every method is called from the main thread.
    """

    def phase(self, name: str, detail: str = "") -> None:
        """A phase begins: ``data``, ``engine``, ``preflight``, ``weights``, ``generation``, ``results``."""

    def plan(self, plan: Plan) -> None:
        """What is going to be run has been decided."""

    def checks(self, plan: Plan, checks: Sequence[Check]) -> None:
        """Preflight is over. Errors are raised after this call."""

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """The run directory is open; ``resumed`` completions were on disk already."""

    def progress(self, progress: Progress) -> None:
        """Some completions more; called at most a few times a second, and once at the end."""

    def warning(self, message: str) -> None:
        """Something the user should know; the run goes on."""

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:
        """A run is whole. ``repeated``: it was whole before, and nothing was generated."""
