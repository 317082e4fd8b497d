"""A file that only grows: when its lines are on disk, what a failure leaves, what is read of it."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.errors import RunDirectoryError, RunLockedError
from mathevalkit.runs.journal import AppendFile, line_blocks, read_lines, verdicts_name
from tests.runs.conftest import Clock, descriptors

KIB = 1 << 10
HEADER = b'{"file":"x","schema_version":1}\n'


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every flush to the device, by descriptor."""
    seen: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.append(fd), fsync(fd)))
    return seen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl"


def opened(path: Path, **options: Any) -> AppendFile:
    return AppendFile(path, kind="x", **options)


# ---- opening -----------------------------------------------------------------------------------------


def test_a_new_file_opens_with_its_header_written_once(path: Path) -> None:
    for _ in range(2):
        file = opened(path)
        assert path.read_bytes() == HEADER
        assert file.torn is None
        file.close()
    path.write_bytes(b"")
    opened(path).close()
    assert path.read_bytes() == HEADER


def test_a_new_file_may_be_read_by_all_and_written_by_its_owner(path: Path) -> None:
    before = os.umask(0)
    try:
        opened(path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_lines_go_to_the_end_whoever_else_writes(path: Path) -> None:
    first, second = opened(path), opened(path)
    for file, line in ((first, b"1\n"), (second, b"2\n"), (first, b"3\n")):
        file.append(line)
    assert path.read_bytes() == HEADER + b"1\n2\n3\n"
    first.close()
    second.close()
    opened(path).close()
    assert path.read_bytes() == HEADER + b"1\n2\n3\n"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=rf"^{tmp_path}/no/x\.jsonl: .*: No such file"):
        opened(tmp_path / "no" / "x.jsonl")


def test_a_second_writer_is_refused_until_the_first_has_closed(path: Path) -> None:
    first = opened(path, lock=True)
    before = descriptors()
    with pytest.raises(RunLockedError, match=f"^{path.parent}: another process is writing this run"):
        opened(path, lock=True)
    assert descriptors() == before
    opened(path).close()  # who asks for no lock is not refused
    first.close()
    opened(path, lock=True).close()


def test_without_a_lock_a_second_writer_is_welcome(path: Path) -> None:
    first = opened(path)
    opened(path, lock=True).close()
    first.close()


@pytest.mark.parametrize(
    "torn", [0, 1, 2, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000], ids=str
)
@pytest.mark.parametrize("whole", [b"", HEADER, HEADER + b'{"n":1}\n' * 9000], ids=["none", "one", "many"])
def test_a_torn_line_is_cut_off_however_long_it_is(path: Path, whole: bytes, torn: int) -> None:
    path.write_bytes(whole + b"x" * torn)
    file = opened(path)
    file.append(b"2\n")
    file.close()
    assert path.read_bytes() == (whole or HEADER) + b"2\n"
    if torn:
        assert file.torn is not None
        assert file.torn.startswith(f"{path}: the last line was torn ({torn} bytes ")
        assert file.torn.endswith("; cut off")
    else:
        assert file.torn is None


