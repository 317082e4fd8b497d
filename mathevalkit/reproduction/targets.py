"""The published results there are to reproduce: what was run, and which of our recipes and scorers that is.

    >>> target = find_target("metamath-7b/gsm8k")
    >>> target.result.percent, target.model_id, target.scorer
    (66.5, 'meta-math/MetaMath-7B-V1.0', 'metamath_gsm8k')

The numbers stand in the task files, with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from answer_normalizers.plugins import did_you_mean
from mathevalkit.errors import UsageError
from mathevalkit.tasks.finding import list_tasks
from mathevalkit.types import PublishedResult, Recipe, Task

__all__ = ["Target", "find_target", "targets"]

HUB_IDS = {
    "metamath-7b": "meta-math/MetaMath-7B-V1.0",
    "metamath-13b": "meta-math/MetaMath-13B-V1.0",
    "metamath-70b": "meta-math/MetaMath-70B-V1.0",
    "metamath-mistral-7b": "meta-math/MetaMath-Mistral-7B",
    "metamath-llemma-7b": "meta-math/MetaMath-Llemma-7B",
    "llama-2-7b": "meta-llama/Llama-2-7b-hf",
    "llama-2-13b": "meta-llama/Llama-2-13b-hf",
    "llama-2-70b": "meta-llama/Llama-2-70b-hf",
}
"""Where the weights behind a published number are, as their makers name them on the hub."""


@dataclass(frozen=True, slots=True)
class Target:
    """One published number, and the run that would reproduce it."""

    task: Task
    result: PublishedResult

    @property
    def name(self) -> str:
        """``metamath-7b/gsm8k``."""
        return f"{self.result.model.lower()}/{self.task.name}"

    @property
    def model_id(self) -> str | None:
        """The model on the hub, where it is known."""
        return HUB_IDS.get(self.result.model.lower())

    @property
    def recipe_known(self) -> bool:
        """Whether the recipe behind the number is published, and so one of the task's."""
        return self.result.recipe in self.task.recipes

    @property
    def recipe(self) -> Recipe:
        """The published recipe, or where it is unpublished the task's own for base models."""
        if self.recipe_known:
            return self.task.recipes[self.result.recipe]
        defaults = self.task.defaults
        return self.task.recipes[defaults.get("base") or next(iter(defaults.values()))]

    @property
    def scorer(self) -> str | None:
        """The scorer that the number was made with: what a published recipe is also scored with."""
        return self.recipe.also_scorers[0] if self.recipe_known and self.recipe.also_scorers else None

    @property
    def scorers(self) -> tuple[str, ...]:
        """Ours, then the others of the recipe."""
        return tuple(dict.fromkeys((self.recipe.scorer, *self.recipe.also_scorers)))

    @property
    def order(self) -> tuple[float, bool, str]:
        """For a table: by size, the base model before those made from it."""
        size = re.search(r"(\d+(?:\.\d+)?)b\b", self.result.model.lower())
        return (float(size[1]) if size else 0.0, "metamath" in self.result.model.lower(), self.result.model)


def targets(task_dirs: Sequence[str | Path] = ()) -> list[Target]:
    """Every published result of the tasks there are, in the order of the paper's table."""
    found = [Target(task, result) for task in list_tasks(task_dirs) for result in task.published]
    return sorted(found, key=lambda target: (target.task.name, target.order))


def find_target(name: str, *, task_dirs: Sequence[str | Path] = ()) -> Target:
    """A published result by its name, ``model/task``; capitals do not matter.

    Raises:
        UsageError: there is none of that name; the message gives near ones.
    """
    known = {target.name: target for target in targets(task_dirs)}
    wanted = name.strip().lower()
    if wanted not in known:
        raise UsageError(f"no published result is called {name!r}{did_you_mean(wanted, known)}")
    return known[wanted]


_INDIFFERENT = re.compile(
    r"v\d[\d.]*|hf|gguf|awq|gptq|exl2|int[48]|fp(?:8|16|32)|bf16|f(?:16|32)|i?q\d\w*|[ksml]|xs|base|w\d+a\d+"
)
"""Parts of a model's name that tell of its file or its version, not of another training."""


def matching_results(task: Task, model: str) -> tuple[PublishedResult, ...]:
    """The task's published results of this very model, by its name.

    A result matches where every part of its model's name is in ours, and ours has no further part that
    speaks of another training: MetaMath-Mistral-7B is not MetaMath-7B, Llama-2-7b-chat not LLaMA-2-7B.
    """
    ours = set(_parts(model.rstrip("/").rpartition("/")[2]))
    return tuple(
        result
        for result in task.published
        if (theirs := set(_parts(result.model))) <= ours
        and all(_INDIFFERENT.fullmatch(part) for part in ours - theirs)
    )


def _parts(name: str) -> list[str]:
    """``Llama-2-7b-hf`` -> llama 2 7b hf; ``Llama2-7B`` the same way."""
    return re.findall(r"\d[\d.]*b(?![a-z])|v\d+(?:\.\d+)*|i?q\d\w*|[a-z]+|\d+(?:\.\d+)*", name.lower())
