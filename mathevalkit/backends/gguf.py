"""The header of a GGUF file: its metadata, without the tensors and without long arrays.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 2 and 3, little-endian).
Reading the header of a 150,000-token vocabulary takes milliseconds this way, and no package.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from mathevalkit.errors import ModelNotFoundError

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
MAX_STRING_BYTES = 1 << 24
MAX_NESTING = 4


def read_metadata(path: Path) -> dict[str, Any]:
    """Every scalar and string of the header; arrays are left out.

    Raises ModelNotFoundError where there is no such file or it is not a GGUF file.
    """
    try:
        with path.open("rb") as stream:
            return _read_header(stream)
    except OSError as error:
        raise ModelNotFoundError(f"{path}: {error.strerror}") from error
    except (struct.error, ValueError) as error:
        raise ModelNotFoundError(f"{path}: not a GGUF file, or a damaged one ({error})") from error


def _read_header(stream: BinaryIO) -> dict[str, Any]:
    if stream.read(4) != MAGIC:
        raise ValueError("it does not start with GGUF")
    version = _scalar(stream, "<I")
    if version not in (2, 3):
        raise ValueError(f"version {version}, expected 2 or 3")
    _scalar(stream, "<Q")  # number of tensors
    metadata = {}
    for _ in range(_scalar(stream, "<Q")):
        key = _string(stream)
        value = _value(stream, _scalar(stream, "<I"), depth=0)
        if value is not None:
            metadata[key] = value
    return metadata


def _value(stream: BinaryIO, kind: int, *, depth: int) -> Any:
    if kind == STRING:
        return _string(stream)
    if kind == ARRAY:
        _skip_array(stream, depth=depth + 1)
        return None
    return _scalar(stream, _format(kind))


def _skip_array(stream: BinaryIO, *, depth: int) -> None:
    kind, length = _scalar(stream, "<I"), _scalar(stream, "<Q")
    if depth > MAX_NESTING:
        raise ValueError("arrays nested too deeply")
    if kind in (STRING, ARRAY):
        for _ in range(length):
            if kind == STRING:
                stream.seek(_scalar(stream, "<Q"), 1)
            else:
                _skip_array(stream, depth=depth + 1)
    else:
        stream.seek(length * struct.calcsize(_format(kind)), 1)


def _string(stream: BinaryIO) -> str:
    length = _scalar(stream, "<Q")
    if length > MAX_STRING_BYTES:
        raise ValueError(f"a string of {length} bytes")
    return stream.read(length).decode("utf-8", errors="replace")


def _scalar(stream: BinaryIO, layout: str) -> Any:
    return struct.unpack(layout, stream.read(struct.calcsize(layout)))[0]


def _format(kind: int) -> str:
    if kind not in SCALARS:
        raise ValueError(f"unknown value type {kind}")
    return SCALARS[kind]
