"""The ``model-index`` block of a model card: the older place for results on the Hugging Face hub.

The file is YAML to put between the ``---`` lines at the top of the card's README.md
(https://github.com/huggingface/hub-docs/blob/main/modelcard.md)::

    model-index:
    - name: MetaMath-7B-V1.0
      results:
      - task: {type: text-generation, name: Text Generation}
        dataset: {type: openai/gsm8k, name: GSM8K, config: main, split: test, revision: ...}
        metrics:
        - {type: accuracy, value: 66.4898, name: 'accuracy (percent, scorer auto)', args: {...}}

One metric a scorer, the deciding one first. ``args`` is where the format has a place for how a metric was
computed; there stand the scale, the interval and the standard error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mathevalkit.exporters.base import (
    ExportFile,
    ExportOptions,
    ExportRun,
    date_of,
    facts,
    file_name,
    model_label,
    scaled,
)


def export(runs: Sequence[ExportRun], options: ExportOptions) -> Iterator[ExportFile]:
    """One file a model, with all its runs."""
    import yaml

    by_model: dict[str, list[ExportRun]] = {}
    for run in runs:
        by_model.setdefault(model_label(run, options), []).append(run)
    for model, mine in by_model.items():
        index = [
            {"name": model.rpartition("/")[2], "results": [_result(run, options) for run in mine]},
        ]
        text = yaml.safe_dump({"model-index": index}, sort_keys=False, allow_unicode=True, width=100)
        yield ExportFile(f"{file_name(model)}.model-index.yaml", [text.encode()])


def _result(run: ExportRun, options: ExportOptions) -> dict[str, Any]:
    found = {
        "task": {"type": "text-generation", "name": "Text Generation"},
        "dataset": _dataset(run, options),
        "metrics": list(_metrics(run, options)),
    }
    if options.source_url is not None:
        found["source"] = {"name": options.organization or "mathevalkit", "url": options.source_url}
    return found


def _dataset(run: ExportRun, options: ExportOptions) -> dict[str, Any]:
    """``config`` holds one name, so several configs stand in ``args``."""
    manifest = run.manifest
    hub = run.task.hub if run.task else None
    found: dict[str, Any] = {
        "type": options.dataset or (hub.dataset if hub else manifest.task),
        "name": manifest.task_title,
    }
    args: dict[str, Any] = {
        "task": options.task_id or manifest.task,
        "fingerprint": manifest.data_fingerprint,
    }
    if hub is not None:
        if len(hub.configs) == 1:
            found["config"] = hub.configs[0]
        elif hub.configs:
            args["configs"] = list(hub.configs)
        found["split"] = hub.split
    if run.data_revision is not None:
        found["revision"] = run.data_revision
    return found | {"args": args}


def _metrics(run: ExportRun, options: ExportOptions) -> Iterator[dict[str, Any]]:
    scale = options.scale or "percent"
    for measured in run.measured:
        yield {
            "type": "accuracy",
            "value": scaled(measured.value, scale),
            "name": f"accuracy ({scale}, scorer {measured.scorer})",
            "args": {
                **facts(run, measured, scale),
                "interval_95": [scaled(end, scale) for end in measured.interval],
                "interval_method": run.interval_method,
                "date": date_of(run).isoformat(),
            },
        }
