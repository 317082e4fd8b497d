"""The nights of each model on each task, read from a folder of runs.

Two layouts are understood, told by how deep a run lies:

    RUNS_DIR/<night>/<name>/<model>/<task>/<run id>   a suite's output; the model goes by its name there
    RUNS_DIR/<model>/<task>/<run id>                  what `run` writes; the night is the UTC date

Only manifests, results and ``night.json`` are read here, a few kilobytes a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from mathevalkit.errors import RunDirectoryError
from mathevalkit.nightly.record import NightEntry, read_nights
from mathevalkit.runs.changes import Change, manifest_changes
from mathevalkit.runs.journal import MANIFEST, RESULTS
from mathevalkit.runs.reader import load_run
from mathevalkit.runs.results import Results
from mathevalkit.types import RunManifest

NIGHTLY_DEPTH, PLAIN_DEPTH = 5, 3

Key = tuple[str, str, str]
"""Model, task, recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightRun:
    """One whole run of a series."""

    night: str
    path: Path
    manifest: RunManifest
    results: Results
    entry: NightEntry | None
    """What the night decided about it, where it was a suite's."""
    changes: tuple[Change, ...] = ()
    """What differs from the run before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One model on one task under one recipe, the oldest night first."""

    model: str
    task: str
    recipe: str
    title: str
    """The task's."""
    runs: tuple[NightRun, ...]

    @property
    def key(self) -> Key:
        """What tells one series from every other."""
        return (self.model, self.task, self.recipe)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything a dashboard shows but the flipped samples."""

    nights: tuple[str, ...]
    series: tuple[Series, ...]
    failed: tuple[NightEntry, ...]
    """Entries of the last night that gave no run or could not be judged."""
    warnings: tuple[str, ...]

    @property
    def tonight(self) -> str:
        """The last night."""
        return self.nights[-1]


def read_history(runs_dir: Path) -> History:
    """Read every whole run below a folder. A run that cannot be read is left out, and said.

    Raises:
        RunDirectoryError: there is no whole run, or a ``night.json`` cannot be read.
    """
    nights = read_nights(runs_dir)
    entries = {entry.run_dir: entry for night in nights for entry in night.entries if entry.run_dir}
    found: dict[Key, dict[str, NightRun]] = {}
    warnings: list[str] = []
    for folder in sorted(_run_folders(runs_dir), key=lambda folder: folder.name):
        try:
            manifest, results = load_run(folder)
        except RunDirectoryError as error:
            warnings.append(f"left out: {error}")
            continue
        if results is None:
            continue
        parts = folder.relative_to(runs_dir).parts
        nightly = len(parts) == NIGHTLY_DEPTH
        night, model = (parts[0], parts[1]) if nightly else (manifest.created[:10], parts[0])
        run = NightRun(
            night=night,
            path=folder,
            manifest=manifest,
            results=results,
            entry=entries.get("/".join(parts)),
        )
        # Sorted by run id: of several runs in one night the last counts.
        found.setdefault((model, manifest.task, manifest.recipe.name), {})[night] = run
    if not found:
        raise RunDirectoryError(
            f"{runs_dir}: no whole run found; expected <night>/<name>/<model>/<task>/<run> (a suite's "
            "output) or <model>/<task>/<run>"
        )
    series = tuple(_series(key, found[key]) for key in sorted(found))
    known = {run.night for one in series for run in one.runs} | {night.night for night in nights}
    last = max(known)
    return History(
        nights=tuple(sorted(known)),
        series=series,
        failed=tuple(e for n in nights if n.night == last for e in n.entries if e.status == "failed"),
        warnings=tuple(warnings),
    )


def _run_folders(runs_dir: Path) -> Iterator[Path]:
    for depth in (NIGHTLY_DEPTH, PLAIN_DEPTH):
        for path in runs_dir.glob("/".join(["*"] * depth + [RESULTS])):
            if (path.parent / MANIFEST).is_file():
                yield path.parent


def _series(key: Key, by_night: Mapping[str, NightRun]) -> Series:
    runs = [by_night[night] for night in sorted(by_night)]
    changed = [runs[0], *(_with_changes(before, after) for before, after in pairwise(runs))]
    model, task, recipe = key
    return Series(
        model=model, task=task, recipe=recipe, title=runs[-1].manifest.task_title, runs=tuple(changed)
    )


def _with_changes(before: NightRun, after: NightRun) -> NightRun:
    changes = manifest_changes(before.manifest, after.manifest)
    scorers = before.results.scorer, after.results.scorer
    if scorers[0] != scorers[1] and all(change.aspect != "scorer" for change in changes):
        # Rescored since: the manifests still name the scorer that the runs were made with.
        changes += (Change(aspect="scorer", field="", before=scorers[0], after=scorers[1]),)
    return replace(after, changes=changes)


def change_text(change: Change) -> str:
    """``engine: vllm version 0.11.0 → 0.12.1``."""
    text = str(change)
    told = f"{change.before} and {change.after}"
    return text.removesuffix(told) + f"{change.before} → {change.after}" if text.endswith(told) else text
