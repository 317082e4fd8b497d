"""lm-evaluation-harness's files: ``results_<time>.json`` and ``samples_<task>_<time>.jsonl``.

The fields are those of lm-eval 0.4.13 (``lm_eval/result_schema.py`` documents them), so its tables and what
others built on its files read them. Our scorers stand where it has filters, and the metric is
``exact_match``: ``"exact_match,auto": 0.6649, "exact_match_stderr,auto": 0.013``. Values are fractions, as
everything of lm-eval's is; the standard error is the one it computes. What it has no place for (interval,
outcomes, recipe, fingerprint of the data) stands in ``configs.<task>.metadata``.

A chat's prompt is given as its messages in JSON, as lm-eval does for chat services; what the tokenizer's
template made of them is not kept in a run. Completions that failed in the engine are left out, and so is a
sample that has no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from mathevalkit.errors import UsageError
from mathevalkit.exporters.base import (
    ExportFile,
    ExportOptions,
    ExportRun,
    completions,
    date_of,
    facts,
    file_name,
    model_label,
)
from mathevalkit.prompts import render_user_turn
from mathevalkit.runs.codec import encode, encode_line
from mathevalkit.types import Completion, Recipe, Sample

NO_ANSWER = "[invalid]"
"""What lm-eval's own filters give where they find nothing."""


def export(runs: Sequence[ExportRun], options: ExportOptions) -> Iterator[ExportFile]:
    """Two files a run, below a folder for its model."""
    if options.scale == "percent":
        raise UsageError("`scale=percent`: lm-eval's files hold fractions; leave `scale` out")
    for run in runs:
        samples = _samples(run)
        model = model_label(run, options)
        time = date_of(run).replace(tzinfo=None).isoformat(timespec="microseconds").replace(":", "-")
        folder = file_name(model)
        yield ExportFile(f"{folder}/results_{time}.json", [encode(_results(run, options, samples))])
        yield ExportFile(
            f"{folder}/samples_{file_name(run.manifest.task)}_{time}.jsonl",
            (encode_line(sample) for sample in samples),
        )


# ---- results_*.json ----------------------------------------------------------------------------------


