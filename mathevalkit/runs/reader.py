"""A run directory read back: the only place that says what its files mean.

| what is asked for                  | function           | what is read                                   |
| ---------------------------------- | ------------------ | ---------------------------------------------- |
| what the run is, and its results   | `load_run`         | `manifest.json`, `results.json`                |
| the problems it asks               | `run_samples`      | `samples.jsonl`, else the task's rows          |
| the texts                          | `read_completions` | `generations.jsonl`                            |
| the verdicts                       | `read_verdicts`    | `verdicts.<scorer>.jsonl`                      |
| what became of each sample         | `read_run`         | manifest and verdicts: a hundredth of the run  |

    >>> run = read_run("runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c")  # doctest: +SKIP
    >>> run.scorer, run.lines["17"]  # doctest: +SKIP
    ('auto', (('17', 0, 'correct', '10'),))

A completion may stand in a file twice: the engine failed to give it and was asked again, or a process was
killed before it could take note. Which of them counts is one rule, for texts and for verdicts:
``what_counts``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from mathevalkit.errors import ComparisonError, DataError, MathEvalError, RunDirectoryError, call
from mathevalkit.runs.codec import decode, read_document
from mathevalkit.runs.journal import GENERATIONS, MANIFEST, RESULTS, SAMPLES, read_lines, verdicts_name
from mathevalkit.runs.results import Results
from mathevalkit.types import (
    OUTCOMES,
    Completion,
    Outcome,
    RunManifest,
    RunOptions,
    Sample,
    Score,
    ScoredCompletion,
    Task,
)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Key: TypeAlias = tuple[str, int]
"""Sample id and ``k``: what tells one completion of a run from every other."""
Record: TypeAlias = dict[str, Any]
"""A line as JSON has it."""


# ---- what the run is ---------------------------------------------------------------------------------


def load_run(path: str | Path) -> tuple[RunManifest, Results | None]:
    """A run's manifest and, where the run is whole, its results.

    Raises:
        RunDirectoryError: the folder is not a run, or one of the two files cannot be read.
    """
    folder = Path(path)
    manifest = load_manifest(folder)
    file = folder / RESULTS
    if not file.exists():
        return manifest, None
    try:
        return manifest, read_document(file, Results)
    except RunDirectoryError as error:
        raise RunDirectoryError(
            f"{error}; remove it, and {call('evaluate', ..., resume=folder)} writes it anew from what is on "
            "disk"
        ) from error


def load_manifest(path: Path) -> RunManifest:
    """A run's manifest. Raises RunDirectoryError where the folder is not a run."""
    if not (path / MANIFEST).is_file():
        raise RunDirectoryError(f"{path}: not a run directory (no {MANIFEST})")
    return read_document(path / MANIFEST, RunManifest)


def task_of(manifest: RunManifest, *, task_dirs: Sequence[str | Path] = ()) -> Task | None:
    """The task a run was made with; None where its file cannot be read any more."""
    try:
        return _load_task(manifest, task_dirs)
    except MathEvalError:
        return None  # only needed for what stands beside the numbers


def _load_task(manifest: RunManifest, task_dirs: Sequence[str | Path]) -> Task:
    from mathevalkit.tasks.finding import load_task

    name = manifest.task_path if Path(manifest.task_path).is_file() else manifest.task
    return load_task(name, task_dirs=[*task_dirs, *(manifest.options or RunOptions()).task_dirs])


# ---- the problems it asks ----------------------------------------------------------------------------


