"""Writing what rescoring a run directory makes: its verdict files and, where asked for, its results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from mathevalkit.errors import RunDirectoryError, RunLockedError
from mathevalkit.generation_files import Source
from mathevalkit.journal import (
    GENERATIONS,
    RESULTS,
    SCHEMA_VERSION,
    load_run,
    read_lines,
    verdicts_name,
    write_atomically,
)
from mathevalkit.metrics import Breakdown
from mathevalkit.records import encode, encode_line
from mathevalkit.rescore_counts import ScorerRow


@contextmanager
def verdict_files(source: Source, scorers: Sequence[str]) -> Iterator[Sequence[IO[bytes]]]:
    """A run's verdict files, written beside the old ones and put in their place when all are whole."""
    targets = [source.path / verdicts_name(name) for name in scorers]
    temporary = [path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in targets]
    with ExitStack() as stack:
        stack.enter_context(_not_being_written(source.path))
        try:
            files = [stack.enter_context(path.open("wb")) for path in temporary]
            for path in temporary:
                stack.callback(path.unlink, missing_ok=True)
            for file in files:
                file.write(encode_line({"file": "verdicts", "schema_version": SCHEMA_VERSION}))
            yield files
            for file, path, target in zip(files, temporary, targets, strict=True):
                file.flush()
                os.fsync(file.fileno())
                path.replace(target)
        except OSError as error:
            raise RunDirectoryError(
                f"{source.path}: verdicts cannot be written: {error.strerror or error} "
                "(--no-write only prints)"
            ) from error


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
                f"{path}: another process is writing this run; wait for it, or use --no-write"
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


def write_results(source: Source, scorers: Sequence[str], rows: Sequence[ScorerRow]) -> str:
    """``results.json`` from the verdicts just written; what is not a matter of scoring stays as it was."""
    _, results = load_run(source.path)
    assert results is not None  # checked before the work started
    breakdown = Breakdown(source.samples)
    for _, verdict in read_lines(source.path / verdicts_name(scorers[0]), kind="verdicts"):
        breakdown.add(verdict["sample_id"], verdict["outcome"])
    path = source.path / RESULTS
    write_atomically(
        path,
        encode(
            replace(
                results,
                scorer=scorers[0],
                overall=breakdown.overall.group("overall"),
                by_subject=breakdown.by_subject(),
                by_level=breakdown.by_level(),
                by_subject_level=breakdown.by_subject_level(),
                other_scorers={row.scorer: row.accuracy for row in rows[1:]},
            )
        ),
    )
    return str(path)