@given(st.binary(max_size=40).map(lambda data: data.replace(b"\x00", b"\n")))
def test_what_stands_before_the_last_end_of_line_stays(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("torn") / "x.jsonl"
    path.write_bytes(data)
    opened(path).close()
    assert path.read_bytes() == (data[: data.rfind(b"\n") + 1] or HEADER)


# ---- when a line is on disk --------------------------------------------------------------------------


def test_without_a_buffer_a_line_is_written_the_moment_it_is_appended(path: Path, clock: Clock) -> None:
    file = opened(path)
    file.append(b"1\n")
    assert path.read_bytes() == HEADER + b"1\n"
    file.close()


def test_with_a_buffer_lines_wait_until_it_is_full(path: Path, clock: Clock) -> None:
    path.write_bytes(HEADER)
    file = opened(path, buffer=10)
    file.append(b"12345\n")
    file.append(b"78\n")
    assert path.read_bytes() == HEADER
    file.append(b"\n")
    assert path.read_bytes() == HEADER + b"12345\n78\n\n"
    file.append(b"1\n")
    assert path.read_bytes() == HEADER + b"12345\n78\n\n"
    file.append(b"more than ten\n")
    assert path.read_bytes() == HEADER + b"12345\n78\n\n1\nmore than ten\n"
    file.append(b"last\n")
    file.close()
    assert path.read_bytes() == HEADER + b"12345\n78\n\n1\nmore than ten\nlast\n"


def test_the_header_of_a_buffered_file_is_written_first_and_once(path: Path, clock: Clock) -> None:
    file = opened(path, buffer=100)
    file.append(b"1\n")
    file.sync()
    assert path.read_bytes() == HEADER + b"1\n"
    file.sync()
    assert path.read_bytes() == HEADER + b"1\n"
    file.close()


@pytest.mark.parametrize("buffer", [0, 1 << 20])
def test_a_line_is_on_the_device_within_a_second(
    path: Path, clock: Clock, flushed: list[int], buffer: int
) -> None:
    file = opened(path, buffer=buffer)
    counts = []
    for step in (0.0, 0.75, 0.25, 0.75, 0.25, 3.0, 0.75):
        clock.now += step
        file.append(b"1\n")
        counts.append(len(flushed))
    assert counts == [0, 0, 1, 1, 2, 3, 3]
    assert path.read_bytes() == HEADER + b"1\n" * (6 if buffer else 7)
    assert set(flushed) == {file._fd}
    file.close()
    assert len(flushed) == 4


def test_a_flush_by_hand_counts_too(path: Path, clock: Clock, flushed: list[int]) -> None:
    file = opened(path)
    clock.now += 0.75
    file.sync()
    clock.now += 0.75
    file.append(b"1\n")
    assert len(flushed) == 1
    file.close()


# ---- failures ----------------------------------------------------------------------------------------


def full_after(monkeypatch: pytest.MonkeyPatch, room: int, *, step: int = 5) -> SimpleNamespace:
    """A disk that takes ``step`` bytes at a time, ``room`` in all, until it has more."""
    disk, write = SimpleNamespace(room=room), os.write

    def limited(fd: int, data: bytes) -> int:
        if not disk.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(fd, data[: min(step, disk.room)])
        disk.room -= written
        return written

    monkeypatch.setattr(os, "write", limited)
    return disk


def test_a_line_that_is_written_in_pieces_is_written_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_after(monkeypatch, 10_000)
    file = opened(path)
    file.append(b"0123456789abcdef\n")
    file.append(b"\n")
    file.close()
    assert path.read_bytes() == HEADER + b"0123456789abcdef\n\n"


@pytest.mark.parametrize("room", [0, 1, 5, 6, 16])
def test_a_line_that_does_not_fit_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    file = opened(path)
    file.append(b"before\n")
    disk = full_after(monkeypatch, room)
    with pytest.raises(RunDirectoryError, match=rf"^{path}: cannot be written: No space left on device"):
        file.append(b"0123456789abcdef\n")
    assert path.read_bytes() == HEADER + b"before\n"
    disk.room = 1000
    file.append(b"after\n")
    disk.room = 0
    with pytest.raises(RunDirectoryError):
        file.append(b"0123456789abcdef\n")
    disk.room = 1000
    file.close()
    assert path.read_bytes() == HEADER + b"before\nafter\n"


def test_a_header_that_does_not_fit_leaves_nothing_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_after(monkeypatch, 3)
    before = descriptors()
    with pytest.raises(RunDirectoryError):
        opened(path)
    assert descriptors() == before
    assert path.read_bytes() == b""


@pytest.fixture
def unflushable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)


def test_a_device_that_cannot_be_flushed_is_told_and_the_file_closed(path: Path, unflushable: None) -> None:
    before = descriptors()
    file = opened(path)
    with pytest.raises(RunDirectoryError, match=rf"^{path}: cannot be flushed: Input/output error"):
        file.sync()
    with pytest.raises(RunDirectoryError, match="cannot be flushed"):
        file.close()
    assert descriptors() == before
    file.close()  # a second time nothing is left to be done


def test_closing_twice_is_closing_once(path: Path, flushed: list[int]) -> None:
    file = opened(path)
    file.close()
    descriptor = os.open(path, os.O_RDONLY)  # takes the number that has become free
    file.close()
    assert len(flushed) == 1
    os.close(descriptor)


# ---- the path and the file ---------------------------------------------------------------------------


def test_a_file_is_in_place_while_its_path_leads_to_it(path: Path) -> None:
    file = opened(path)
    assert file.in_place
    moved = path.rename(path.with_name("moved"))
    assert not file.in_place
    path.write_bytes(HEADER)  # another file of that name
    assert not file.in_place
    path.unlink()
    path.symlink_to(moved)
    assert file.in_place
    path.unlink()
    path.hardlink_to(moved)
    assert file.in_place
    file.close()


def test_a_deleted_file_still_holds_its_lines(path: Path, clock: Clock) -> None:
    file = opened(path, buffer=100)
    file.append(b"1\n")
    path.unlink()
    assert b"".join(file.contents()) == HEADER + b"1\n"
    file.append(b"2\n")
    assert b"".join(file.contents()) == HEADER + b"1\n2\n"
    file.close()


