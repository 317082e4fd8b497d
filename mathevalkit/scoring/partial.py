"""A run on disk, whole or not, as results: for ``mathevalkit show``."""

from __future__ import annotations

from pathlib import Path

from mathevalkit.errors import MathEvalError
from mathevalkit.runs.results import Results
from mathevalkit.types import Completion, RunManifest, RunOptions, Task


def read_run(path: str | Path) -> tuple[RunManifest, Results]:
    """A run's manifest and results; those of an unfinished run are counted from what is there.

    Raises:
        RunDirectoryError: no run directory, or one of its files is damaged.
        DataError: the run is unfinished, and its rows cannot be read again or have changed.
    """
    from mathevalkit.runs.journal import load_run

    manifest, results = load_run(path)
    return manifest, results if results is not None else _partial_results(Path(path), manifest)


def task_of(manifest: RunManifest) -> Task | None:
    """The task a run was made with; None where its file cannot be read any more."""
    try:
        return _load_task(manifest)
    except MathEvalError:
        return None  # only needed for what stands beside the numbers


def _load_task(manifest: RunManifest) -> Task:
    from mathevalkit.tasks.finding import load_task

    options = manifest.options or RunOptions()
    name = manifest.task_path if Path(manifest.task_path).is_file() else manifest.task
    return load_task(name, task_dirs=options.task_dirs)


def _partial_results(path: Path, manifest: RunManifest) -> Results:
    """Everything generated so far, judged; the folder is only read."""
    from mathevalkit.runs.codec import decode
    from mathevalkit.runs.foreign import run_samples
    from mathevalkit.runs.journal import GENERATIONS, read_lines
    from mathevalkit.scoring.judge import Judge, Reading

    samples = run_samples(manifest, path=path)
    judge = Judge(manifest.scorers, reading=Reading.of(manifest.recipe), samples=samples)
    seen: set[tuple[str, int]] = set()
    read = generated = 0
    for number, record in read_lines(path / GENERATIONS, kind="generations"):
        completion = decode(Completion, record, where=f"{path / GENERATIONS}:{number}")
        if (
            completion.finish_reason == "error"
            or completion.key in seen
            or completion.sample_id not in samples
        ):
            continue
        seen.add(completion.key)
        read += completion.prompt_tokens or 0
        generated += completion.completion_tokens or 0
        for _ in judge.judge(completion):
            pass
    return judge.breakdown.results(
        manifest,
        scorer=manifest.scorers[0],
        others=judge.other_accuracies(),
        prompt_tokens=read,
        completion_tokens=generated,
        run_dir=str(path),
    )