def run_samples(
    manifest: RunManifest,
    *,
    path: Path,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> dict[str, Sample]:
    """The rows a run was made on, by id: the run directory's own, unless ``data_file`` names others.

    Raises:
        TaskError: the task is not there any more.
        DataError: the rows cannot be read, or are not those of the run.
    """
    from mathevalkit.tasks.rows import load_data

    if data_file is None and (samples := load_samples(path)) is not None:
        return samples
    chosen = data_file or (manifest.options or RunOptions()).data_file
    data = load_data(_load_task(manifest, task_dirs), data_file=chosen)
    if data.fingerprint != manifest.data_fingerprint:
        raise DataError(
            f"{path}: the run was made on other rows ({manifest.data_origin}, fingerprint "
            f"{manifest.data_fingerprint[:12]}) than {data.origin} holds now ({data.fingerprint[:12]}); "
            "give the run's own rows as `data_file`"
        )
    return {sample.id: sample for sample in data.samples}


def load_samples(path: Path) -> dict[str, Sample] | None:
    """The samples that a run directory holds by id, in their order; None where it holds none."""
    file = path / SAMPLES
    if not file.exists():
        return None
    lines = read_lines(file, kind="samples")
    samples = (decode(Sample, record, where=f"{file}:{number}") for number, record in lines)
    return {sample.id: sample for sample in samples}


def samples_if_readable(
    manifest: RunManifest,
    *,
    path: Path,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> tuple[dict[str, Sample], str | None]:
    """As ``run_samples``; where the rows cannot be read, none, and why, in one line."""
    try:
        return run_samples(manifest, path=path, data_file=data_file, task_dirs=task_dirs), None
    except MathEvalError as error:
        return {}, "; ".join(str(error).splitlines())


# ---- texts and verdicts ------------------------------------------------------------------------------


def what_counts(attempts: Iterable[tuple[K, bool, T]], *, texts: set[K] | None = None) -> Iterator[T]:
    """Each completion once: its first text, or the first failure where no attempt gave a text.

    Texts come as they are found, failures at the end.

    Args:
        attempts: which completion, whether the engine failed to give it, and what stands there.
        texts: filled, on the way, with the keys of the completions that have a text.

    >>> attempts = [("17", True, "out of memory"), ("17", False, "10"), ("17", False, "12")]
    >>> list(what_counts(attempts))
    ['10']
    """
    done = set() if texts is None else texts
    failures: dict[K, T] = {}
    for key, failed, found in attempts:
        if failed:
            failures.setdefault(key, found)
        elif key not in done:
            done.add(key)
            yield found
    for key, found in failures.items():
        if key not in done:
            yield found


def read_completions(
    path: Path, *, among: Container[str] | None = None, texts: set[Key] | None = None
) -> Iterator[Completion]:
    """The completions of a run that count.

    Args:
        path: the run directory.
        among: ids of the samples that there may be; None for any.
        texts: as ``what_counts`` has it.

    Raises:
        RunDirectoryError: the file cannot be read, or holds what is no completion of these samples.
    """
    attempts = _attempts(path / GENERATIONS, "generations", lambda record: Completion(**record), among=among)
    return what_counts(attempts, texts=texts)


def read_verdicts(path: Path, scorer: str) -> Iterator[ScoredCompletion]:
    """A scorer's verdicts on the completions of a run that count.

    Raises:
        ComparisonError: the run has none of that scorer.
        RunDirectoryError: the file cannot be read, or holds what is no verdict.
    """
    return what_counts(_attempts(verdict_file(path, scorer), "verdicts", _verdict))


def _verdict(record: Record) -> ScoredCompletion:
    span = record["span"]
    return ScoredCompletion(**record | {"span": None if span is None else (int(span[0]), int(span[1]))})


def verdict_file(path: Path, scorer: str) -> Path:
    """Where a run's verdicts of a scorer stand. Raises ComparisonError where there are none."""
    file = path / verdicts_name(scorer)
    if not file.is_file():
        there = ", ".join(known_scorers(path, load_manifest(path))) or "none"
        raise ComparisonError(
            f"{path}: no verdicts of scorer {scorer!r} (there: {there}); "
            f"score it first: {call('rescore', path, scorers=[scorer])}"
        )
    return file


_OUTCOMES: Mapping[Any, Outcome] = {outcome: outcome for outcome in OUTCOMES}
_LINES: Mapping[str, tuple[str, str, str]] = {
    "generations": ("completion", "finish_reason", "error"),
    "verdicts": ("verdict", "outcome", "backend_error"),
}
"""What a line is, the field that says how the attempt ended, and what stands there where it failed."""


def _attempts(
    file: Path,
    kind: Literal["generations", "verdicts"],
    make: Callable[[Record], T],
    *,
    among: Container[str] | None = None,
) -> Iterator[tuple[Key, bool, T]]:
    """The lines of a file, checked, as ``what_counts`` takes them."""
    noun, field, failure = _LINES[kind]
    verdicts = kind == "verdicts"
    for number, record in read_lines(file, kind=kind):
        try:
            sample_id, k, ended = record["sample_id"], record["k"], record[field]
            if verdicts:
                # One string for all outcomes of a name, instead of one a line: there may be a million.
                record[field] = _OUTCOMES.get(ended)
            found = make(record)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            fault = f"{error} is missing" if isinstance(error, KeyError) else error
            raise RunDirectoryError(f"{file}:{number}: not a {noun}: {fault}") from error
        if type(sample_id) is not str or type(k) is not int:
            raise RunDirectoryError(
                f"{file}:{number}: not a {noun}: expected text as sample_id and a number as k"
            )
        if verdicts and record[field] is None:
            raise RunDirectoryError(
                f"{file}:{number}: unknown {field} {ended!r}; expected one of {', '.join(OUTCOMES)}"
            )
        if among is not None and sample_id not in among:
            raise RunDirectoryError(
                f"{file}:{number}: sample {sample_id!r} is not among the rows of the run's task"
            )
        yield (sample_id, k), ended == failure, found


# ---- what became of each sample ----------------------------------------------------------------------


Line: TypeAlias = tuple[str, int, Outcome, str | None]
"""Sample id, ``k``, outcome and answer of one completion. A bare tuple: a dashboard reads millions."""
Lines: TypeAlias = tuple[Line, ...]
"""The completions of one sample in one run, in the order of ``k``."""


def score_of(lines: Lines) -> Score:
    """``(correct, scored)`` of a sample; a completion that the engine failed to give is not scored."""
    correct = scored = 0
    for line in lines:
        if line[2] != "backend_error":
            scored += 1
            if line[2] == "correct":
                correct += 1
    return correct, scored


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run directory under one scorer."""

    path: Path
    manifest: RunManifest
    scorer: str
    whole: bool
    """Whether the run finished."""
    lines: Mapping[str, Lines]
    """Every sample's completions, by sample id."""

    @property
    def damage(self) -> str:
        """What is wrong with the files of a finished run and what to do; empty where nothing is."""
        return damage(self.path, self.manifest, whole=self.whole, samples=len(self.lines))

    def score(self, sample_id: str) -> Score:
        """``(correct, scored)`` of a sample; (0, 0) where the run does not have it."""
        return score_of(self.lines.get(sample_id, ()))


def read_run(path: str | Path, *, scorer: str | None = None) -> ScoredRun:
    """Read a run under its own first scorer, or under the one named.

    Raises:
        RunDirectoryError: not a run directory, or its verdicts cannot be read.
        ComparisonError: the run was not scored with that scorer.
    """
    folder = Path(path)
    manifest, results = load_run(folder)
    chosen = scorer or deciding_scorer(manifest, results)
    return ScoredRun(
        path=folder,
        manifest=manifest,
        scorer=chosen,
        whole=results is not None,
        lines=read_outcomes(folder, chosen),
    )


def read_outcomes(path: Path, scorer: str) -> dict[str, Lines]:
    """What became of each sample of a run under a scorer, by sample id. Raises as ``read_verdicts`` does."""
    found: dict[str, Lines] = {}
    more: dict[str, list[Line]] = {}
    for line in what_counts(_attempts(verdict_file(path, scorer), "verdicts", _line)):
        if line[0] in found:
            more.setdefault(line[0], []).append(line)
        else:
            found[line[0]] = (line,)
    for sample_id, lines in more.items():
        found[sample_id] = tuple(sorted((*found[sample_id], *lines)))
    return found


_line: Callable[[Record], Line] = itemgetter("sample_id", "k", "outcome", "answer")


def deciding_scorer(manifest: RunManifest, results: Results | None) -> str:
    """The scorer that a run's numbers are under: that of its results, else the first it was made with."""
    return results.scorer if results is not None else manifest.scorers[0]


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
        f"edited or damaged. {call('rescore', path, write_results=True)} judges again what is in "
        f"{GENERATIONS}; {call('evaluate', ..., resume=path)} generates what is missing there"
    )
