"""Scoring what was generated before, with any scorers, without a model.

    >>> from mathevalkit import rescore
    >>> for row in rescore("runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c",  # doctest: +SKIP
    ...                    scorers=["metamath_gsm8k", "auto"]).rows:
    ...     print(row.scorer, row.accuracy.value)
    metamath_gsm8k 0.665
    auto 0.667

Files stream through in blocks, worker processes judge them, and what stays in memory is eight bytes a
generation and one for each scorer. Rescoring a run writes its `verdicts.<scorer>.jsonl` anew, whole or not
at all, and its `results.json` only where that is asked for. The generations are only read.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO

from answer_normalizers.grading import list_scorers
from mathevalkit.atomic import atomic_file, write_atomically
from mathevalkit.errors import RunDirectoryError, RunLockedError, UsageError
from mathevalkit.runs.codec import SCHEMA_VERSION, encode, encode_line
from mathevalkit.runs.foreign import Fields
from mathevalkit.runs.journal import GENERATIONS, RESULTS, verdicts_name
from mathevalkit.runs.reader import load_run, read_verdicts
from mathevalkit.runs.results import Results
from mathevalkit.runs.sources import Source, open_sources, run_source
from mathevalkit.scoring.blocks import CODES, JudgeBlock, JudgedBlock, RunBlocks, workers
from mathevalkit.scoring.disagreements import Cause, Disagreement
from mathevalkit.scoring.judge import Judge, ScorerOptions, find_scorers
from mathevalkit.scoring.tally import Breakdown, RunTally
from mathevalkit.stats.intervals import accuracy_of
from mathevalkit.types import OUTCOMES, Accuracy, Outcome, RunManifest

__all__ = ["PairCount", "Rescored", "ScorerRow", "rescore", "results_so_far"]

ALL = "all"
"""In the place of names: every scorer that can be used here."""
WORTH_A_PROCESS = 1 << 23
"""Bytes of generations from which on another process pays for its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerRow:
    """One scorer on one file or run."""

    source: str
    path: str
    scorer: str
    samples: int
    completions: int
    accuracy: Accuracy
    outcomes: Mapping[Outcome, int]
    knows_truncation: bool
    """Whether the file says which texts were cut off; where not, they count as finished."""
    recorded: float | None = None
    """The accuracy under this scorer that the run's `results.json` holds, if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCount:
    """How often one scorer accepted what another did not."""

    source: str
    accepting: str
    other: str
    count: int
    causes: Mapping[Cause, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """What rescoring found."""

    rows: tuple[ScorerRow, ...]
    pairs: tuple[PairCount, ...]
    disagreements: tuple[Disagreement, ...]
    """At most as many as asked for, of as many kinds as there are."""
    written: tuple[str, ...]
    """Files written."""


def rescore(
    paths: str | Path | Sequence[str | Path] | Sequence[Source],
    *,
    scorers: Sequence[str] | str = (),
    fields: Fields | None = None,
    strategy: str | None = None,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
    jobs: int = 1,
    write_verdicts: bool = True,
    write_results: bool = False,
    disagreements: int = 0,
    on_disagreement: Callable[[Disagreement], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Rescored:
    """Score saved generations with one or several scorers.

    Args:
        paths: run directories, JSON Lines files, or folders of them; or what ``open_sources`` made of them.
        scorers: names; ``"all"`` for every one there is; empty for a run's own scorers, else ``auto``.
        fields: names of the fields of JSON Lines files, where they are not the usual ones.
        strategy: extraction strategy for scorers that take one; None for the run's own, else ``auto``.
        data_file: the rows of a run's task, where they are not where the run's manifest says.
        task_dirs: folders of the user's task files.
        jobs: worker processes. A script that asks for several must guard its ``__main__``.
        write_verdicts: write a run's ``verdicts.<scorer>.jsonl`` anew.
        write_results: write a whole run's ``results.json`` anew; the first scorer decides.
        disagreements: how many to return.
        on_disagreement: called with every one.
        on_progress: called with the bytes read and the bytes there are.

    Raises:
        UsageError: no such file, scorer or field.
        DataError, RunDirectoryError, TaskError: a file cannot be read; see ``mathevalkit.errors``.
    """
    if jobs < 1:
        raise UsageError(f"`jobs={jobs}`: expected 1 or more")
    sources = _opened(paths, fields=fields, data_file=data_file, task_dirs=task_dirs)
    judges = [
        _judge_of(
            source,
            scorers,
            strategy=strategy,
            with_lines=write_verdicts or write_results,
            max_disagreements=None if on_disagreement else disagreements,
        )
        for source in sources
    ]
    for source in sources if write_results else ():
        _require_whole(source)
    desk = _Desk(
        total=sum(source.size for source in sources),
        keep=disagreements,
        on_disagreement=on_disagreement,
        on_progress=on_progress,
    )
    with workers(jobs) as run_blocks:
        for source, judge in zip(sources, judges, strict=True):
            desk.take(source, judge, run_blocks)
            if write_results and source.manifest is not None:
                desk.written.append(_rewrite_results(source, desk.rows[-len(judge.scorers) :]))
    return desk.rescored()


def _opened(
    paths: str | Path | Sequence[str | Path] | Sequence[Source],
    *,
    fields: Fields | None,
    data_file: str | Path | None,
    task_dirs: Sequence[str | Path],
) -> list[Source]:
    if isinstance(paths, str | Path):
        paths = [paths]
    sources: list[Source] = []
    for path in paths:
        sources += (
            [path]
            if isinstance(path, Source)
            else open_sources([path], names=fields, data_file=data_file, task_dirs=task_dirs)
        )
    return sources


def _judge_of(
    source: Source,
    scorers: Sequence[str] | str,
    *,
    strategy: str | None,
    with_lines: bool,
    max_disagreements: int | None,
) -> JudgeBlock:
    """What judges a source's blocks. Raises UsageError where there is no such scorer."""
    names = _chosen(source, scorers)
    options = ScorerOptions.of(source.manifest.recipe if source.manifest else None, strategy=strategy)
    find_scorers(names, options)  # a name that does not exist is found before the work starts
    return JudgeBlock(
        label=source.label,
        scorers=names,
        options=options,
        with_lines=with_lines and source.manifest is not None,
        max_disagreements=max_disagreements,
    )


