"""From recipe and samples to requests: which recipe a model gets, what the user changed, the prompts.

>>> from mathevalkit.prompts import build_requests, choose_recipe
>>> from mathevalkit.tasks.finding import load_task
>>> from mathevalkit.types import Sample
>>> recipe, reason = choose_recipe(load_task("gsm8k"), model="meta-math/MetaMath-7B-V1.0",
...                                has_chat_template=False)
>>> reason
"the model's name contains MetaMath"
>>> sample = Sample(id="0", question="What is 2 + 2?", gold="4")
>>> next(build_requests([sample], recipe, tokenizer=None)).prompt[-55:]
"What is 2 + 2?\\n\\n### Response: Let's think step by step."
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import orjson

from answer_normalizers.plugins import did_you_mean
from mathevalkit.backends.base import Tokenizer
from mathevalkit.errors import RecipeError
from mathevalkit.types import Message, Recipe, Request, Sample, Sampling, Shot, Task

__all__ = [
    "build_requests",
    "choose_recipe",
    "prompt_hash",
    "recipe_fingerprint",
    "render_user_turn",
    "request_seed",
    "with_overrides",
]

CHAT_BATCH = 64
"""Conversations handed to the tokenizer at once; a call costs more than a conversation."""


# ---- which recipe ----------------------------------------------------------------------------------


def choose_recipe(
    task: Task, *, model: str, has_chat_template: bool, override: str | None = None
) -> tuple[Recipe, str]:
    """The recipe for a model, and why, in words.

    A model named MetaMath gets MetaMath's own recipe, one whose tokenizer has a chat template the chat
    recipe, any other the recipe for base models. A task that has no recipe for that kind of model gives
    the next one.

    Raises:
        RecipeError: ``override`` names a recipe that the task does not have.
    """
    if override is not None:
        if override not in task.recipes:
            hint = did_you_mean(override, task.recipes)
            raise RecipeError(f"`recipe`: task {task.name} has no recipe {override!r}{hint}")
        return task.recipes[override], "it was asked for"
    if len(set(task.defaults.values())) == 1:
        return task.recipes[next(iter(task.defaults.values()))], "the task gives it to every model"
    reasons = {
        "metamath": ("metamath" in model.lower(), "the model's name contains MetaMath"),
        "chat": (has_chat_template, "the tokenizer has a chat template"),
        "base": (True, "no chat template: taken for a base model"),
    }
    for kind, (applies, reason) in reasons.items():
        if applies and kind in task.defaults:
            return task.recipes[task.defaults[kind]], reason
    raise RecipeError(f"task {task.name} has no default recipe for {model}; choose one with `recipe`")


def with_overrides(
    recipe: Recipe,
    *,
    num_fewshot: int | None = None,
    apply_chat_template: bool | None = None,
    system_prompt: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    n: int | None = None,
    seed: int | None = None,
    stop: Sequence[str] | None = None,
) -> Recipe:
    """The recipe with the user's changes. None leaves a field as it is.

    ``apply_chat_template=True`` makes the whole prompt of a completion recipe, its examples included, one
    user turn; False gives the text of a chat recipe to the model as it stands.

    Raises:
        RecipeError: A value out of range, more examples than the recipe has, or a system prompt with no
            chat template to carry it.
    """
    if apply_chat_template is not None:
        recipe = replace(recipe, kind="chat" if apply_chat_template else "completion")
    if system_prompt is not None:
        recipe = replace(recipe, system=system_prompt)
    if recipe.system and recipe.kind == "completion":
        raise RecipeError(
            f"recipe {recipe.name} is no chat, so there is no place for a system prompt; add "
            "`apply_chat_template=True`, or leave the system prompt out"
        )
    if num_fewshot is not None:
        recipe = replace(recipe, shots=_first_shots(recipe, num_fewshot))
    changes = {
        "max_tokens": max_tokens,
        "temperature": None if temperature is None else float(temperature),
        "top_p": None if top_p is None else float(top_p),
        "n": n,
        "seed": seed,
    }
    recipe = replace(recipe, sampling=_changed(recipe.sampling, changes, stop=stop))
    if recipe.sampling.n > 1 and recipe.sampling.temperature == 0:
        raise RecipeError(
            f"`n={recipe.sampling.n}` at temperature 0 would generate one text {recipe.sampling.n} times; "
            "add `temperature=0.7`, say"
        )
    return recipe


def _first_shots(recipe: Recipe, count: int) -> tuple[Shot, ...]:
    if count < 0:
        raise RecipeError(f"`num_fewshot={count}`: expected 0 or more")
    if count > len(recipe.shots):
        raise RecipeError(
            f"`num_fewshot={count}`: recipe {recipe.name} has {len(recipe.shots)} examples; ask for fewer, "
            "or take another `recipe`"
        )
    return recipe.shots[:count]


_EXPECTED: Mapping[str, tuple[str, Callable[[float], bool]]] = {
    "max_tokens": ("1 or more", lambda value: value >= 1),
    "temperature": ("0 (greedy) or more", lambda value: value >= 0),
    "top_p": ("above 0, at most 1", lambda value: 0 < value <= 1),
    "n": ("1 or more", lambda value: value >= 1),
    "seed": ("0 or more", lambda value: value >= 0),
}
"""What each number of the sampling must be."""


def _changed(
    sampling: Sampling, changes: Mapping[str, float | None], *, stop: Sequence[str] | None
) -> Sampling:
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    for name, value in given.items():
        expected, holds = _EXPECTED[name]
        if not holds(value):
            raise RecipeError(f"`{name}={value}`: expected {expected}")
    if stop is not None:
        if "" in stop:
            raise RecipeError("`stop`: an empty stop string would stop everything; leave it out")
        given["stop"] = tuple(stop)
    return replace(sampling, **given)


# ---- prompts ---------------------------------------------------------------------------------------


def build_requests(
    samples: Iterable[Sample], recipe: Recipe, *, tokenizer: Tokenizer | None
) -> Iterator[Request]:
    """The requests of a run, made as they are asked for: each sample's ``n`` completions in turn.

    A chat recipe needs the tokenizer, whose template writes BOS itself (``special_tokens`` is False).
    Without a tokenizer (a replay, whose prompts nobody reads) the user turn stands for the prompt.

    Raises:
        RecipeError: The recipe is a chat, and the tokenizer has no chat template.
    """
    if recipe.kind == "chat" and tokenizer is not None and tokenizer.chat_template is None:
        raise RecipeError(
            f"recipe {recipe.name} is a chat, but the model's tokenizer has no chat template; choose "
            "another `recipe`, or add `apply_chat_template=False`"
        )
    # A generator of its own, so that the check above happens at the call and not at the first request.
    return _requests(samples, recipe, tokenizer=tokenizer if recipe.kind == "chat" else None)


def _requests(samples: Iterable[Sample], recipe: Recipe, *, tokenizer: Tokenizer | None) -> Iterator[Request]:
    remaining = iter(samples)
    while batch := list(islice(remaining, CHAT_BATCH)):
        prompts = [render_user_turn(recipe, sample) for sample in batch]
        if tokenizer is not None:
            prompts = tokenizer.render_chat([_conversation(recipe, turn) for turn in prompts])
        for sample, prompt in zip(batch, prompts, strict=True):
            for k in range(recipe.sampling.n):
                yield Request(
                    sample_id=sample.id,
                    k=k,
                    prompt=prompt,
                    special_tokens=tokenizer is None,
                    sampling=recipe.sampling,
                    seed=request_seed(recipe.sampling.seed, sample.id, k),
                )


def render_user_turn(recipe: Recipe, sample: Sample) -> str:
    """What the recipe's template makes of a sample: the whole prompt, or in a chat the user's turn."""
    from mathevalkit.tasks.templates import compile_template

    return compile_template(recipe.template).render(
        question=sample.question, shots=recipe.shots, subject=sample.subject, level=sample.level
    )


def _conversation(recipe: Recipe, turn: str) -> list[Message]:
    user: Message = {"role": "user", "content": turn}
    return [{"role": "system", "content": recipe.system}, user] if recipe.system else [user]


def request_seed(seed: int, sample_id: str, k: int) -> int:
    """The seed of one completion, between 0 and 2^31 - 1: the same whatever else is in the run."""
    digest = hashlib.sha256(f"{seed}\0{sample_id}\0{k}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF


# ---- identity --------------------------------------------------------------------------------------


def prompt_hash(recipe: Recipe) -> str:
    """SHA-256 over everything that decides the prompt: kind, template, system prompt, examples."""
    return _sha256(
        [recipe.kind, recipe.template, recipe.system or "", [asdict(shot) for shot in recipe.shots]]
    )


def recipe_fingerprint(recipe: Recipe) -> str:
    """SHA-256 over everything that decides a score besides the weights and the data.

    That is the prompt, the sampling, the extraction and the first scorer; not the recipe's name, its
    origin, or the scorers that are merely reported beside.
    """
    scoring = [recipe.strategy, recipe.normalizer, recipe.scorer]
    return _sha256([prompt_hash(recipe), asdict(recipe.sampling), scoring])


def _sha256(content: object) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
