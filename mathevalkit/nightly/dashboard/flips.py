"""Which samples flipped between one night and the next: right on one, wrong on the other.

Two verdict files are read, and only where the page that shows the flips is not there yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from mathevalkit.errors import RunDirectoryError
from mathevalkit.nightly.dashboard.data import NightRun
from mathevalkit.runs.codec import encode_line
from mathevalkit.runs.journal import MANIFEST, RESULTS, SCHEMA_VERSION, read_lines, verdicts_name

Verdicts: TypeAlias = Mapping[tuple[str, int], Mapping[str, Any]]
"""The verdict lines of a run, by sample and k."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One sample on one night."""

    share: float
    """Of its completions that were right."""
    outcome: str
    answer: str | None
    """Of a completion that ended so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One sample that went the other way."""

    sample_id: str
    before: Side
    after: Side

    @property
    def gained(self) -> bool:
        """Whether it is better now."""
        return self.after.share > self.before.share


def fingerprint(run: NightRun) -> list[Any]:
    """What tells whether a run's files have changed, without reading them: their sizes and times."""
    names = (MANIFEST, RESULTS, verdicts_name(run.results.scorer))
    found = []
    for name in names:
        path = run.path / name
        try:
            stat = path.stat()
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error
        found.append([str(path), stat.st_size, stat.st_mtime_ns])
    return found


class VerdictReader:
    """Reads verdict files, and remembers the last one: it is the next pair's first."""

    def __init__(self) -> None:
        self._last: tuple[Path, Verdicts] | None = None

    def read(self, run: NightRun) -> Verdicts:
        """A run's verdicts under its own first scorer. Raises RunDirectoryError."""
        path = run.path / verdicts_name(run.results.scorer)
        if self._last is None or self._last[0] != path:
            self._last = (path, _verdicts(path))
        return self._last[1]


def _verdicts(path: Path) -> Verdicts:
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    try:
        for record in _records(path):
            key = (record["sample_id"], record["k"])
            # A completion that failed may have been generated again; the first that did not fail counts.
            if key not in found or found[key].get("outcome") == "backend_error":
                found[key] = record
    except (KeyError, TypeError) as error:
        raise RunDirectoryError(f"{path}: holds a line that is not a verdict: {error}") from error
    return found


def _records(path: Path) -> list[dict[str, Any]]:
    """The lines of a verdict file, parsed at once: half the time of one by one, over millions of lines."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error
    lines = data[: data.rfind(b"\n") + 1].rstrip(b"\n")  # a torn last line is left out
    try:
        header: Any
        records: list[dict[str, Any]]
        header, *records = orjson.loads(b"[%b]" % lines.replace(b"\n", b","))
    except ValueError:
        header, records = None, []
    known = isinstance(header, dict) and header.get("file") == "verdicts"
    if not known or header.get("schema_version", 0) > SCHEMA_VERSION:
        return [record for _, record in read_lines(path, kind="verdicts")]  # says what is wrong, and where
    return records


def flips_between(before: Verdicts, after: Verdicts) -> list[Flip]:
    """The samples whose share of right completions changed, lost ones first, in the order of the file."""
    touched = dict.fromkeys(
        key[0]
        for key, now in after.items()
        if (then := before.get(key)) is not None
        and then["outcome"] != now["outcome"]
        and "correct" in (then["outcome"], now["outcome"])
    )
    if not touched:
        return []
    sides = [_sides(verdicts, touched) for verdicts in (before, after)]
    flips = [
        Flip(sample_id=sample_id, before=was, after=now)
        for sample_id in touched
        if (was := sides[0].get(sample_id)) and (now := sides[1].get(sample_id)) and was.share != now.share
    ]
    return sorted(flips, key=lambda flip: flip.gained)


def _sides(verdicts: Verdicts, wanted: Mapping[str, None]) -> dict[str, Side]:
    """Each wanted sample's completions as one; those the engine failed to give are left out."""
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for (sample_id, _), line in verdicts.items():
        if sample_id in wanted and line["outcome"] != "backend_error":
            lines.setdefault(sample_id, []).append(line)
    found = {}
    for sample_id, all_lines in lines.items():
        outcomes = [line["outcome"] for line in all_lines]
        outcome = max(outcomes, key=outcomes.count)
        found[sample_id] = Side(
            share=outcomes.count("correct") / len(outcomes),
            outcome=outcome,
            answer=next(line["answer"] for line in all_lines if line["outcome"] == outcome),
        )
    return found


def digest(value: Any) -> str:
    """A short name of a value's content."""
    import hashlib

    return hashlib.sha256(encode_line(value)).hexdigest()[:24]
