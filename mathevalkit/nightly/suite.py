"""A suite: models × tasks × recipes to run every night, from one YAML file.

    output: runs/nightly              # beside this file; a night's runs lie in runs/nightly/<night>/
    site: site                        # where the dashboard goes; default: <output>/site
    models:
      metamath-7b: {model: meta-math/MetaMath-7B-V1.0, dtype: bfloat16}
      tuned: {model: checkpoints/latest, max_model_len: 4096}
    tasks:
      gsm8k:                          # the recipe that suits each model
      math: {limit: 500, recipes: [fewshot, metamath]}
    gate: {max_drop: 2.0, alpha: 0.05}

A model goes by the name given here, in folders and on the dashboard: the checkpoint behind it may change from
night to night, and the nights still make one line.

Errors say file, line, field and remedy, as those of task files do::

    nightly.yaml:7: tasks.gsm8k.recipes.0: no recipe 'fewshots'; did you mean 'fewshot'?
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from answer_normalizers.plugins import did_you_mean
from mathevalkit.backends.base import backend_for
from mathevalkit.errors import TaskNotFoundError
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.yaml_files import FieldPath, YamlFile
from mathevalkit.types import EngineOptions, RunOptions, Task

__all__ = ["PREVIOUS", "Gate", "Job", "Suite", "SuiteModel", "is_folder_name", "read_suite"]

PREVIOUS = "previous"
"""The baseline that moves: the newest earlier night that was not worse than its own."""

Text: TypeAlias = Annotated[str, Field(min_length=1)]
Count: TypeAlias = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How each night is judged; see ``mathevalkit.comparison.gate``."""

    max_drop: float
    """A fraction."""
    alpha: float
    baseline: str
    """``previous``, or the id of a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteModel:
    """One model, and the runs it is judged against where they are named."""

    name: str
    engine: EngineOptions
    baselines: Mapping[str, Path]
    """Run directories by task, instead of the gate's baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One task under one recipe, for every model. ``options`` lacks the folder, which is the night's."""

    task: Task
    options: RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite file, checked."""

    path: Path
    output: Path
    site: Path
    models: tuple[SuiteModel, ...]
    jobs: tuple[Job, ...]
    gate: Gate


# ---- the schema ------------------------------------------------------------------------------------


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ModelSpec(_Spec):
    """One of ``models``: the fields of ``EngineOptions`` that choose an engine and what it loads."""

    model: Text
    backend: Text | None = None
    revision: Text | None = None
    tokenizer: Text | None = None
    dtype: Text | None = None
    quantization: Text | None = None
    lora: Text | None = None
    max_model_len: Count | None = None
    max_num_seqs: Count | None = None
    gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)] | None = None
    tensor_parallel_size: Count | None = None
    pipeline_parallel_size: Count | None = None
    prefix_caching: bool | None = None
    trust_remote_code: bool | None = None
    engine_args: dict[str, Any] | None = None
    stall_seconds: Annotated[float, Field(ge=1)] | None = None
    max_restarts: Annotated[int, Field(ge=0)] | None = None
    baselines: dict[str, Text] = {}


class TaskSpec(_Spec):
    """One of ``tasks``: its recipes, and the fields of ``RunOptions`` that say how it is run."""

    recipes: Annotated[list[Text], Field(min_length=1)] | None = None
    num_fewshot: Annotated[int, Field(ge=0)] | None = None
    max_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    n: Count | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    limit: Count | None = None
    first: Count | None = None
    scorers: list[Text] | None = None
    data_file: Text | None = None


class GateSpec(_Spec):
    """``gate``: see ``Gate``; ``max_drop`` in points."""

    max_drop: Annotated[float, Field(gt=0, lt=100)] = 2.0
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    baseline: Text = PREVIOUS


class SuiteSpec(_Spec):
    """A whole suite file."""

    output: Text
    site: Text | None = None
    task_dirs: list[Text] = []
    models: Annotated[dict[str, ModelSpec], Field(min_length=1)]
    tasks: Annotated[dict[str, TaskSpec], Field(min_length=1)]
    gate: GateSpec = GateSpec()

    @field_validator("tasks", mode="before")
    @classmethod
    def _bare_tasks(cls, value: Any) -> Any:
        """``gsm8k:`` with nothing behind it is a task without options."""
        return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value


