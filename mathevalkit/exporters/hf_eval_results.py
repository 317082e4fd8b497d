"""Results for a model's page on the Hugging Face hub: ``.eval_results/*.yaml`` in the model's repository.

The format (https://huggingface.co/docs/hub/eval-results) is a YAML list of results, one file a setting::

    - dataset: {id: openai/gsm8k, task_id: gsm8k, revision: e53f048856ff...}
      value: 66.4898
      date: '2026-01-05T10:00:00+00:00'
      notes: 'scale: percent; interval 95: 63.9 to 69 (wilson); ...'

It fixes no scale, so the notes begin with it. A leaderboard takes one number: the deciding scorer's; the
others stand in the notes. A source must have an address, so there is one only where it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mathevalkit.errors import UsageError
from mathevalkit.exporters.base import (
    ExportFile,
    ExportOptions,
    ExportRun,
    date_of,
    file_name,
    model_label,
    note,
    scaled,
)


def export(runs: Sequence[ExportRun], options: ExportOptions) -> Iterator[ExportFile]:
    """One file a run, below a folder for its model that mirrors the model's repository."""
    import yaml

    for run in runs:
        text = yaml.safe_dump([entry(run, options)], sort_keys=False, allow_unicode=True, width=100)
        name = f"{file_name(run.manifest.task)}_{file_name(run.manifest.recipe.name)}.yaml"
        folder = file_name(model_label(run, options))
        yield ExportFile(f"{folder}/.eval_results/{name}", [text.encode()])


def entry(run: ExportRun, options: ExportOptions) -> dict[str, Any]:
    """A run as one result of the list."""
    scale = options.scale or "percent"
    measured = run.measured[0]
    hub = run.task.hub if run.task else None
    dataset_id = options.dataset or (hub.dataset if hub else None)
    if dataset_id is None:
        raise UsageError(
            f"{run.path}: the task {run.manifest.task} names no dataset on the hub, which this format needs; "
            "give the benchmark's as `dataset`"
        )
    dataset = {"id": dataset_id, "task_id": options.task_id or run.manifest.task}
    if run.data_revision is not None:
        dataset["revision"] = run.data_revision
    found: dict[str, Any] = {
        "dataset": dataset,
        "value": scaled(measured.value, scale),
        "date": date_of(run).isoformat(),
    }
    if options.source_url is not None:
        found["source"] = {"url": options.source_url, "name": options.organization or "mathevalkit"}
    return found | {"notes": note(run, measured, scale)}
