"""Every Eval Ever 0.3.0: one aggregate JSON file a run, and its samples as JSON Lines beside it.

The schema is that of https://github.com/evaleval/every_eval_ever (``eval.schema.json`` and
``instance_level_eval.schema.json``, version 0.3.0); paths are those of its datastore,
``data/<collection>/<developer>/<model>/<uuid>.json``. There is one result a scorer. Samples are those of the
deciding scorer's result, one line a completion.

The file name is a UUID made from the run's id, so a run exported twice keeps its name.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from mathevalkit.errors import UsageError
from mathevalkit.exporters.base import (
    ExportFile,
    ExportOptions,
    ExportRun,
    Measured,
    Scale,
    completions,
    date_of,
    facts,
    file_name,
    hub_model_id,
    scaled,
)
from mathevalkit.prompts import render_user_turn
from mathevalkit.runs.codec import encode, encode_line
from mathevalkit.types import Completion, Group, Sample, ScoredCompletion

SCHEMA_VERSION = "0.3.0"
OWN_ENGINES = frozenset({"vllm", "llama_cpp", "transformers", "ray"})
"""Backends that run the weights themselves; who runs what is behind another is not known."""
UNITS: dict[Scale, tuple[str, int]] = {"fraction": ("proportion", 1), "percent": ("percent", 100)}
"""The format's word for a scale, and the highest score in it."""


def export(runs: Sequence[ExportRun], options: ExportOptions) -> Iterator[ExportFile]:
    """Two files a run, below ``data/``."""
    for run in runs:
        model_id = hub_model_id(run, options)
        if model_id is None:
            raise UsageError(
                f"{run.path}: this format files a record under the model's developer, and "
                f"{run.manifest.model.model} is a local path; give `model_id=ORGANISATION/NAME`"
            )
        developer, _, name = model_id.partition("/")
        identity = uuid.UUID(bytes=hashlib.sha256(run.manifest.run_id.encode()).digest()[:16], version=4)
        stem = f"data/{file_name(run.manifest.task)}/{developer}/{name}/{identity}"
        created = str(int(options.now.timestamp()))
        evaluation_id = f"{run.manifest.task}/{model_id}/{created}"
        lines = [encode_line(line) for line in _instances(run, evaluation_id, model_id)]
        record = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": evaluation_id,
            "evaluation_timestamp": str(int(date_of(run).timestamp())),
            "retrieved_timestamp": created,
            "source_metadata": _source(options),
            "eval_library": {
                "name": "mathevalkit",
                "version": run.manifest.versions.get("mathevalkit", "unknown"),
            },
            "model_info": _model(run, model_id),
            "evaluation_results": [_result(run, measured, options) for measured in run.measured],
            "detailed_evaluation_results": {
                "format": "jsonl",
                "file_path": f"{stem}_samples.jsonl",
                "hash_algorithm": "sha256",
                "checksum": hashlib.sha256(b"".join(lines)).hexdigest(),
                "total_rows": len(lines),
            },
        }
        yield ExportFile(f"{stem}.json", [encode(record)])
        yield ExportFile(f"{stem}_samples.jsonl", lines)


# ---- the aggregate -----------------------------------------------------------------------------------


def _source(options: ExportOptions) -> dict[str, Any]:
    found: dict[str, Any] = {
        "source_name": "mathevalkit",
        "source_type": "evaluation_run",
        "source_organization_name": options.organization or "unknown",
        "evaluator_relationship": options.relationship,
    }
    if options.source_url is not None:
        found["additional_details"] = {"url": options.source_url}
    return found


def _model(run: ExportRun, model_id: str) -> dict[str, Any]:
    model = run.manifest.model
    details = {
        "deployment_type": "self_deployed" if model.backend in OWN_ENGINES else "unknown",
        "model_availability": "unknown",  # that weights lie here does not say that all may have them
        "revision": model.revision,
        "dtype": model.dtype,
        "quantization": model.quantization,
    }
    return {
        "name": model_id.partition("/")[2],
        "id": model_id,
        "developer": model_id.partition("/")[0],
        "inference_engine": {"name": model.backend, "version": model.backend_version},
        "additional_details": {key: value for key, value in details.items() if value is not None},
    }


def _result(run: ExportRun, measured: Measured, options: ExportOptions) -> dict[str, Any]:
    scale = options.scale or "fraction"
    unit, highest = UNITS[scale]
    n = run.manifest.recipe.sampling.n
    low, high = measured.interval
    uncertainty: dict[str, Any] = {
        "confidence_interval": {
            "lower": scaled(low, scale),
            "upper": scaled(high, scale),
            "confidence_level": 0.95,
            "method": run.interval_method,
        },
        "num_samples": measured.samples,
    }
    if measured.standard_error is not None:
        uncertainty["standard_error"] = {
            "value": scaled(measured.standard_error, scale),
            "method": "analytic" if n == 1 else "analytic, clustered by sample",
        }
    return {
        "evaluation_result_id": measured.scorer,
        "evaluation_name": run.manifest.task,
        "source_data": _data(run, options),
        "evaluation_timestamp": str(int(date_of(run).timestamp())),
        "metric_config": {
            "evaluation_description": f"{run.manifest.task_title}: share of answers that scorer "
            f"{measured.scorer} accepts, as a {unit} from 0 to {highest}",
            "metric_id": "accuracy",
            "metric_name": "Accuracy",
            "metric_kind": "accuracy",
            "metric_unit": unit,
            "metric_parameters": {"scorer": measured.scorer, "completions_per_sample": n},
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": highest,
        },
        "score_details": {
            "score": scaled(measured.value, scale),
            "uncertainty": uncertainty,
            "details": _details(run, measured, scale),
        },
        "generation_config": _generation(run),
    }


