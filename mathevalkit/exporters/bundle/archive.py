"""The archive of a bundle: written without chance, read without trust.

Reading goes header by header with the standard library's own parser of one header. Python's ``tarfile`` as a
whole would also follow long names, links, sparse files and extended headers of any length; a bundle has none
of these, so here they do not exist.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mathevalkit.errors import BundleError

BLOCK = tarfile.BLOCKSIZE
PIECE = 1 << 20
MAX_MEMBERS = 64
LEAST_ALLOWANCE = 64 << 20
"""What any bundle may unpack to, in bytes."""
MAX_RATIO = 200
"""How many times its own size a larger bundle may unpack to."""

SUMS = "SHA256SUMS"
_NAME = re.compile(
    r"SHA256SUMS|(?:bundle|manifest|results)\.json|(?:samples|generations|verdicts\.[\w.+-]+)\.jsonl"
)
_SUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def pack(target: IO[bytes], names: Sequence[str], made: Mapping[str, bytes], folder: Path) -> None:
    """Write the archive, without anything that differs from one machine or moment to the next.

    Args:
        target: the file to write into.
        names: the members, in order.
        made: contents of some; the others are copied from ``folder``.
        folder: where the others lie.
    """
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in names:
            info = tarfile.TarInfo(name)
            info.mode = 0o644
            if name in made:
                info.size = len(made[name])
                archive.addfile(info, io.BytesIO(made[name]))
            else:
                info.size = (folder / name).stat().st_size
                with (folder / name).open("rb") as file:
                    archive.addfile(info, file)


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def unpacked(path: Path, *, needed: Sequence[str], max_bytes: int | None = None) -> Iterator[Path]:
    """The bundle's files in a temporary folder, checksums compared.

    Raises:
        BundleError: no bundle, damaged, unsafe, or one of the ``needed`` files is missing.
    """
    allowance = max_bytes or max(LEAST_ALLOWANCE, MAX_RATIO * path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="mathevalkit-bundle-") as name:
        folder = Path(name)
        try:
            with gzip.open(path, "rb") as stream:
                found = _unpack(stream, folder, allowance=allowance, path=path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BundleError(f"{path}: not a bundle, or damaged: {error}") from error
        _compare_sums(folder, found, path, needed=needed)
        yield folder


def _unpack(stream: gzip.GzipFile, folder: Path, *, allowance: int, path: Path) -> dict[str, str]:
    """Each file's SHA-256 by name. Only plain files of known names, and no more bytes than allowed."""
    found: dict[str, str] = {}
    while header := stream.read(BLOCK):
        if not header.strip(b"\0"):
            return found
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise BundleError(f"{path}: not a bundle, or damaged: {error}") from error
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or not _NAME.fullmatch(info.name):
            raise BundleError(f"{path}: unsafe: holds {info.name!r}, no file of a bundle; not unpacked")
        if info.name in found or len(found) == MAX_MEMBERS:
            raise BundleError(f"{path}: unsafe: holds {info.name!r} twice, or more than {MAX_MEMBERS} files")
        allowance -= info.size
        if info.size < 0 or allowance < 0:
            raise BundleError(
                f"{path}: unsafe: would unpack to far more than its own size; "
                "allow it with `max_bytes` if you trust where it comes from"
            )
        found[info.name] = _take(stream, folder / info.name, info.size, path)
    raise BundleError(f"{path}: damaged: the archive ends early")


def _take(stream: gzip.GzipFile, target: Path, size: int, path: Path) -> str:
    digest = hashlib.sha256()
    left = size
    with target.open("xb") as file:
        while left:
            piece = stream.read(min(left, PIECE))
            if not piece:
                raise BundleError(f"{path}: damaged: {target.name} ends early")
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    stream.read(-size % BLOCK)
    return digest.hexdigest()


def _compare_sums(folder: Path, found: Mapping[str, str], path: Path, *, needed: Sequence[str]) -> None:
    if missing := sorted({SUMS, *needed} - found.keys()):
        raise BundleError(f"{path}: incomplete: {', '.join(missing)} is missing")
    listed: dict[str, str] = {}
    for line in (folder / SUMS).read_bytes().decode("utf-8", "replace").splitlines():
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            raise BundleError(f"{path}: {SUMS}: not a line of checksums: {line[:80]!r}")
        listed[match[2]] = match[1]
    held = {name: digest for name, digest in found.items() if name != SUMS}
    if listed.keys() != held.keys():
        odd = ", ".join(sorted(listed.keys() ^ held.keys()))
        raise BundleError(f"{path}: the files and the checksums are not of the same names: {odd}")
    if changed := sorted(name for name in held if held[name] != listed[name]):
        raise BundleError(f"{path}: changed since it was made (SHA-256 differs): {', '.join(changed)}")
