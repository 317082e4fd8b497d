"""Rows from files and from the hub, each with the place it came from.

A file's suffix says its format: ``.jsonl`` (one object a line), ``.json`` (a list of objects), ``.csv``
(UTF-8, a header line) or ``.parquet``. Heavy libraries are imported by the reader that needs them.
"""

from __future__ import annotations

import codecs
import csv
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mathevalkit.errors import DataError
from mathevalkit.types import HubSource

__all__ = ["Row", "read_hub", "read_rows"]


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
            f"Without network, give the rows as a file: --data-file {task_name}.jsonl"
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
