"""Saved generations of any origin, ready to be judged: our run directories, other people's files.

    >>> [source] = open_sources(["runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c"])  # doctest: +SKIP
    >>> next(source.generations()).gold  # doctest: +SKIP
    '10'

A source is read in blocks of about a megabyte, so memory does not grow with its length, and a block can be
handed to another process as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import orjson

from mathevalkit.errors import UsageError
from mathevalkit.runs.foreign import Fields, FileBlock, Layout, file_blocks, find_layout
from mathevalkit.runs.journal import GENERATIONS, MANIFEST
from mathevalkit.runs.reader import load_manifest, read_completions, run_samples
from mathevalkit.types import Completion, Generation, RunManifest, Sample

BLOCK_BYTES = 1 << 20
"""Of a run, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file or run whose generations can be read."""

    path: Path
    layout: Layout | None = None
    """Of a file; None for a run."""
    manifest: RunManifest | None = None
    """Of a run."""
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """Of a run, by id."""

    @property
    def label(self) -> str:
        """What a table calls it: model and task of a run, else the path."""
        if self.manifest is None:
            return str(self.path)
        return f"{self.manifest.model.model} · {self.manifest.task}"

    @property
    def knows_truncation(self) -> bool:
        """Whether it says which texts were cut off."""
        return self.layout is None or self.layout.finish_reason is not None

    @property
    def size(self) -> int:
        """Bytes to read."""
        return (self.path if self.layout is not None else self.path / GENERATIONS).stat().st_size

    def generations(self) -> Iterator[Generation]:
        """Every generation, one by one; of a run, those that count."""
        if self.layout is not None:
            yield from chain.from_iterable(block.generations() for block in file_blocks(self.layout))
            return
        for completion in read_completions(self.path, among=self.samples):
            sample = self.samples[completion.sample_id]
            yield Generation(completion, sample.gold, sample.solution)

    def blocks(self) -> Iterator[Block]:
        """The same in blocks, for worker processes."""
        return _packed(self.generations()) if self.layout is None else file_blocks(self.layout)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBlock:
    """Some generations of a run, packed."""

    data: bytes
    """A completion a line."""
    references: tuple[tuple[str, str], ...]
    """Gold and reference solution of each."""

    def generations(self) -> Iterator[Generation]:
        """The generations, as they were packed."""
        for line, (gold, solution) in zip(self.data.split(b"\n"), self.references, strict=True):
            yield Generation(Completion(**orjson.loads(line)), gold, solution)


Block: TypeAlias = RunBlock | FileBlock


def _packed(generations: Iterable[Generation]) -> Iterator[RunBlock]:
    lines: list[bytes] = []
    references: list[tuple[str, str]] = []
    size = 0
    for generation in generations:
        lines.append(orjson.dumps(generation.completion))
        references.append((generation.gold, generation.solution))
        size += len(lines[-1])
        if size >= BLOCK_BYTES:
            yield RunBlock(data=b"\n".join(lines), references=tuple(references))
            lines, references, size = [], [], 0
    if lines:
        yield RunBlock(data=b"\n".join(lines), references=tuple(references))


# ---- finding out what a path is ----------------------------------------------------------------------


def open_sources(
    paths: Sequence[str | Path],
    *,
    names: Fields | None = None,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> list[Source]:
    """What each path holds. A folder that is no run stands for the runs and sample files below it.

    Args:
        paths: run directories, JSON Lines files, or folders of them.
        names: names of the fields, for JSON Lines files whose names are not the usual ones.
        data_file: the rows of a run's task, where they are not where the run's manifest says.
        task_dirs: folders of the user's task files.

    Raises:
        UsageError: a path holds no generations, or its fields must be named.
        RunDirectoryError, DataError, TaskError: a run's manifest, rows or task cannot be read.
    """
    names = names or Fields()
    found = [inner for path in map(Path, paths) for inner in _expand(path)]
    return [
        run_source(path, data_file=data_file, task_dirs=task_dirs)
        if path.is_dir()
        else Source(path=path, layout=find_layout(path, names))
        for path in dict.fromkeys(found)
    ]


def run_source(
    path: Path, *, data_file: str | Path | None = None, task_dirs: Sequence[str | Path] = ()
) -> Source:
    """A run directory as a source. Raises as ``open_sources`` does."""
    manifest = load_manifest(path)
    samples = run_samples(manifest, path=path, data_file=data_file, task_dirs=task_dirs)
    return Source(path=path, manifest=manifest, samples=samples)


def _expand(path: Path) -> Iterator[Path]:
    if path.name == GENERATIONS and (path.parent / MANIFEST).exists():
        yield path.parent
    elif not path.exists():
        raise UsageError(f"{path}: there is no such file or run directory")
    elif not path.is_dir() or (path / MANIFEST).exists():
        yield path
    else:
        inner = sorted({m.parent for m in path.rglob(MANIFEST)} | set(path.rglob("samples_*.jsonl")))
        if not inner:
            raise UsageError(f"{path}: holds neither a run directory nor a samples_*.jsonl file")
        yield from inner
