"""Dataclasses to JSON and back: the only place that knows how our records look on disk.

    >>> from mathevalkit.types import Completion
    >>> line = encode_line(Completion(sample_id="17", k=0, text="A: 18", finish_reason="stop"))
    >>> decode(Completion, orjson.loads(line), where="here").text
    'A: 18'

Encoding is orjson's own (it writes dataclasses field by field). A lone surrogate, which a tokenizer can
leave in a text and which no UTF-8 file can hold, is written as U+FFFD. Decoding is pydantic's, but for
``Completion`` and ``Sample``, of which a run has many: those are decoded by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson

from mathevalkit.errors import RunDirectoryError
from mathevalkit.types import Completion, Sample

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pydantic import TypeAdapter

T = TypeVar("T")

SCHEMA_VERSION = 1
"""Of every file of ours. A file of a newer version is refused: what it means is not known here."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_OPTIONS = orjson.OPT_NON_STR_KEYS


def encode(record: Any) -> bytes:
    """A record as indented JSON, for files that people read."""
    return _dump(record, _OPTIONS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def encode_line(record: Any) -> bytes:
    """A record as one line of JSON, newline included."""
    return _dump(record, _OPTIONS | orjson.OPT_APPEND_NEWLINE)


def _dump(record: Any, options: int) -> bytes:
    try:
        return orjson.dumps(record, option=options)
    except TypeError:  # orjson refuses lone surrogates
        import json
        from dataclasses import asdict, is_dataclass

        plain = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
        text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", json.dumps(plain, ensure_ascii=False))
        return orjson.dumps(orjson.loads(text), option=options)


def decode(kind: type[T], record: Any, *, where: str) -> T:
    """A record read from JSON as the dataclass it was. Raises RunDirectoryError naming ``where``."""
    if kind is Completion or kind is Sample:
        try:
            return kind(**record)
        except TypeError as error:
            raise RunDirectoryError(f"{where}: not a {kind.__name__.lower()}: {error}") from error
    from pydantic import ValidationError

    try:
        adapter: TypeAdapter[T] = _adapter(cast("Hashable", kind))
        value = adapter.validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        place = f"{where}: {field}" if field else where
        raise RunDirectoryError(f"{place}: {first['msg']}") from error
    return value


def read_document(path: Path, kind: type[T]) -> T:
    """The one record of a JSON file of ours.

    Raises:
        RunDirectoryError: the file cannot be read, a newer mathevalkit wrote it, or it is no such record.
    """
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise RunDirectoryError(f"{path}: expected a JSON object")
    refuse_newer(record, where=str(path))
    return decode(kind, record, where=str(path))


def refuse_newer(record: Mapping[str, Any], *, where: str) -> None:
    """Raise RunDirectoryError where a record says that a newer mathevalkit wrote it."""
    version = record.get("schema_version", 0)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise RunDirectoryError(
            f"{where}: schema version {version} is newer than this mathevalkit reads ({SCHEMA_VERSION}); "
            "upgrade mathevalkit"
        )


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Pydantic's reader of a dataclass; making one takes a hundred times as long as reading a record."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
