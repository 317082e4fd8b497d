"""A run directory: what was paid for, written so that nothing can lose it.

    runs/<model>/<task>/<UTC time>-<id>/
      samples.jsonl             the problems it asks, with their reference answers
      manifest.json             what the run is; written next, atomically: its presence makes the folder a run
      generations.jsonl         append-only, one completion a line, written the moment it exists
      verdicts.<scorer>.jsonl   one verdict a line; derived, rewritten at every resume and rescore
      sessions.jsonl            one line each time the run was started or resumed
      results.json              the aggregates; written last, atomically: its presence means the run is whole

Each JSON Lines file opens with a header line, ``{"file": "generations", "schema_version": 1}``.

What can go wrong, and what happens then:

- Killed between two lines: nothing is lost. Killed inside a line: the torn line is cut off on resume,
  and said.
- Disk full: the part of the line that fitted is taken back, so the file ends in a whole line, and the
  run stops with one message. Everything before it is safe.
- The directory is deleted or moved while the run goes on: the open file still holds every completion;
  it is written out again in the same place, and the run goes on.
- Two processes on one run: the second is refused (advisory lock on ``generations.jsonl``).

What the lines mean, and which of them count, is for ``reader`` to say.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

import orjson

from mathevalkit.atomic import write_atomically
from mathevalkit.errors import RunDirectoryError, RunLockedError
from mathevalkit.runs.codec import SCHEMA_VERSION, encode, encode_line, refuse_newer
from mathevalkit.runs.results import Results
from mathevalkit.types import Completion, RunManifest, Sample, ScoredCompletion

SYNC_SECONDS = 1.0
"""At most this much is lost to a power cut; a killed process loses nothing that was written."""
WRITE_BUFFER = 1 << 16
"""Bytes that may wait to be written where nothing is lost with them: verdicts are made again at a resume."""
READ_BLOCK = 1 << 16
"""Bytes read and parsed at once: little memory, however long a file is, and objects that die young."""

MANIFEST = "manifest.json"
SAMPLES = "samples.jsonl"
GENERATIONS = "generations.jsonl"
SESSIONS = "sessions.jsonl"
RESULTS = "results.json"


def verdicts_name(scorer: str) -> str:
    """File name of a scorer's verdicts; ``module:function`` becomes ``module.function``."""
    return f"verdicts.{scorer.replace(':', '.').replace('/', '.')}.jsonl"