def _chosen(source: Source, scorers: Sequence[str] | str) -> tuple[str, ...]:
    if scorers == ALL:
        return list_scorers()
    if isinstance(scorers, str):
        return (scorers,)
    if scorers:
        return tuple(dict.fromkeys(scorers))
    return source.manifest.scorers if source.manifest else ("auto",)


def _require_whole(source: Source) -> None:
    if source.manifest is not None and not (source.path / RESULTS).exists():
        raise RunDirectoryError(
            f"{source.path}: the run is not whole yet, so it has no {RESULTS} to write anew; "
            "go on with the run first"
        )


def suggested_jobs(size: int) -> int:
    """Worker processes worth starting for so many bytes of generations."""
    return max(1, min(os.cpu_count() or 1, size // WORTH_A_PROCESS))


class _Desk:
    """Where the judged blocks of every source come in."""

    def __init__(
        self,
        *,
        total: int,
        keep: int,
        on_disagreement: Callable[[Disagreement], None] | None,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self._total = total
        self._seen = 0
        self._keep = keep
        self._on_disagreement = on_disagreement
        self._on_progress = on_progress
        self._kinds: dict[tuple[str, tuple[tuple[str, str, Cause], ...]], list[Disagreement]] = {}
        self._pairs: list[PairCount] = []
        self.rows: list[ScorerRow] = []
        self.written: list[str] = []

    def take(self, source: Source, judge: JudgeBlock, run_blocks: RunBlocks) -> None:
        """Judge one source, count it, and write its verdicts where they are asked for."""
        counts = Counts(judge.scorers)
        writing: AbstractContextManager[Sequence[IO[bytes]]] = (
            verdict_files(source, judge.scorers) if judge.with_lines else nullcontext(())
        )
        with writing as files:
            for judged in run_blocks(judge, source.blocks(), self._progress):
                counts.add(judged)
                for file, lines in zip(files, judged.lines, strict=False):
                    file.write(lines)
                for disagreement in judged.disagreements:
                    self._tell(disagreement)
        if judge.with_lines:
            self.written += [str(source.path / verdicts_name(name)) for name in judge.scorers]
        self.rows += counts.rows(source, recorded_accuracies(source))
        self._pairs += counts.pairs(source)

    def rescored(self) -> Rescored:
        """All of it."""
        return Rescored(
            rows=tuple(self.rows),
            pairs=tuple(self._pairs),
            disagreements=tuple(islice(self._shown(), self._keep)),
            written=tuple(self.written),
        )

    def _shown(self) -> Iterator[Disagreement]:
        """One of each kind, then the next of each kind, and so on."""
        for of_one_round in zip_longest(*self._kinds.values()):
            yield from filter(None, of_one_round)

    def _progress(self, size: int) -> None:
        self._seen += size
        if self._on_progress is not None:
            self._on_progress(min(self._seen, self._total), self._total)

    def _tell(self, disagreement: Disagreement) -> None:
        kept = self._kinds.setdefault((disagreement.source, disagreement.causes), [])
        if len(kept) < self._keep:
            kept.append(disagreement)
        if self._on_disagreement is not None:
            self._on_disagreement(disagreement)


class Counts:
    """What is kept of a source's generations: a key of its sample, and one outcome for each scorer."""

    def __init__(self, scorers: Sequence[str]) -> None:
        self._scorers = scorers
        self._keys = bytearray()
        self._codes = [bytearray() for _ in scorers]
        self._causes: Counter[tuple[int, int, Cause]] = Counter()

    def add(self, judged: JudgedBlock) -> None:
        """Count a block."""
        self._keys += judged.keys
        for index, codes in enumerate(judged.codes):
            self._codes[index] += codes
        self._causes.update(judged.causes)

    def rows(self, source: Source, recorded: Mapping[str, float | None]) -> Iterator[ScorerRow]:
        """One row for each scorer. ``recorded``: the accuracies a run's ``results.json`` holds."""
        import numpy as np

        ids, samples = np.unique(np.frombuffer(self._keys, dtype="<u8"), return_inverse=True)
        for name, packed in zip(self._scorers, self._codes, strict=True):
            codes = np.frombuffer(packed, dtype=np.uint8)
            counts = np.bincount(codes, minlength=len(OUTCOMES))
            outcomes = {outcome: int(counts[code]) for outcome, code in CODES.items()}
            scored = codes != CODES["backend_error"]
            per_sample = zip(
                np.bincount(samples[codes == CODES["correct"]], minlength=len(ids)).tolist(),
                np.bincount(samples[scored], minlength=len(ids)).tolist(),
                strict=True,
            )
            yield ScorerRow(
                source=source.label,
                path=str(source.path),
                scorer=name,
                samples=len(ids),
                completions=len(codes),
                accuracy=accuracy_of(outcomes, samples=len(ids), per_sample=per_sample),
                outcomes=outcomes,
                knows_truncation=source.knows_truncation,
                recorded=recorded.get(name),
            )

    def pairs(self, source: Source) -> Iterator[PairCount]:
        """One row for each ordered pair of scorers that disagreed."""
        grouped: dict[tuple[int, int], Counter[Cause]] = {}
        for (accepting, other, cause), count in self._causes.items():
            grouped.setdefault((accepting, other), Counter())[cause] += count
        for (accepting, other), causes in sorted(grouped.items()):
            yield PairCount(
                source=source.label,
                accepting=self._scorers[accepting],
                other=self._scorers[other],
                count=causes.total(),
                causes=causes,
            )


# ---- writing a run's verdicts and results anew -------------------------------------------------------


@contextmanager
def verdict_files(source: Source, scorers: Sequence[str]) -> Iterator[Sequence[IO[bytes]]]:
    """A run's verdict files, written beside the old ones and put in their place when all are whole."""
    with _not_being_written(source.path), ExitStack() as stack:
        files = [stack.enter_context(atomic_file(source.path / verdicts_name(name))) for name in scorers]
        for file in files:
            file.write(encode_line({"file": "verdicts", "schema_version": SCHEMA_VERSION}))
        yield files
        for file in files:
            file.flush()  # what does not fit on the disk is known before any file is replaced


@contextmanager
def _not_being_written(path: Path) -> Iterator[None]:
    """Hold the run so that no process generates into it meanwhile. Raises RunLockedError where one does."""
    if os.name != "posix":
        yield
        return
    import fcntl

    with (path / GENERATIONS).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunLockedError(
                f"{path}: another process is writing this run; wait for it, or use `write_verdicts=False`"
            ) from error
        yield


def recorded_accuracies(source: Source) -> dict[str, float | None]:
    """The accuracies in a run's ``results.json``, by scorer."""
    if source.manifest is None:
        return {}
    _, results = load_run(source.path)
    if results is None:
        return {}
    others = {name: accuracy.value for name, accuracy in results.other_scorers.items()}
    return {results.scorer: results.accuracy.value, **others}


def _rewrite_results(source: Source, rows: Sequence[ScorerRow]) -> str:
    """``results.json`` from the verdicts just written; what is not a matter of scoring stays as it was."""
    manifest, results = load_run(source.path)
    assert results is not None  # checked before the work started
    scorer = rows[0].scorer
    breakdown = Breakdown(source.samples)
    for verdict in read_verdicts(source.path, scorer):
        breakdown.add(verdict.sample_id, verdict.outcome)
    anew = breakdown.results(
        manifest,
        scorer=scorer,
        others={row.scorer: row.accuracy for row in rows[1:]},
        prompt_tokens=results.prompt_tokens,
        completion_tokens=results.completion_tokens,
        run_dir=results.run_dir,
        seconds=results.seconds,
        sessions=results.sessions,
        restarts=results.restarts,
    )
    path = source.path / RESULTS
    write_atomically(path, encode(anew))
    return str(path)


# ---- a run that has not finished ---------------------------------------------------------------------


def results_so_far(path: str | Path) -> tuple[RunManifest, Results]:
    """A run's manifest and results; of an unfinished run, those of the texts that are there.

    Raises:
        RunDirectoryError: no run directory, or one of its files is damaged.
        DataError: the run is unfinished, and its rows cannot be read again or have changed.
    """
    manifest, results = load_run(path)
    if results is not None:
        return manifest, results
    source = run_source(Path(path))
    judge = Judge(manifest.scorers, ScorerOptions.of(manifest.recipe))
    tally = RunTally(manifest.scorers, source.samples)
    read = generated = 0
    for generation in source.generations():
        completion = generation.completion
        if completion.finish_reason == "error":
            continue  # it will be asked for again
        read += completion.prompt_tokens or 0
        generated += completion.completion_tokens or 0
        tally.add(judge.judge(generation))
    return manifest, tally.breakdown.results(
        manifest,
        scorer=manifest.scorers[0],
        others=tally.other_accuracies(),
        prompt_tokens=read,
        completion_tokens=generated,
        run_dir=str(path),
    )
