"""Runs that repeat each other, and what their repetition teaches about noise.

Two runs repeat each other when nothing that decides the completions differs: the same identity (model,
data, prompt, sampling) on the same engine and packages. That they still flip samples (batches of another
shape round differently; temperature draws afresh) is noise, and how far such flips move the accuracy is
the measure against which a change of the model must stand out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mathevalkit.runs.journal import MANIFEST, RESULTS
from mathevalkit.runs.reader import load_manifest
from mathevalkit.runs.resume import identity_difference
from mathevalkit.types import RunManifest, Score

MIN_REPEATS = 5
"""Fewer repeats say next to nothing about how far whole runs scatter: allowing for what they suggest would
cost more power than it is worth (``benchmarks/gate_simulation.py``)."""


def find_repeats(run: Path, *, manifest: RunManifest) -> list[Path]:
    """Whole runs beside ``run`` that repeat it, oldest first, ``run`` itself left out."""
    found = []
    for file in sorted(run.resolve().parent.glob(f"*/{MANIFEST}")):
        folder = file.parent
        if folder == run.resolve() or not (folder / RESULTS).exists():
            continue
        if is_repeat(load_manifest(folder), manifest):
            found.append(folder)
    return found


def is_repeat(one: RunManifest, other: RunManifest) -> bool:
    """Whether two runs did the same: nothing that decides completions differs."""
    return (
        not identity_difference(dict(one.identity), dict(other.identity))
        and one.model.backend_version == other.model.backend_version
        and one.model.packages == other.model.packages
        and one.model.hardware == other.model.hardware
    )


def overdispersion(repeats: Sequence[Sequence[Score]]) -> float:
    """How much more the accuracies of repeats vary than their flips explain: a ratio of variances.

    If samples flip independently, the variance of a run's accuracy is the sum of the variances of single
    samples over the square of their number, and the ratio is 1 on average. Something that moves many
    samples of a run together (another machine, a wrong driver, a changed template) makes it larger. With R
    repeats the ratio has R - 1 degrees of freedom.

    Args:
        repeats: at least two; for each run the scores of the same samples in the same order.
    """
    import numpy as np

    scores = np.asarray(repeats, dtype=np.float64)
    rates = scores[:, :, 0] / scores[:, :, 1]
    of_runs = float(rates.mean(axis=1).var(ddof=1))
    explained = float(rates.var(axis=0, ddof=1).sum()) / rates.shape[1] ** 2
    return of_runs / explained if explained else 1.0  # no flips: nothing varies