class AppendFile:
    """A JSON Lines file that only grows, line by whole line.

    Args:
        path: the file; made where it does not exist.
        kind: what its header says it is.
        lock: refuse a second writer.
        buffer: bytes that may wait in memory for the next write, up to SYNC_SECONDS; 0 for a file that
            must hold every line the moment it is appended.
    """

    def __init__(self, path: Path, *, kind: str, lock: bool = False, buffer: int = 0) -> None:
        self.path = path
        self.kind = kind
        self.lock = lock
        self.buffer = buffer
        self._waiting = bytearray()
        self.torn: str | None = None
        """What was cut off the end when the file was opened, if anything was."""
        self._synced = time.monotonic()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be opened for writing: {error.strerror}") from error
        try:
            if lock:
                self._lock()
            self._cut_torn_line()
            self._size = os.fstat(self._fd).st_size
            if not self._size:
                self.append(encode_line({"file": kind, "schema_version": SCHEMA_VERSION}))
        except BaseException:
            os.close(self._fd)
            raise

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunLockedError(
                f"{self.path.parent}: another process is writing this run; "
                "wait for it, stop it, or start a run of its own with `new=True`"
            ) from error

    def _cut_torn_line(self) -> None:
        size = os.fstat(self._fd).st_size
        keep = size
        while keep > 0:  # read backwards to the last newline
            start = max(0, keep - READ_BLOCK)
            newline = os.pread(self._fd, keep - start, start).rfind(b"\n")
            if newline >= 0:
                keep = start + newline + 1
                break
            keep = start
        if keep < size:
            os.ftruncate(self._fd, keep)
            self.torn = f"{self.path}: the last line was torn ({size - keep} bytes without an end); cut off"

    def append(self, lines: bytes) -> None:
        """Append whole lines. Raises RunDirectoryError with the file as it was where that fails."""
        if self.buffer:
            self._waiting += lines
            if len(self._waiting) >= self.buffer:
                self._write_waiting()
        else:
            self._write(lines)
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self.sync()

    def _write_waiting(self) -> None:
        lines, self._waiting = bytes(self._waiting), bytearray()
        self._write(lines)

    def _write(self, lines: bytes) -> None:
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._fd, lines[written:])
        except OSError as error:
            os.ftruncate(self._fd, self._size)
            raise RunDirectoryError(
                f"{self.path}: cannot be written: {error.strerror}. All lines before are safe; "
                "free some space and repeat the command, it goes on from there"
            ) from error
        self._size += written

    def sync(self) -> None:
        """Write what waits and flush to the device."""
        self._synced = time.monotonic()
        self._write_waiting()
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be flushed: {error.strerror}") from error

    @property
    def in_place(self) -> bool:
        """Whether the path still leads to the file that is being written."""
        try:
            there = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        here = os.fstat(self._fd)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def contents(self) -> Iterator[bytes]:
        """The whole file in blocks, read through the open descriptor (works when it was deleted)."""
        self._write_waiting()
        offset = 0
        while block := os.pread(self._fd, 1 << 20, offset):
            yield block
            offset += len(block)

    def close(self) -> None:
        """Flush and close."""
        if self._fd >= 0:
            try:
                self.sync()
            finally:
                os.close(self._fd)
                self._fd = -1


