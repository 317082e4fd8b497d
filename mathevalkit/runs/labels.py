"""What runs are called side by side: the shortest names that tell all of them apart.

Llama-2-7b-hf, MetaMath-7B-V1.0         two models
step-200/hf, step-400/hf                two checkpoints of one name
m (chat), m (fewshot)                   one model under two recipes
"""

from __future__ import annotations

from collections.abc import Sequence

from mathevalkit.types import RunManifest


def run_labels(manifests: Sequence[RunManifest], *, within_task: bool = False) -> list[str]:
    """What runs are called side by side: the shortest names that tell all of them apart.

    The model and its adapter; where that is not enough with the recipe, else the task, else the run's id.
    Of a model's path only as much is kept as tells it from the others: ``Llama-2-7b-hf`` of
    ``meta-llama/Llama-2-7b-hf``, ``step-200/hf`` beside ``step-400/hf``.

    Args:
        manifests: the runs', in the order of the names.
        within_task: a name may stand for one run of each task.
    """
    models = [f"{m}{a}" for m, a in zip(_model_names(manifests), _adapters(manifests), strict=True)]
    pairs = list(zip(models, manifests, strict=True))
    tasks = [m.task if within_task else "" for m in manifests]
    for names in (
        models,
        [f"{name} ({m.recipe.name})" for name, m in pairs],
        [f"{name}, {m.task}" for name, m in pairs],
    ):
        if len(set(zip(names, tasks, strict=True))) == len(names):
            return names
    names = [f"{name} {m.run_id}" for name, m in pairs]
    # Copies of a run share even its id.
    return names if len(set(names)) == len(names) else [f"{name} #{i}" for i, name in enumerate(names, 1)]


def _model_names(manifests: Sequence[RunManifest]) -> list[str]:
    """The shortest ends of the models' paths that differ where the models do, without a file's ending."""
    models = [m.model.model.rstrip("/") for m in manifests]
    # The same files by two paths are one model.
    different = {m.model.revision or model for model, m in zip(models, manifests, strict=True)}
    for depth in range(1, 2 + max(model.count("/") for model in models)):
        names = ["/".join(model.split("/")[-depth:]) for model in models]
        if len(set(names)) >= len(different):
            break
    short = [name.removesuffix(".gguf").removesuffix(".jsonl") for name in names]
    return short if len(set(short)) == len(set(names)) else names


def _adapters(manifests: Sequence[RunManifest]) -> list[str]:
    adapters = [m.engine.lora if m.engine else None for m in manifests]
    return [f" + {lora.rstrip('/').rpartition('/')[2]}" if lora else "" for lora in adapters]
