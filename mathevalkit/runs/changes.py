"""What differs between two runs, in words: the manifests, field by field.

    recipe: fewshot and metamath
    sampling: max_tokens 512 and 1024
    engine: vllm 0.11.0 and 0.12.1

A comparison warns of these, a dashboard marks the nights between which one of them changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from mathevalkit.types import RunManifest

Aspect: TypeAlias = Literal[
    "model", "precision", "task", "data", "recipe", "prompt", "sampling", "scorer", "engine", "hardware"
]
SHORT = 60
"""Longer values are shown as changed, not quoted."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two runs."""

    aspect: Aspect
    field: str
    """What within the aspect: ``max_tokens``; empty where the aspect is one value."""
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.aspect}: {self.values}"

    @property
    def values(self) -> str:
        """What differs, without the aspect: ``max_tokens 512 and 1024``."""
        if self.aspect == "prompt" or max(len(self.before), len(self.after)) > SHORT:
            return f"{self.field or 'it'} differs"  # of a prompt only a fingerprint is known
        return f"{self.field} {self.before} and {self.after}".lstrip()


def changes_text(changes: Iterable[Change]) -> str:
    """Changes in one line, aspect by aspect.

    >>> changes = Change("recipe", "", "chat", "fewshot"), Change("recipe", "examples", "0", "5")
    >>> changes_text([*changes, Change("sampling", "max_tokens", "512", "1024")])
    'recipe: chat and fewshot, examples 0 and 5; sampling: max_tokens 512 and 1024'
    """
    by_aspect: dict[str, list[str]] = {}
    for change in changes:
        by_aspect.setdefault(change.aspect, []).append(change.values)
    return "; ".join(f"{aspect}: {', '.join(told)}" for aspect, told in by_aspect.items())


def manifest_changes(before: RunManifest, after: RunManifest) -> tuple[Change, ...]:
    """Everything that decides a score and differs, the most telling first.

    The seed of a greedy run decides nothing and is left out; so are paths, times and the git commit.
    """
    first, second = dict(_facts(before)), dict(_facts(after))
    return tuple(
        Change(aspect=key[0], field=key[1], before=_text(first.get(key)), after=_text(second.get(key)))
        for key in dict.fromkeys([*first, *second])
        if first.get(key) != second.get(key)
    )


def _facts(manifest: RunManifest) -> Iterator[tuple[tuple[Aspect, str], Any]]:
    """Every fact by aspect and field, in the order they are told."""
    model, recipe, engine = manifest.model, manifest.recipe, manifest.engine
    yield ("model", ""), model.model
    yield ("model", "revision"), model.revision
    yield ("model", "adapter"), engine.lora if engine else None
    yield ("model", "tokenizer"), engine.tokenizer if engine else None
    yield ("precision", "dtype"), model.dtype
    yield ("precision", "quantization"), model.quantization
    yield ("task", ""), manifest.task
    yield ("data", "rows"), manifest.data_fingerprint[:12]
    yield ("data", "selection"), selection_text(manifest)
    yield ("recipe", ""), recipe.name
    yield ("recipe", "kind"), recipe.kind
    yield ("recipe", "examples"), len(recipe.shots)
    yield ("recipe", "system prompt"), recipe.system
    yield ("prompt", "text"), manifest.prompt_hash[:12]
    if recipe.kind == "chat":
        yield ("prompt", "chat template"), model.chat_template
    sampling = asdict(recipe.sampling)
    if recipe.sampling.temperature == 0:
        del sampling["seed"]
    for field, value in sampling.items():
        yield ("sampling", field), value
    yield ("scorer", ""), manifest.scorers[0]
    yield ("scorer", "extraction"), recipe.strategy
    yield ("engine", ""), model.backend
    yield ("engine", "max_model_len"), model.max_model_len
    yield ("engine", f"{model.backend} version"), model.backend_version
    for package, version in sorted(model.packages.items()):
        yield ("engine", package), version
    yield ("engine", "mathevalkit"), manifest.versions.get("mathevalkit")
    if engine is not None:
        yield ("engine", "tensor_parallel_size"), engine.tensor_parallel_size
        for name, value in sorted(engine.engine_args.items()):
            yield ("engine", name), value
    for name, value in sorted(model.hardware.items()):
        yield ("hardware", name), value


def selection_text(manifest: RunManifest) -> str:
    """Which rows of the task were run, in words."""
    selection = manifest.selection
    if selection.first is not None:
        return f"the first {selection.first}"
    if selection.limit is not None:
        return f"{selection.limit} drawn with seed {selection.seed}"
    return "all rows"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