def read_lines(path: Path, *, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a JSON Lines file of ours, with their line numbers; a torn last line is left out.

    Raises:
        RunDirectoryError: the file cannot be read, is of another kind or a newer schema, or has a
            line in its middle that is not JSON.
    """
    try:
        with path.open("rb") as file:
            first = 1
            for block in line_blocks(file):
                lines = enumerate(_records(block, path=path, first=first), first)
                if first == 1:
                    _check_header(path, next(lines, None), kind=kind)
                yield from lines
                first += block.count(b"\n")
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error


def line_blocks(file: IO[bytes], *, size: int = READ_BLOCK) -> Iterator[bytes]:
    """A file in blocks of whole lines, each of about ``size`` bytes; last what has no end of line."""
    rest = b""
    while data := file.read(size):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data
    if rest:
        yield rest


def _records(block: bytes, *, path: Path, first: int) -> Iterable[Any]:
    """The records of a block of lines, the first of which is line ``first`` of the file."""
    count = block.count(b"\n")  # none in a torn last line
    try:
        # Parsed at once: half the time of one by one, and a dashboard reads millions.
        records: list[Any] = orjson.loads(b"[%b]" % block[:-1].replace(b"\n", b","))
    except orjson.JSONDecodeError:
        records = []
    return records if len(records) == count else _one_by_one(block, path=path, first=first)


def _one_by_one(block: bytes, *, path: Path, first: int) -> Iterator[Any]:
    """The same, up to the line at fault, which is said."""
    for number, line in enumerate(block.split(b"\n")[:-1], first):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise RunDirectoryError(
                f"{path}:{number}: not JSON ({error}); the file was edited or damaged. "
                "Remove that line to go on without it"
            ) from error


def _check_header(path: Path, line: tuple[int, Any] | None, *, kind: str) -> None:
    if line is None:
        return  # torn, or nothing written yet
    record = line[1]
    if not isinstance(record, dict) or record.get("file") != kind:
        raise RunDirectoryError(f"{path}:1: expected the header of a {kind} file, got {str(record)[:80]}")
    refuse_newer(record, where=str(path))


class Journal:
    """The run directory of a run under way. One process writes it; use as a context manager."""

    def __init__(self, path: Path, manifest: RunManifest) -> None:
        self.path = path
        self.manifest = manifest
        self.warnings: list[str] = []
        self._generations = AppendFile(path / GENERATIONS, kind="generations", lock=True)
        if self._generations.torn:
            self.warnings.append(self._generations.torn)
        self._samples = AppendFile(path / SAMPLES, kind="samples") if (path / SAMPLES).exists() else None
        self._verdicts: dict[str, AppendFile] = {}
        self._checked = time.monotonic()

    @classmethod
    def create(cls, path: Path, manifest: RunManifest, *, samples: Iterable[Sample] | None = None) -> Journal:
        """Make the directory; write the run's samples and its manifest."""
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise RunDirectoryError(
                f"{path}: cannot be created: {error.strerror}; choose another `output_dir`"
            ) from error
        if samples is not None:
            with closing(AppendFile(path / SAMPLES, kind="samples", buffer=WRITE_BUFFER)) as file:
                for sample in samples:
                    file.append(encode_line(sample))
        write_atomically(path / MANIFEST, encode(manifest))
        return cls(path, manifest)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def append(self, completion: Completion) -> None:
        """Write one completion, whole, before anything else is done with it."""
        self._generations.append(encode_line(completion))
        if time.monotonic() - self._checked >= SYNC_SECONDS:
            self._checked = time.monotonic()
            self._put_back_if_gone()

    def start_verdicts(self, scorers: Iterable[str]) -> None:
        """Begin the verdict files anew: they are derived, and written again from the generations."""
        for scorer in scorers:
            path = self.path / verdicts_name(scorer)
            path.unlink(missing_ok=True)
            self._verdicts[scorer] = AppendFile(path, kind="verdicts", buffer=WRITE_BUFFER)

    def append_verdict(self, scorer: str, verdict: ScoredCompletion) -> None:
        """Write one verdict of a scorer that ``start_verdicts`` named."""
        self._verdicts[scorer].append(encode_line(verdict))

    def log_session(self, record: dict[str, Any]) -> None:
        """Note a start, a resume or an end in ``sessions.jsonl``."""
        sessions = AppendFile(self.path / SESSIONS, kind="sessions")
        try:
            sessions.append(encode_line(record))
        finally:
            sessions.close()

    def count_sessions(self) -> int:
        """How often the run was started or resumed so far."""
        lines = read_lines(self.path / SESSIONS, kind="sessions")
        return sum(record.get("event") == "start" for _, record in lines)

    def finish(self, results: Results) -> None:
        """Write ``results.json``, after everything else is on the device."""
        self._put_back_if_gone()
        for file in (self._generations, *self._verdicts.values()):
            file.sync()
        write_atomically(self.path / RESULTS, encode(results))

    def close(self) -> None:
        """Flush and close every file; the lock goes with them."""
        with ExitStack() as stack:  # each is closed even where another cannot be flushed
            if self._samples is not None:
                stack.callback(self._samples.close)
            for file in (self._generations, *self._verdicts.values()):
                stack.callback(file.close)

    def _put_back_if_gone(self) -> None:
        """If the directory was deleted or moved, write it again from the descriptors still open."""
        if self._generations.in_place:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path}: the run directory has vanished and cannot be made again ({error.strerror})"
            ) from error
        if self._samples is not None:
            self._samples = self._write_again(self._samples)
        write_atomically(self.path / MANIFEST, encode(self.manifest))
        self._generations = self._write_again(self._generations)
        self._verdicts = {s: self._write_again(f) for s, f in self._verdicts.items()}
        self.warnings.append(
            f"{self.path}: the run directory was deleted or moved while the run was going on; "
            "every completion was written there again"
        )

    @staticmethod
    def _write_again(old: AppendFile) -> AppendFile:
        write_atomically(old.path, b"".join(old.contents()))
        old.close()
        return AppendFile(old.path, kind=old.kind, lock=old.lock, buffer=old.buffer)