def _data(run: ExportRun, options: ExportOptions) -> dict[str, Any]:
    manifest = run.manifest
    hub = run.task.hub if run.task else None
    details = {
        "fingerprint": manifest.data_fingerprint,
        "rows": facts(run, run.measured[0], "fraction")["rows"],
        "revision": run.data_revision,
        "configs": ", ".join(hub.configs) if hub else None,
    }
    common = {
        "dataset_name": manifest.task,
        "additional_details": {key: value for key, value in details.items() if value},
    }
    repository = options.dataset or (hub.dataset if hub else None)
    if repository is None:
        return {"source_type": "other", **common}
    split = {"hf_split": hub.split} if hub else {}
    return {
        "source_type": "hf_dataset",
        "hf_repo": repository,
        "samples_number": manifest.num_samples,
        **split,
        **common,
    }


def _details(run: ExportRun, measured: Measured, scale: Scale) -> dict[str, str]:
    """Facts by name; under the deciding scorer also every subject and level."""
    found = facts(run, measured, scale)
    if measured is run.measured[0]:
        for kind, groups in (("subject", run.results.by_subject), ("level", run.results.by_level)):
            found |= {f"{kind}: {group.name}": _group(group, scale) for group in groups}
    return found


def _group(group: Group, scale: Scale) -> str:
    accuracy = group.accuracy
    if accuracy.value is None or accuracy.low is None or accuracy.high is None:
        return f"nothing scored of {group.samples} samples"
    value, low, high = (scaled(v, scale) for v in (accuracy.value, accuracy.low, accuracy.high))
    return f"{value:g} ({low:g} to {high:g}), {group.samples} samples"


def _generation(run: ExportRun) -> dict[str, Any]:
    recipe = run.manifest.recipe
    sampling = recipe.sampling
    details = {
        "recipe": recipe.name,
        "origin": recipe.origin,
        "kind": recipe.kind,
        "shots": str(len(recipe.shots)),
        "stop": encode_line(list(sampling.stop)).decode().strip(),
        "seed": str(sampling.seed),
        "completions_per_sample": str(sampling.n),
        "prompt_hash": run.manifest.prompt_hash,
        "system_prompt": recipe.system or "",
    }
    return {
        "generation_args": {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "prompt_template": recipe.template,
        },
        "additional_details": {key: value for key, value in details.items() if value},
    }


# ---- the samples -------------------------------------------------------------------------------------


def _instances(run: ExportRun, evaluation_id: str, model_id: str) -> Iterator[dict[str, Any]]:
    scorer = run.measured[0].scorer
    verdicts = run.verdicts(scorer)
    source, by_sample = completions(run)
    shared = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation_id,
        "model_id": model_id,
        "evaluation_name": run.manifest.task,
        "evaluation_result_id": scorer,
        "interaction_type": "single_turn",
    }
    for sample_id, found in by_sample.items():
        sample = source.samples[sample_id]
        turn = render_user_turn(run.manifest.recipe, sample)
        # Of a chat, what the tokenizer's template made of the turn is not kept in a run.
        prompt = turn if run.manifest.recipe.kind == "completion" else None
        for completion in found:
            yield shared | _instance(sample, completion, verdicts[completion.key], prompt)


def _instance(
    sample: Sample, completion: Completion, verdict: ScoredCompletion, prompt: str | None
) -> dict[str, Any]:
    right = verdict.outcome == "correct"
    metadata = {
        "subject": sample.subject,
        "level": sample.level,
        "k": str(completion.k),
        "outcome": verdict.outcome,
        "finish_reason": completion.finish_reason,
        "reason": verdict.reason,
    }
    line: dict[str, Any] = {
        "sample_id": sample.id,
        "sample_hash": hashlib.sha256((sample.question + sample.gold).encode()).hexdigest(),
        "input": {"raw": sample.question, "formatted": prompt, "reference": [sample.gold]},
        "output": {"raw": [completion.text]},
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": verdict.answer,
                "extraction_method": verdict.rule or "scorer",
                "is_terminal": True,
            }
        ]
        if verdict.answer is not None
        else [],
        "evaluation": {"score": float(right), "is_correct": right},
        "error": completion.error,
        "metadata": {key: value for key, value in metadata.items() if value},
    }
    if completion.prompt_tokens is not None and completion.completion_tokens is not None:
        line["token_usage"] = {
            "input_tokens": completion.prompt_tokens,
            "output_tokens": completion.completion_tokens,
            "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        }
    if completion.seconds is not None:
        line["performance"] = {"latency_ms": round(1000 * completion.seconds, 3)}
    return line
