"""A finished run read back for comparison: what became of each completion, by sample.

    >>> run = read_run("runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c")  # doctest: +SKIP
    >>> run.scorer, run.lines["17"]  # doctest: +SKIP
    ('auto', (Line(k=0, outcome='correct', answer='10'),))

Only the manifest and one verdict file are read: verdicts hold all that a comparison needs, and are a
hundredth of the size of the generations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mathevalkit.errors import ComparisonError, MathEvalError, RunDirectoryError
from mathevalkit.runs.foreign import run_samples
from mathevalkit.runs.journal import GENERATIONS, load_run, read_lines, verdicts_name
from mathevalkit.types import OUTCOMES, Outcome, RunManifest, Sample, Score


class Line(NamedTuple):
    """What became of one completion. A tuple, because a run may have hundreds of thousands."""

    k: int
    outcome: Outcome
    answer: str | None


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run directory under one scorer."""

    path: Path
    manifest: RunManifest
    scorer: str
    whole: bool
    """Whether the run finished."""
    lines: Mapping[str, tuple[Line, ...]]
    """Every sample's completions, by sample id, in the order of ``k``."""

    @property
    def damage(self) -> str:
        """What is wrong with the files of a finished run and what to do; empty where nothing is."""
        return damage(self.path, self.manifest, whole=self.whole, samples=len(self.lines))

    def score(self, sample_id: str) -> Score:
        """``(correct, scored)`` of a sample; a completion that the engine failed to give is not scored."""
        scored = [line for line in self.lines.get(sample_id, ()) if line.outcome != "backend_error"]
        return sum(line.outcome == "correct" for line in scored), len(scored)


def damage(path: Path, manifest: RunManifest, *, whole: bool, samples: int) -> str:
    """What is wrong with the files of a finished run and what to do; empty where nothing is.

    Args:
        path: the run directory.
        manifest: its manifest.
        whole: whether it finished; of one that did not, samples may be missing.
        samples: how many its files hold.
    """
    if not whole or samples >= manifest.num_samples:
        return ""
    return (
        f"{path}: finished, but its files hold only {samples:,} of {manifest.num_samples:,} samples: one was "
        f"edited or damaged. `mathevalkit rescore {path} --write-results` judges again what is in "
        f"{GENERATIONS}; `mathevalkit run --resume {path}` generates what is missing there"
    )


def read_run(path: str | Path, *, scorer: str | None = None) -> ScoredRun:
    """Read a run under its own first scorer, or under the one named.

    Raises:
        RunDirectoryError: not a run directory, or its verdicts cannot be read.
        ComparisonError: the run was not scored with that scorer.
    """
    folder = Path(path)
    manifest, results = load_run(folder)
    chosen = scorer or (results.scorer if results is not None else manifest.scorers[0])
    file = folder / verdicts_name(chosen)
    if not file.is_file():
        there = ", ".join(known_scorers(folder, manifest)) or "none"
        raise ComparisonError(
            f"{folder}: no verdicts of scorer {chosen!r} (there: {there}); "
            f"score it first: mathevalkit rescore {folder} --scorer {chosen}"
        )
    lines: dict[str, dict[int, Line]] = {}
    for sample_id, line in _lines(file):
        completions = lines.setdefault(sample_id, {})
        # A completion that failed may have been generated again; the first that did not fail counts.
        if line.k not in completions or completions[line.k].outcome == "backend_error":
            completions[line.k] = line
    return ScoredRun(
        path=folder,
        manifest=manifest,
        scorer=chosen,
        whole=results is not None,
        lines={
            sample_id: tuple(completions[k] for k in sorted(completions))
            for sample_id, completions in lines.items()
        },
    )


