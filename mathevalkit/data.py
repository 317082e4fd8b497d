"""Rows become samples: from a local file or the hub, mapped by the task's templates, checked, fingerprinted.

    >>> from mathevalkit.data import load_data
    >>> from mathevalkit.tasks import load_task
    >>> data = load_data(load_task("demo"))
    >>> data.known, data.samples[0].gold
    (True, '12')

Every fault is one DataError that says where it stands (``test.jsonl:17``) and what to do. The file formats
are read in ``mathevalkit.readers``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mathevalkit.errors import DataError, UsageError
from mathevalkit.readers import Row, read_hub, read_rows
from mathevalkit.types import LoadedData, RowMapping, Sample, Task

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["fingerprint", "load_data", "select"]


def load_data(task: Task, *, data_file: str | Path | None = None) -> LoadedData:
    """All samples of a task, in order.

    The rows come from ``data_file`` if it is given, else from the task's own file, else from the hub.

    Raises:
        DataError: The rows cannot be read, or one of them is not what the task's mapping needs: not JSON,
            not an object, a column missing, an empty question or reference answer, an id used twice.
    """
    if data_file is None and task.file is not None:
        data_file = Path(task.path).parent / task.file
    if data_file is not None:
        path = Path(data_file)
        rows, origin = read_rows(path), f"file:{path}"
    elif task.hub is not None:
        rows, origin = read_hub(task.hub, task_name=task.name)
    else:
        raise DataError(f"task {task.name} names no data; give --data-file")
    samples = tuple(_samples(rows, task))
    if not samples:
        raise DataError(f"{origin.removeprefix('file:')}: no rows")
    digest = fingerprint(samples)
    known = digest in task.fingerprints if task.fingerprints else None
    return LoadedData(samples=samples, fingerprint=digest, known=known, origin=origin)


def fingerprint(samples: Iterable[Sample]) -> str:
    """What identifies a task's data: SHA-256 over id, question and gold of every sample, in order.

    The bytes hashed are one compact JSON array a sample, ``["id","question","gold"]`` in UTF-8 with a
    newline behind it, so every character counts, white space too.
    """
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(
            orjson.dumps((sample.id, sample.question, sample.gold), option=orjson.OPT_APPEND_NEWLINE)
        )
    return digest.hexdigest()


def select(
    samples: Sequence[Sample], *, limit: int | None = None, first: int | None = None, seed: int = 0
) -> tuple[Sample, ...]:
    """Part of the samples, in their order: ``limit`` drawn with ``seed``, no two the same, or the ``first``.

    The draw depends on nothing but the seed and the ids: the same on every machine and Python, and a
    smaller draw is part of a larger one, so a run can be extended.

    Raises:
        UsageError: Both are given, or a number below 1.
    """
    if limit is not None and first is not None:
        raise UsageError(
            "--limit (a seeded sample) and --first (the first rows) exclude each other; give one"
        )
    for flag, count in (("--limit", limit), ("--first", first)):
        if count is not None and count < 1:
            raise UsageError(f"{flag} must be at least 1, got {count}")
    if first is not None:
        return tuple(samples[:first])
    if limit is None or limit >= len(samples):
        return tuple(samples)
    drawn = sorted(range(len(samples)), key=lambda row: _lot(samples[row].id, seed))[:limit]
    return tuple(samples[row] for row in sorted(drawn))


def _lot(sample_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{sample_id}".encode()).digest()


# ---- rows to samples -------------------------------------------------------------------------------

_FIELDS = tuple(field.name for field in fields(RowMapping))


def _samples(rows: Iterable[Row], task: Task) -> Iterator[Sample]:
    """Map the rows, checking each sample."""
    from mathevalkit.templates import compile_template

    # A field without a template is empty everywhere; it costs nothing.
    templates = [(name, compile_template(source)) for name in _FIELDS if (source := getattr(task.rows, name))]
    places: dict[str, str] = {}
    for number, row in enumerate(rows):
        values = {name: _rendered(name, template, row, task) for name, template in templates}
        sample = Sample(
            id=values.get("id", str(number)),
            question=values["question"],
            gold=values["gold"],
            subject=sys.intern(values.get("subject", "")),
            level=sys.intern(values.get("level", "")),
            solution=values.get("solution", ""),
        )
        for name in ("id", "question", "gold"):
            if not getattr(sample, name).strip():
                raise DataError(
                    f"{row.place}: the {name} is empty (`rows.{name}` of {task.path}); repair or remove it"
                )
        if sample.id in places:
            raise DataError(
                f"{row.place}: the id {sample.id!r} is already that of {places[sample.id]}; ids must differ"
            )
        places[sample.id] = row.place
        yield sample


def _rendered(name: str, template: Template, row: Row, task: Task) -> str:
    """One field of a sample. Every way a template can fail on a row becomes a DataError."""
    import jinja2

    from mathevalkit.templates import ColumnError

    try:
        return template.render(row.columns)
    except jinja2.UndefinedError as error:
        raise DataError(
            f"{row.place}: {error.message}: `rows.{name}` of {task.path} needs that column; the row has "
            f"{_listed(row.columns)}"
        ) from error
    except (
        ColumnError,
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        OverflowError,
    ) as error:
        raise DataError(f"{row.place}: `rows.{name}` of {task.path}: {error}") from error


def _listed(columns: Mapping[str, Any]) -> str:
    return ", ".join(map(str, columns)) or "no columns"