_PARTS: Mapping[str, type[BaseModel]] = {"models": ModelSpec, "tasks": TaskSpec, "gate": GateSpec}


# ---- reading ---------------------------------------------------------------------------------------


def read_suite(path: str | Path) -> Suite:
    """The suite in a YAML file; its relative paths are relative to that file.

    Args:
        path: the file.

    Raises:
        TaskFileError: anything wrong with the file or with a task file it names.
    """
    document = YamlFile.read(Path(path))
    spec = document.validate(SuiteSpec, parts=_PARTS)
    # The same whatever the working directory is: a model's path is part of what its runs are resumed by.
    here = _folder(document)
    output = here / spec.output
    for name, model in spec.models.items():
        if not is_folder_name(name):
            raise document.error(
                ("models", name), "cannot name a folder; use letters, digits, `.`, `_` and `-`"
            )
        for task in sorted(model.baselines.keys() - {_task_name(task) for task in spec.tasks}):
            known = did_you_mean(task, map(_task_name, spec.tasks))
            raise document.error(("models", name, "baselines", task), f"no such task in this suite{known}")
    if spec.gate.baseline != PREVIOUS and not is_folder_name(spec.gate.baseline):
        raise document.error(("gate", "baseline"), f"expected `{PREVIOUS}` or the id of a night")
    return Suite(
        path=document.path,
        output=output,
        site=here / spec.site if spec.site else output / "site",
        models=tuple(_model(name, model, here) for name, model in spec.models.items()),
        jobs=tuple(job for name in spec.tasks for job in _jobs(document, spec, name)),
        gate=Gate(
            max_drop=spec.gate.max_drop / 100, alpha=float(spec.gate.alpha), baseline=spec.gate.baseline
        ),
    )


def is_folder_name(name: str) -> bool:
    """Whether a name of the user's can be a folder's, everywhere."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", name) is not None


def _folder(document: YamlFile) -> Path:
    """Where the suite file lies, from the root; symbolic links stay as they are."""
    return Path(os.path.abspath(document.path.parent))  # noqa: PTH100  # Path.absolute keeps `..`


def _model(name: str, spec: ModelSpec, here: Path) -> SuiteModel:
    model = str(here / spec.model) if (here / spec.model).exists() else spec.model
    names = {field.name for field in fields(EngineOptions)}
    given = {k: v for k, v in spec.model_dump(exclude_none=True).items() if k in names}
    if spec.lora is not None and (here / spec.lora).exists():
        given["lora"] = str(here / spec.lora)
    return SuiteModel(
        name=name,
        engine=EngineOptions(**given | {"model": model, "backend": spec.backend or backend_for(model)}),
        baselines={task: here / run for task, run in spec.baselines.items()},
    )


def _task_name(name: str) -> str:
    """A task by its name: that of its file where a file is given."""
    return Path(name).stem if Path(name).suffix in (".yaml", ".yml") else name


def _jobs(document: YamlFile, spec: SuiteSpec, name: str) -> list[Job]:
    """One job for each recipe of a task."""
    field: FieldPath = ("tasks", name)
    options, here = spec.tasks[name], _folder(document)
    task_dirs = tuple(str(here / folder) for folder in spec.task_dirs)
    if options.limit is not None and options.first is not None:
        raise document.error((*field, "first"), "excludes `limit` (a seeded sample); give one of them")
    try:
        task = load_task(str(here / name) if _task_name(name) != name else name, task_dirs=task_dirs)
    except TaskNotFoundError as error:
        raise document.error(field, "; ".join(str(error).splitlines())) from error
    for index, recipe in enumerate(options.recipes or ()):
        if recipe not in task.recipes:
            raise document.error(
                (*field, "recipes", index), f"no recipe {recipe!r}{did_you_mean(recipe, task.recipes)}"
            )
    given = options.model_dump(exclude_none=True, exclude={"recipes"})
    if options.scorers is not None:
        given["scorers"] = tuple(options.scorers)
    if options.data_file is not None:
        given["data_file"] = str(here / options.data_file)
    base = RunOptions(**given, task_dirs=task_dirs)
    if options.recipes is None:
        return [Job(task=task, options=base)]
    return [Job(task=task, options=replace(base, recipe=recipe)) for recipe in dict.fromkeys(options.recipes)]