def _lines(file: Path) -> Iterator[tuple[str, Line]]:
    for number, record in read_lines(file, kind="verdicts"):
        try:
            line = Line(k=record["k"], outcome=record["outcome"], answer=record["answer"])
            sample_id = record["sample_id"]
        except (KeyError, TypeError) as error:
            raise RunDirectoryError(f"{file}:{number}: not a verdict: {error} is missing") from error
        if line.outcome not in OUTCOMES:
            raise RunDirectoryError(
                f"{file}:{number}: unknown outcome {line.outcome!r}; expected one of {', '.join(OUTCOMES)}"
            )
        yield sample_id, line


def known_scorers(path: Path, manifest: RunManifest) -> list[str]:
    """The scorers that a run has verdicts of, its own first."""
    files = {file.name for file in path.glob("verdicts.*.jsonl")}
    own = [scorer for scorer in manifest.scorers if verdicts_name(scorer) in files]
    files -= {verdicts_name(scorer) for scorer in own}
    return own + sorted(name.removeprefix("verdicts.").removesuffix(".jsonl") for name in files)


def common_scorer(runs: Sequence[ScoredRun]) -> str | None:
    """A scorer that all runs have verdicts of: the first run's own before others. None if there is none."""
    known = [known_scorers(run.path, run.manifest) for run in runs]
    candidates = [runs[0].scorer, *known[0]]
    return next((scorer for scorer in candidates if all(scorer in names for names in known)), None)


def run_labels(manifests: Sequence[RunManifest], *, within_task: bool = False) -> list[str]:
    """What runs are called side by side: the shortest names that tell all of them apart.

    The model and its adapter; where that is not enough with the recipe, else the task, else the run's id.
    Of a model's path only as much is kept as tells it from the others: ``Llama-2-7b-hf`` of
    ``meta-llama/Llama-2-7b-hf``, ``step-200/hf`` beside ``step-400/hf``.

    Args:
        manifests: the runs', in the order of the names.
        within_task: a name may stand for one run of each task.
    """
    models = [f"{m}{a}" for m, a in zip(_model_names(manifests), _adapters(manifests), strict=True)]
    pairs = list(zip(models, manifests, strict=True))
    tasks = [m.task if within_task else "" for m in manifests]
    for names in (
        models,
        [f"{name} ({m.recipe.name})" for name, m in pairs],
        [f"{name}, {m.task}" for name, m in pairs],
    ):
        if len(set(zip(names, tasks, strict=True))) == len(names):
            return names
    names = [f"{name} {m.run_id}" for name, m in pairs]
    # Copies of a run share even its id.
    return names if len(set(names)) == len(names) else [f"{name} #{i}" for i, name in enumerate(names, 1)]


def _model_names(manifests: Sequence[RunManifest]) -> list[str]:
    """The shortest ends of the models' paths that differ where the models do, without a file's ending."""
    models = [m.model.model.rstrip("/") for m in manifests]
    # The same files by two paths are one model.
    different = {m.model.revision or model for model, m in zip(models, manifests, strict=True)}
    for depth in range(1, 2 + max(model.count("/") for model in models)):
        names = ["/".join(model.split("/")[-depth:]) for model in models]
        if len(set(names)) >= len(different):
            break
    short = [name.removesuffix(".gguf").removesuffix(".jsonl") for name in names]
    return short if len(set(short)) == len(set(names)) else names


def _adapters(manifests: Sequence[RunManifest]) -> list[str]:
    adapters = [m.engine.lora if m.engine else None for m in manifests]
    return [f" + {lora.rstrip('/').rpartition('/')[2]}" if lora else "" for lora in adapters]


def samples_of(
    run: ScoredRun, *, data_file: str | Path | None = None, task_dirs: Sequence[str | Path] = ()
) -> tuple[dict[str, Sample], str | None]:
    """The rows a run was made on, by id, and where they cannot be read: none, and why."""
    try:
        return run_samples(run.manifest, path=run.path, data_file=data_file, task_dirs=task_dirs), None
    except MathEvalError as error:
        return {}, "; ".join(str(error).splitlines())
