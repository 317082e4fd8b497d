"""A file written whole or not at all: under another name first, then put in its place.

A reader never sees half of it, and where writing fails, what stood there before still does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mathevalkit.errors import MathEvalError, RunDirectoryError


@contextmanager
def atomic_file(
    path: Path, *, parents: bool = False, error: type[MathEvalError] = RunDirectoryError
) -> Iterator[IO[bytes]]:
    """A file to write into, which takes its place when the block ends without an exception.

    Args:
        path: its place; a file that is there is replaced, a link followed, a pipe or device written into.
        parents: make the folders above it where they are missing.
        error: raised, with the path and the reason, where the file cannot be written.
    """
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            with path.open("wb") as file:  # /dev/stdout must stay what it is
                yield file
        else:
            with _replacing(path.resolve()) as file:
                yield file
    except OSError as problem:
        raise error(f"{path}: cannot be written: {problem.strerror or problem}") from problem


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomically(
    path: Path, data: bytes, *, parents: bool = False, error: type[MathEvalError] = RunDirectoryError
) -> None:
    """Write all of a file at once; see ``atomic_file``."""
    with atomic_file(path, parents=parents, error=error) as file:
        file.write(data)
