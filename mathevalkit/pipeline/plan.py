"""Deciding a run before any weights load: rows, recipe, and the identity that says what it is.

The identity holds everything that decides the completions, and nothing else: not the batch size, not
the machine, not the scorer. Two runs of one identity may be resumed into each other.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mathevalkit import __version__
from mathevalkit.backends.base import Tokenizer
from mathevalkit.prompts import choose_recipe, prompt_hash, with_overrides
from mathevalkit.runs.codec import SCHEMA_VERSION
from mathevalkit.scoring.judge import ScorerOptions, find_scorers
from mathevalkit.tasks.rows import select
from mathevalkit.types import (
    EngineOptions,
    LoadedData,
    ModelInfo,
    Plan,
    Recipe,
    RunManifest,
    RunOptions,
    Selection,
    Task,
)


def make_plan(
    *,
    task: Task,
    data: LoadedData,
    info: ModelInfo,
    engine: EngineOptions,
    tokenizer: Tokenizer | None,
    options: RunOptions,
) -> Plan:
    """Choose rows and recipe for one model and one task.

    Raises:
        UsageError: arguments that cannot go together.
        RecipeError: the recipe does not exist or does not fit the model.
    """
    selection = Selection(limit=options.limit, first=options.first, seed=options.seed)
    recipe, reason = _recipe(task, engine=engine, tokenizer=tokenizer, options=options)
    samples = select(data.samples, limit=selection.limit, first=selection.first, seed=selection.seed)
    scorers = options.scorers or (recipe.scorer, *recipe.also_scorers)
    find_scorers(scorers, ScorerOptions.of(recipe))  # an unknown one is refused before anything is made
    hash_ = prompt_hash(recipe)
    return Plan(
        model=info,
        engine=engine,
        task=task,
        data=data,
        selection=selection,
        samples=samples,
        recipe=recipe,
        recipe_reason=reason,
        prompt_hash=hash_,
        scorers=tuple(dict.fromkeys(scorers)),
        identity=_identity(
            task, data, info=info, engine=engine, selection=selection, recipe=recipe, hash_=hash_
        ),
        options=options,
    )


def _recipe(
    task: Task, *, engine: EngineOptions, tokenizer: Tokenizer | None, options: RunOptions
) -> tuple[Recipe, str]:
    """The recipe with the user's changes, and why it is this one."""
    recipe, reason = choose_recipe(
        task,
        model=engine.model,
        has_chat_template=tokenizer is not None and tokenizer.chat_template is not None,
        override=options.recipe,
    )
    recipe = with_overrides(
        recipe,
        num_fewshot=options.num_fewshot,
        apply_chat_template=options.apply_chat_template,
        system_prompt=options.system_prompt,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        top_p=options.top_p,
        n=options.n,
        seed=options.seed,
        stop=options.stop,
    )
    return recipe, reason


def _identity(
    task: Task,
    data: LoadedData,
    *,
    info: ModelInfo,
    engine: EngineOptions,
    selection: Selection,
    recipe: Recipe,
    hash_: str,
) -> dict[str, Any]:
    whole = selection.limit is None and selection.first is None
    rows: dict[str, Any] = {"fingerprint": data.fingerprint}
    if not whole:
        rows |= {"limit": selection.limit, "first": selection.first}
        if selection.limit is not None:
            rows["seed"] = selection.seed
    sampling = asdict(recipe.sampling)
    sampling["stop"] = list(recipe.sampling.stop)
    if recipe.sampling.temperature == 0:
        del sampling["seed"]  # greedy: no draw depends on it
    return {
        "model": {
            "name": info.model,
            "revision": info.revision,
            "backend": info.backend,
            "dtype": info.dtype,
            "quantization": info.quantization,
            "tokenizer": engine.tokenizer,
            "lora": engine.lora,
            "max_model_len": info.max_model_len,
        },
        "task": task.name,
        "data": rows,
        "recipe": recipe.name,
        "prompt": hash_,
        "sampling": sampling,
    }


def run_folder(plan: Plan) -> Path:
    """``<output dir>/<model>/<task>``, where this plan's runs lie."""
    return Path(plan.options.output_dir) / model_slug(plan.engine) / _slug(plan.task.name)


def model_slug(engine: EngineOptions) -> str:
    """A model's name as a folder: ``meta-math__MetaMath-7B-V1.0``; a local path gives its last part."""
    name = engine.model
    if Path(name).is_absolute() or name.startswith((".", "~")) or Path(name).exists():
        name = Path(name).expanduser().resolve().name
    slug = _slug(name)
    return f"{slug}+{_slug(Path(engine.lora).name)}" if engine.lora else slug


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_.+=" else "_" for c in name.replace("/", "__"))
    return kept.strip(".")[:120] or "_"


def make_manifest(plan: Plan) -> RunManifest:
    """The record of this plan, with a new run id."""
    now = datetime.now(UTC)
    return RunManifest(
        schema_version=SCHEMA_VERSION,
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        created=now.isoformat(timespec="seconds"),
        identity=plan.identity,
        model=plan.model,
        task=plan.task.name,
        task_title=plan.task.title,
        data_origin=plan.data.origin,
        data_fingerprint=plan.data.fingerprint,
        data_known=plan.data.known,
        selection=plan.selection,
        num_samples=len(plan.samples),
        recipe=plan.recipe,
        recipe_reason=plan.recipe_reason,
        prompt_hash=plan.prompt_hash,
        scorers=plan.scorers,
        versions=versions(plan),
        git_commit=_git_commit(),
        command=tuple(sys.argv),
        task_path=plan.task.path,
        engine=plan.engine,
        options=plan.options,
    )


def versions(plan: Plan) -> dict[str, str]:
    """Versions of everything that computes."""
    return {
        "mathevalkit": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        plan.model.backend: plan.model.backend_version,
        **plan.model.packages,
    }


def _git_commit() -> str | None:
    """Commit of the folder the run was started in, ``-dirty`` where it has changes; None outside git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607  # git as the user has it on the path
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
