"""Rows become samples: from a local file or the hub, mapped by the task's templates, checked, fingerprinted.

    >>> from mathevalkit.tasks.rows import load_data
    >>> from mathevalkit.tasks.finding import load_task
    >>> data = load_data(load_task("demo"))
    >>> data.known, data.samples[0].gold
    (True, '12')

Every fault is one DataError that says where it stands (``test.jsonl:17``) and what to do.

A file's suffix says its format: ``.jsonl`` (one object a line), ``.json`` (a list of objects), ``.csv``
(UTF-8, a header line) or ``.parquet``. Heavy libraries are imported by the reader that needs them.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mathevalkit.errors import DataError, UsageError
from mathevalkit.types import HubSource, LoadedData, RowMapping, Sample, Task

if TYPE_CHECKING:
    from jinja2 import Template


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
        raise DataError(f"task {task.name} names no data; give `data_file`")
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
            "`limit` (a seeded sample) and `first` (the first rows) exclude each other; give one of them"
        )
    for name, count in (("limit", limit), ("first", first)):
        if count is not None and count < 1:
            raise UsageError(f"`{name}={count}`: expected 1 or more")
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
    from mathevalkit.tasks.templates import compile_template

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

    from mathevalkit.tasks.templates import ColumnError

    try:
        return template.render(row.columns)
    except jinja2.UndefinedError as error:
        raise DataError(
            f"{row.place}: {error.message}: `rows.{name}` of {task.path} needs that column; the row has "
            f"{_listed(row.columns)}"
        ) from error
    except (ColumnError, jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise DataError(f"{row.place}: `rows.{name}` of {task.path}: {error}") from error


def _listed(columns: Mapping[str, Any]) -> str:
    return ", ".join(map(str, columns)) or "no columns"


# ---- rows of a file, each with the place it came from ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its columns, and where it stands for an error message."""

    place: str
    """``test.jsonl:17``."""
    columns: Mapping[str, Any]


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a local file, lazily. Raises DataError."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: unknown format {path.suffix!r}; use one of {', '.join(_READERS)}")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    return reader(path)


def _read_jsonl(path: Path) -> Iterator[Row]:
    """One JSON object a line; blank lines are skipped."""
    for number, line in enumerate(_text(path, bom=False).split("\n"), start=1):
        if line.strip():
            yield Row(f"{path}:{number}", _object(line, f"{path}:{number}"))


def _read_json(path: Path) -> Iterator[Row]:
    """A list of JSON objects."""
    text = _text(path, bom=False)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        remedy = "; one object a line is JSON Lines: name it .jsonl" if text.lstrip().startswith("{") else ""
        raise DataError(f"{path}:{error.lineno}: not JSON: {error.msg}{remedy}") from error
    if not isinstance(content, list):
        raise DataError(f"{path}: expected a list of objects, got {_kind(content)}")
    for number, columns in enumerate(content, start=1):
        if not isinstance(columns, dict):
            raise DataError(f"{path}: entry {number}: expected an object, got {_kind(columns)}")
        yield Row(f"{path}: entry {number}", columns)


def _read_csv(path: Path) -> Iterator[Row]:
    """A header line, then one row a record; every cell is text."""
    reader = csv.DictReader(io.StringIO(_text(path, bom=True), newline=""), strict=True)
    try:
        for columns in reader:
            place = f"{path}:{reader.line_num}"
            header = len(reader.fieldnames or ())
            cells = header + len(columns.get(None) or ()) - sum(cell is None for cell in columns.values())
            if cells != header:
                raise DataError(
                    f"{place}: {cells} cells where the header has {header}; quote cells that hold commas"
                )
            yield Row(place, columns)
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not CSV: {error}") from error


def _read_parquet(path: Path) -> Iterator[Row]:
    """Read batch by batch, so that memory stays flat."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches():
                for columns in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}: row {number}", columns)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet file: {error}") from error


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}


def _text(path: Path, *, bom: bool) -> str:
    """The file's text. ``bom``: whether a byte-order mark is usual (spreadsheets write one into CSV)."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path}: encoded as UTF-16; save it as UTF-8")
    if raw.startswith(codecs.BOM_UTF8):
        if not bom:
            raise DataError(f"{path}:1: starts with a byte-order mark; save it as UTF-8 without one")
        raw = raw[len(codecs.BOM_UTF8) :]
    if not raw.strip():
        raise DataError(f"{path}: the file is empty")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise DataError(f"{path}:{line}: not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8") from error


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        columns = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{place}: not JSON: {error.msg} (column {error.colno})") from error
    if not isinstance(columns, dict):
        raise DataError(f"{place}: expected an object, got {_kind(columns)}")
    return columns


def _kind(value: object) -> str:
    names = {list: "a list", dict: "an object", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


# ---- the hub ---------------------------------------------------------------------------------------


def read_hub(source: HubSource, *, task_name: str) -> tuple[Iterator[Row], str]:
    """The rows of a dataset on the hub, all configs one after the other, and their origin with its revision.

    Raises:
        DataError: Offline and not cached, no such dataset, config or split.
    """
    import datasets
    from datasets.exceptions import DatasetsError

    tables = []
    hub_log = logging.getLogger("huggingface_hub")
    level = hub_log.level
    hub_log.setLevel(logging.ERROR)  # it announces every retry; what failed in the end is in the error below
    datasets.disable_progress_bars()
    try:
        for config in source.configs or (None,):
            table = datasets.load_dataset(
                source.dataset, name=config, split=source.split, revision=source.revision
            )
            tables.append((config, table))
    except (DatasetsError, OSError, ValueError, RuntimeError, LookupError, ImportError) as error:
        what = " ".join(str(error).split())
        raise DataError(
            f"task {task_name}: cannot load {source.dataset} from the Hugging Face hub: {what[:300]}. "
            f"Without network, give the rows as a file: `data_file={task_name}.jsonl`"
        ) from error
    finally:
        datasets.enable_progress_bars()
        hub_log.setLevel(level)
    revision = next(
        (found for _, table in tables if (found := _revision(table))), source.revision or "unknown"
    )

    def rows() -> Iterator[Row]:
        for config, table in tables:
            place = f"{source.dataset}{f' ({config})' if config else ''}"
            for number, columns in enumerate(table):
                yield Row(f"{place}: row {number}", columns)

    return rows(), f"hub:{source.dataset}@{revision}"


def _revision(table: Any) -> str | None:
    """The commit that a loaded dataset's files came from, as their addresses tell it."""
    for address in table.info.download_checksums or {}:
        if found := re.search(r"@([0-9a-f]{40})/", address):
            return found[1]
    return None
