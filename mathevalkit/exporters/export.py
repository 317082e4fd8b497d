"""Runs in the formats of leaderboards and other harnesses; entry-point group ``mathevalkit.exporters``.

| format            | what is written                                                    | scale    |
| ----------------- | ------------------------------------------------------------------ | -------- |
| `hf-eval-results` | `<model>/.eval_results/<task>_<recipe>.yaml`                       | percent  |
| `model-index`     | `<model>.model-index.yaml`, the older block of a model card        | percent  |
| `lm-eval`         | `<model>/results_<time>.json` and `samples_<task>_<time>.jsonl`    | fraction |
| `every-eval-ever` | `data/<task>/<developer>/<model>/<uuid>.json` and `_samples.jsonl` | fraction |

The scale is the format's habit; all but lm-eval's can be asked for in the other.

Every file says its scale, the interval, the scorer, the recipe, and the revisions of model and data.

    >>> from mathevalkit.exporters.export import export
    >>> export(["runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c"], format="hf-eval-results",
    ...        out="submission").files  # doctest: +SKIP
    ('submission/meta-math__MetaMath-7B-V1.0/.eval_results/gsm8k_metamath.yaml',)

An exporter is a function ``(runs, options) -> files``; see ``mathevalkit.exporters.base``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from answer_normalizers.plugins import Registry
from mathevalkit.atomic import atomic_file
from mathevalkit.errors import UsageError, named_by
from mathevalkit.exporters.base import (
    Exporter,
    ExportFile,
    ExportOptions,
    ExportRun,
    concerns,
    open_run,
)

__all__ = ["ExportFile", "ExportOptions", "ExportRun", "Exported", "Exporter", "export", "exporter_names"]

BUILTIN_EXPORTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hf-eval-results": "mathevalkit.exporters.hf_eval_results:export",
        "model-index": "mathevalkit.exporters.model_index:export",
        "lm-eval": "mathevalkit.exporters.lm_eval:export",
        "every-eval-ever": "mathevalkit.exporters.every_eval_ever:export",
    }
)
"""Name to place."""

_EXPORTERS: Final[Registry[Exporter]] = Registry("format", "mathevalkit.exporters", BUILTIN_EXPORTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    files: tuple[str, ...]
    warnings: tuple[str, ...]
    """What should keep a reader from taking the numbers for the benchmark's."""


def exporter_names() -> tuple[str, ...]:
    """Every format's name, sorted."""
    return _EXPORTERS.names()


def export(
    runs: Sequence[str | Path],
    *,
    format: str,  # noqa: A002  # what the command line calls it
    out: str | Path = ".",
    options: ExportOptions | None = None,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> Exported:
    """Write runs in a format.

    Args:
        runs: directories of whole runs.
        format: a name of ``exporter_names()``, or ``module:function``.
        out: folder to write below; made where it does not exist.
        options: scale, names, source; see ExportOptions.
        data_file: the rows of the runs' task, where they are not where the manifests say.
        task_dirs: folders of the user's task files.

    Raises:
        UsageError: no such format, or an option is missing that the format needs.
        PluginError: somebody else's exporter cannot be imported.
        RunDirectoryError: a run is not whole, or its results and verdicts disagree.
    """
    with named_by("format"):
        exporter = _EXPORTERS.load(format)
    if not runs:
        raise UsageError("give at least one run directory")
    opened = [open_run(run, data_file=data_file, task_dirs=task_dirs) for run in runs]
    written: dict[str, str] = {}
    for file in exporter(opened, options or ExportOptions()):
        if file.path in written:
            raise UsageError(
                f"two of the runs would both write {written[file.path]}; export them to different folders"
            )
        path = Path(out) / file.path
        with atomic_file(path, parents=True) as target:
            target.writelines(file.chunks)
        written[file.path] = str(path)
    return Exported(
        files=tuple(written.values()),
        warnings=tuple(concern for run in opened for concern in concerns(run)),
    )
