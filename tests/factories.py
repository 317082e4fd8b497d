"""Small real objects for tests: a manifest, samples, completions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mathevalkit.types import Completion, ModelInfo, Recipe, RunManifest, Sample, Sampling, Selection


def completion(sample_id: str = "0", k: int = 0, **changes: Any) -> Completion:
    base = Completion(
        sample_id=sample_id,
        k=k,
        text=f"... The answer is: {sample_id}",
        finish_reason="stop",
        prompt_tokens=10,
        completion_tokens=5,
        seconds=0.5,
    )
    return replace(base, **changes)


def sample(sample_id: str = "0", **changes: Any) -> Sample:
    return replace(Sample(id=sample_id, question=f"What is {sample_id}?", gold=sample_id), **changes)


def manifest(**changes: Any) -> RunManifest:
    recipe = Recipe(
        name="fewshot", kind="completion", template="{{ question }}", sampling=Sampling(max_tokens=64)
    )
    base = RunManifest(
        schema_version=1,
        run_id="20260101T000000Z-abc123",
        created="2026-01-01T00:00:00+00:00",
        identity={"model": {"name": "m", "revision": None}, "task": "demo", "sampling": {"n": 1}},
        model=ModelInfo(model="m", backend="replay", backend_version="1"),
        task="demo",
        task_title="Demo",
        data_origin="file:demo.jsonl",
        data_fingerprint="0" * 64,
        data_known=True,
        selection=Selection(),
        num_samples=3,
        recipe=recipe,
        recipe_reason="asked for",
        prompt_hash="1" * 64,
        scorers=("auto",),
        versions={"mathevalkit": "0.1.0"},
    )
    return replace(base, **changes)
