"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mathevalkit.atomic import atomic_file, write_atomically
from mathevalkit.errors import RunDirectoryError, UsageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    write_atomically(target, b"old")
    with atomic_file(target) as file:
        file.write(b"ne")
        file.flush()
        assert target.read_bytes() == b"old"
        file.write(b"w")
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["results.json"]


def test_what_was_there_stays_where_the_writing_stops(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    write_atomically(target, b"old")

    def write_and_stop() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_stop()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["results.json"]


def test_what_cannot_be_written_is_an_error_with_its_path(tmp_path: Path) -> None:
    (folder := tmp_path / "blocked").mkdir()
    with pytest.raises(RunDirectoryError, match=r"blocked: cannot be written: Is a directory"):
        write_atomically(folder, b"new")
    with pytest.raises(UsageError, match=r"x\.csv: cannot be written: No such file or directory"):
        write_atomically(tmp_path / "no" / "x.csv", b"new", error=UsageError)
    assert names(tmp_path) == ["blocked"]


def test_the_folders_above_are_made_where_that_is_asked_for(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "x.csv", b"new", parents=True)
    assert (tmp_path / "a" / "b" / "x.csv").read_bytes() == b"new"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "x.csv"
    link.symlink_to(tmp_path / "there" / "y.csv")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "there" / "y.csv").read_bytes() == b"new"


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
