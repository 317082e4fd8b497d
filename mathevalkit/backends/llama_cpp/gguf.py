"""GGUF files: finding them, here or on the hub, and reading their header.

The header is read without the tensors and without long arrays; for a vocabulary of 150,000 tokens that
takes milliseconds, and no package. Format, versions 2 and 3, little-endian:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, BinaryIO

from mathevalkit.backends import host
from mathevalkit.errors import ModelNotFoundError

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
"""Value types and their ``struct`` layout."""
MAX_STRING_BYTES = 1 << 24
MAX_NESTING = 4


def find_gguf(model: str, revision: str | None) -> tuple[list[Path], str]:
    """The file, or all parts of a split one, and what identifies it: a hub commit or a fingerprint.

    Raises ModelNotFoundError, naming the GGUF files there are where one must be chosen.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        if len(found) != 1 and not (found and _parts(found[0].name) == [f.name for f in found]):
            names = ", ".join(f.name for f in found) or "none"
            raise ModelNotFoundError(f"{path}: give one GGUF file of this directory (there: {names})")
        path = found[0]
    if path.is_file():
        files = [path.with_name(name) for name in _parts(path.name)]
        return files, host.fingerprint_weights(path)
    repo, colon, name = model.partition(":")
    if not colon or repo.count("/") != 1 or not name.endswith(".gguf"):
        raise ModelNotFoundError(
            f"{model}: no such file; give a .gguf file, or repo/name:file.gguf for one on the hub"
        )
    return _download(repo, name, revision)


def _download(repo: str, name: str, revision: str | None) -> tuple[list[Path], str]:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        files = [Path(hf_hub_download(repo, part, revision=revision)) for part in _parts(name)]
    except LocalEntryNotFoundError as error:
        raise ModelNotFoundError(
            f"{repo}:{name}: not in the local cache, and the hub cannot be reached"
        ) from error
    except (HfHubHTTPError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelNotFoundError(f"{repo}:{name}: {reason}") from error
    commit = host.cached_hub_commit(repo, revision, name)
    return files, commit or host.fingerprint_weights(files[0])


def _parts(name: str) -> list[str]:
    """All the names of a split file: ``x-00001-of-00003.gguf`` and its siblings."""
    split = re.fullmatch(r"(.*-)(\d{5})(-of-)(\d{5})(\.gguf)", name)
    if split is None:
        return [name]
    head, _, middle, total, tail = split.groups()
    return [f"{head}{number:05d}{middle}{total}{tail}" for number in range(1, int(total) + 1)]


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