def _results(run: ExportRun, options: ExportOptions, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    manifest = run.manifest
    task, model, recipe = manifest.task, manifest.model, manifest.recipe
    name = model_label(run, options)
    values: dict[str, Any] = {"name": task, "alias": task, "sample_len": run.measured[0].samples}
    for measured in run.measured:
        error = measured.standard_error
        values[f"exact_match,{measured.scorer}"] = measured.value
        values[f"exact_match_stderr,{measured.scorer}"] = "N/A" if error is None else error
    hashes = "".join(s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in samples)
    template = model.chat_template if recipe.kind == "chat" else None
    return {
        "results": {task: values},
        "group_subtasks": {task: []},
        "configs": {task: _config(run)},
        "versions": {task: manifest.data_fingerprint[:12]},
        "n-shot": {task: len(recipe.shots)},
        "higher_is_better": {task: {"exact_match": True}},
        "n-samples": {
            task: {
                "original": run.task.num_rows if run.task and run.task.num_rows else manifest.num_samples,
                "effective": run.measured[0].samples,
            }
        },
        "config": _model(run, name),
        "git_hash": manifest.git_commit,
        "date": date_of(run).timestamp(),
        "lm_eval_version": f"mathevalkit {manifest.versions.get('mathevalkit', '')}".strip(),
        "max_length": model.max_model_len,
        "task_hashes": {task: _sha256(hashes)},
        "model_source": model.backend,
        "model_name": name,
        "model_name_sanitized": file_name(name),
        "system_instruction": recipe.system,
        "system_instruction_sha": _sha256(recipe.system) if recipe.system else None,
        "fewshot_as_multiturn": False,
        "chat_template": template,
        "chat_template_sha": _sha256(template) if template else None,
        "total_evaluation_time_seconds": str(sum(run.results.seconds.values())),
    }


def _model(run: ExportRun, name: str) -> dict[str, Any]:
    """The model and what it was run with."""
    model = run.manifest.model
    arguments = {"pretrained": name, "revision": model.revision, "dtype": model.dtype}
    return {
        "model": model.backend,
        "model_args": {key: value for key, value in arguments.items() if value is not None},
        "model_dtype": model.dtype or "",
        "model_revision": model.revision or "",
        "model_sha": model.revision or "",
        "limit": run.manifest.selection.limit or run.manifest.selection.first,
        "gen_kwargs": _gen_kwargs(run.manifest.recipe),
        "random_seed": run.manifest.recipe.sampling.seed,
    }


def _config(run: ExportRun) -> dict[str, Any]:
    """The task as lm-eval's own task files would describe it."""
    manifest = run.manifest
    hub = run.task.hub if run.task else None
    return {
        "task": manifest.task,
        "dataset_path": hub.dataset if hub else manifest.data_origin.rpartition("/")[2],
        "dataset_name": hub.configs[0] if hub and len(hub.configs) == 1 else None,
        "test_split": hub.split if hub else None,
        "doc_to_text": manifest.recipe.template,
        "doc_to_target": "{{answer}}",
        "num_fewshot": len(manifest.recipe.shots),
        "output_type": "generate_until",
        "generation_kwargs": _gen_kwargs(manifest.recipe),
        "repeats": manifest.recipe.sampling.n,
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        "filter_list": [{"name": measured.scorer} for measured in run.measured],
        "metadata": {
            "version": manifest.data_fingerprint[:12],
            "scorers": {m.scorer: facts(run, m, "fraction") for m in run.measured},
        },
    }


def _gen_kwargs(recipe: Recipe) -> dict[str, Any]:
    sampling = recipe.sampling
    return {
        "until": list(sampling.stop),
        "max_gen_toks": sampling.max_tokens,
        "do_sample": sampling.temperature > 0,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }


# ---- samples_*.jsonl ---------------------------------------------------------------------------------


def _samples(run: ExportRun) -> list[dict[str, Any]]:
    """The lines in lm-eval's order: all samples under the first filter, then under the next."""
    source, by_sample = completions(run)
    places = {sample_id: place for place, sample_id in enumerate(source.samples)}
    docs = [
        _doc(run, source.samples[sample_id], places[sample_id], texts)
        for sample_id, found in by_sample.items()
        if (texts := [c for c in found if c.finish_reason != "error"])
    ]
    lines = []
    for measured in run.measured:
        verdicts = run.verdicts(measured.scorer)
        for doc, given in docs:
            judged = [verdicts[completion.key] for completion in given]
            answers = [NO_ANSWER if v.answer is None else v.answer for v in judged]
            right = sum(verdict.outcome == "correct" for verdict in judged)
            lines.append(
                {
                    **doc,
                    "filtered_resps": answers if len(answers) == 1 else [answers],
                    "filter": measured.scorer,
                    "exact_match": right / len(judged),
                }
            )
    return lines


def _doc(
    run: ExportRun, sample: Sample, place: int, texts: Sequence[Completion]
) -> tuple[dict[str, Any], Sequence[Completion]]:
    """What a sample's lines share, whatever the filter."""
    doc = {
        "id": sample.id,
        "question": sample.question,
        "answer": sample.gold,
        "subject": sample.subject,
        "level": sample.level,
    }
    prompt = _prompt(run.manifest.recipe, sample)
    return {
        "doc_id": place,
        "doc": doc,
        "target": sample.gold,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": _gen_kwargs(run.manifest.recipe)}},
        "resps": [[completion.text for completion in texts]],
        "metrics": ["exact_match"],
        "doc_hash": _sha256(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _sha256(prompt),
        "target_hash": _sha256(sample.gold),
    }, texts


def _prompt(recipe: Recipe, sample: Sample) -> str:
    turn = render_user_turn(recipe, sample)
    if recipe.kind == "completion":
        return turn
    system = [{"role": "system", "content": recipe.system}] if recipe.system else []
    return orjson.dumps([*system, {"role": "user", "content": turn}]).decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
