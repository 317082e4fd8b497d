"""Which run on disk a command goes on with, and why not another.

A run may be resumed by a plan of equal identity (``plan.py`` says what an identity holds). Anything else is
refused with the difference shown: completions of two prompts or two models never mix in one folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from mathevalkit.errors import ManifestMismatchError
from mathevalkit.runs.journal import MANIFEST
from mathevalkit.runs.reader import load_manifest
from mathevalkit.types import Plan


def folder_to_resume(plan: Plan, folder: Path) -> Path | None:
    """The run that ``plan`` goes on with: the one asked for, or the newest of its identity in ``folder``.

    None where a new run is to be started.

    Raises:
        ManifestMismatchError: the run asked for was made with other settings.
        RunDirectoryError: it is not a run directory.
    """
    if plan.options.resume:
        path = Path(plan.options.resume)
        require_same_identity(path, dict(load_manifest(path).identity), plan.identity)
        return path
    return None if plan.options.new else find_same_run(folder, plan.identity)


def find_same_run(folder: Path, identity: Any) -> Path | None:
    """The newest run in ``runs/<model>/<task>`` made with the same identity, whole or not."""
    if not folder.is_dir():
        return None
    for manifest in sorted(folder.glob(f"*/{MANIFEST}"), reverse=True):
        if not identity_difference(load_manifest(manifest.parent).identity, identity):
            return manifest.parent
    return None


def identity_difference(ours: Any, theirs: Any, *, prefix: str = "") -> list[str]:
    """Where two identities differ, as ``field: on disk …, now …`` lines; empty where they agree."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            line
            for key in sorted({*ours, *theirs})
            for line in identity_difference(
                ours.get(key), theirs.get(key), prefix=f"{prefix}.{key}" if prefix else key
            )
        ]
    return [] if ours == theirs else [f"{prefix}: on disk {_short(ours)}, now {_short(theirs)}"]


def require_same_identity(path: Path, on_disk: Any, now: Any) -> None:
    """Raise ManifestMismatchError with the differences shown, unless there are none."""
    if lines := identity_difference(on_disk, now):
        raise ManifestMismatchError(
            f"{path}: this run was made with other settings and cannot be resumed with these:\n  "
            + "\n  ".join(lines)
            + "\nRepeat it with the settings on disk, or start a new run without `resume`"
        )


def _short(value: Any) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