def test_the_contents_of_a_long_file_come_in_blocks(path: Path) -> None:
    data = HEADER + b"".join(b"%d\n" % n for n in range(400_000))
    path.write_bytes(data)
    file = opened(path)
    blocks = list(file.contents())
    file.close()
    assert b"".join(blocks) == data
    assert [len(block) for block in blocks] == [1 << 20, 1 << 20, len(data) - (2 << 20)]


# ---- reading -----------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.lists(st.text("ab", max_size=12).map(str.encode), max_size=10), st.booleans())
def test_a_block_is_read_until_a_line_ends(size: int, lines: list[bytes], ended: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    expected, start = [], 0
    for end in [*range(size, len(data), size), len(data)]:
        cut = data.rfind(b"\n", start, end) + 1
        if cut > start:
            expected.append(data[start:cut])
            start = cut
    expected += [data[start:]] if start < len(data) else []
    assert list(line_blocks(io.BytesIO(data), size=size)) == expected


def test_a_block_is_64_kibibytes_unless_said_otherwise() -> None:
    data = (b"x" * (KIB - 1) + b"\n") * 130
    assert [len(block) for block in line_blocks(io.BytesIO(data))] == [64 * KIB, 64 * KIB, 2 * KIB]


def test_lines_are_read_as_they_are_asked_for(path: Path) -> None:
    """A damaged end does not keep what stands before it from being read."""
    path.write_bytes(HEADER + b'{"n":1}\n' * 40_000 + b"damaged\n")
    lines = read_lines(path, kind="x")
    assert [next(lines) for _ in range(3)] == [(2, {"n": 1}), (3, {"n": 1}), (4, {"n": 1})]
    with pytest.raises(RunDirectoryError, match=r"x\.jsonl:40002: not JSON"):
        list(lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]\n", r"x\.jsonl:1: expected the header of a x file, got \[\]$"),
        (b"1\n", r"x\.jsonl:1: expected the header of a x file, got 1$"),
        (b"{}\n", r"x\.jsonl:1: expected the header of a x file, got \{\}$"),
        (
            b'{"file":"y","schema_version":1}\n',
            r"x\.jsonl:1: expected the header of a x file, got \{'file': 'y'",
        ),
        (b'{"file":"x","schema_version":2}\n', r"x\.jsonl: schema version 2 is newer"),
        (b'{"n":1}\n' + HEADER, r"x\.jsonl:1: expected the header of a x file"),
        (b"{\n" + HEADER, r"x\.jsonl:1: not JSON"),
        (b"\n", r"x\.jsonl:1: not JSON"),
    ],
)
def test_a_file_of_another_kind_is_refused_at_its_first_line(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=said):
        list(read_lines(path, kind="x"))


def test_what_is_shown_of_a_wrong_header_is_short(path: Path) -> None:
    record = {"a": "x" * 200}
    path.write_bytes(orjson.dumps(record) + b"\n")
    with pytest.raises(RunDirectoryError) as caught:
        list(read_lines(path, kind="x"))
    assert str(caught.value).partition(", got ")[2] == str(record)[:80]


def test_an_older_header_is_read(path: Path) -> None:
    path.write_bytes(b'{"file":"x"}\n1\n"a"\n')
    assert list(read_lines(path, kind="x")) == [(2, 1), (3, "a")]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name, said in (("absent", "No such file"), (".", "Is a directory")):
        with pytest.raises(RunDirectoryError, match=f"cannot be read: {said}"):
            list(read_lines(tmp_path / name, kind="x"))


RECORDS = st.lists(st.integers() | st.text(max_size=5) | st.none(), max_size=30)


@given(RECORDS, st.sampled_from([b"", b"1", b"{", b'"torn']))
def test_whole_lines_are_read_and_a_torn_one_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("read") / "x.jsonl"
    path.write_bytes(HEADER + b"".join(orjson.dumps(str(r)) + b"\n" for r in records) + torn)
    assert list(read_lines(path, kind="x")) == [(n, str(r)) for n, r in enumerate(records, 2)]


@pytest.mark.parametrize(
    ("scorer", "name"),
    [
        ("auto", "verdicts.auto.jsonl"),
        ("my.module:score", "verdicts.my.module.score.jsonl"),
        ("a/b:c/d", "verdicts.a.b.c.d.jsonl"),
    ],
)
def test_the_verdicts_of_a_scorer_stand_in_a_file_of_its_name(scorer: str, name: str) -> None:
    assert verdicts_name(scorer) == name
