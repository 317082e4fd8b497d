"""A task's YAML file: its schema, its checks, and error messages that say file, line, field and remedy.

A whole task takes a dozen lines, since recipes are shared (``use`` names a file in ``recipes/``)::

    title: My word problems
    file: problems.jsonl
    rows:
      question: "{{ question }}"
      gold: "{{ answer }}"
      subject: "{{ topic }}"
    recipes:
      metamath: {use: metamath, max_tokens: 512}
      fewshot: {use: fewshot_gsm8k}
      chat: {use: chat}
    defaults: {metamath: metamath, chat: chat, base: fewshot}

``read_task_file`` makes the frozen Task of ``mathevalkit.types`` from it or raises TaskFileError::

    tasks/mine.yaml:9: recipes.metamath.stop: expected a list, got "Question:"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import jinja2
from pydantic import BaseModel, ConfigDict, Field

from answer_normalizers.extraction.strategies import list_extractors
from answer_normalizers.grading import BUILTIN_SCORERS, list_normalizers, list_scorers
from answer_normalizers.plugins import did_you_mean
from mathevalkit.tasks.templates import compile_template, filter_names, free_variables
from mathevalkit.tasks.yaml_files import FieldPath, YamlFile
from mathevalkit.types import HubSource, PublishedResult, Recipe, RowMapping, Sampling, Shot, Task

__all__ = ["MODEL_KINDS", "read_task_file"]

MODEL_KINDS = ("metamath", "chat", "base")
"""The kinds of model that ``defaults`` gives a recipe to."""

RECIPE_VARIABLES = frozenset({"question", "shots", "subject", "level"})
"""What a recipe's template may use."""

Text: TypeAlias = Annotated[str, Field(min_length=1)]

# ---- the schema ------------------------------------------------------------------------------------


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class HubSpec(_Spec):
    """``hub``: see ``HubSource``."""

    dataset: Text
    split: Text
    configs: list[Text] = []
    revision: Text | None = None


class RowsSpec(_Spec):
    """``rows``: see ``RowMapping``."""

    question: Text
    gold: Text
    id: str = ""
    subject: str = ""
    level: str = ""
    solution: str = ""


class ShotSpec(_Spec):
    """One of ``shots``: see ``Shot``."""

    question: Text
    answer: Text
    gold: Text


class RecipeSpec(_Spec):
    """One of ``recipes``, or a shared recipe file: the fields of ``Recipe`` and ``Sampling``, flat."""

    use: Text | None = None
    """A shared recipe; every other field given here overrides its."""
    kind: Literal["completion", "chat"] | None = None
    template: Text | None = None
    system: Text | None = None
    shots: list[ShotSpec] = []
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    temperature: Annotated[float, Field(ge=0)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    n: Annotated[int, Field(gt=0)] = 1
    seed: Annotated[int, Field(ge=0)] = 0
    stop: list[Text] = []
    scorer: Text = "auto"
    also_scorers: list[Text] = []
    strategy: Text = "auto"
    normalizer: Text | None = None
    origin: str = ""


class PublishedSpec(_Spec):
    """One of ``published``: see ``PublishedResult``."""

    model: Text
    percent: Annotated[float, Field(ge=0, le=100)]
    recipe: Text
    source: Text


class DefaultsSpec(_Spec):
    """``defaults``: the recipe for each kind of model."""

    metamath: Text | None = None
    chat: Text | None = None
    base: Text | None = None


class TaskSpec(_Spec):
    """A whole task file. Its name is the task's name."""

    title: Text
    licence: str = ""
    hub: HubSpec | None = None
    file: Text | None = None
    num_rows: Annotated[int, Field(gt=0)] | None = None
    fingerprints: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = []
    rows: RowsSpec
    recipes: Annotated[dict[str, RecipeSpec], Field(min_length=1)]
    defaults: DefaultsSpec | None = None
    published: list[PublishedSpec] = []


_PARTS: Mapping[str, type[BaseModel]] = {
    "hub": HubSpec,
    "rows": RowsSpec,
    "recipes": RecipeSpec,
    "shots": ShotSpec,
    "published": PublishedSpec,
    "defaults": DefaultsSpec,
}
"""Which model governs what stands under a key."""


# ---- reading ---------------------------------------------------------------------------------------


def read_task_file(path: Path, *, recipe_dirs: Sequence[Path] = ()) -> Task:
    """The task in a YAML file. Shared recipes come from ``recipes/`` beside it, then from ``recipe_dirs``.

    Raises:
        TaskFileError: anything wrong with the file or with a recipe file it uses; every fault at once,
            one a line.
    """
    document = YamlFile.read(path)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.stem):
        raise document.error((), f"{path.stem!r} cannot name a task; use letters, digits, `.`, `_` and `-`")
    spec = document.validate(TaskSpec, parts=_PARTS)
    if spec.hub is None and spec.file is None:
        raise document.error((), "no data: give `hub` (a dataset on the hub) or `file` (a local data file)")
    for field in ("question", "gold", "id", "subject", "level", "solution"):
        _check_template(document, ("rows", field), getattr(spec.rows, field), variables=None)
    directories = (path.parent / "recipes", *recipe_dirs)
    recipes = {
        name: _recipe(document, name=name, spec=recipe, directories=directories)
        for name, recipe in spec.recipes.items()
    }
    return Task(
        name=path.stem,
        title=spec.title,
        path=str(path),
        rows=RowMapping(**spec.rows.model_dump()),
        recipes=recipes,
        defaults=_defaults(document, spec),
        hub=_hub(spec.hub),
        file=spec.file,
        num_rows=spec.num_rows,
        fingerprints=tuple(spec.fingerprints),
        licence=spec.licence,
        published=tuple(PublishedResult(**result.model_dump()) for result in spec.published),
    )


def _hub(spec: HubSpec | None) -> HubSource | None:
    if spec is None:
        return None
    return HubSource(
        dataset=spec.dataset, split=spec.split, configs=tuple(spec.configs), revision=spec.revision
    )


def _recipe(document: YamlFile, *, name: str, spec: RecipeSpec, directories: Sequence[Path]) -> Recipe:
    """The recipe, what it uses and what it overrides put together."""
    here: FieldPath = ("recipes", name)
    given = spec.model_dump(exclude_unset=True, exclude={"use"})
    if spec.use is not None:
        shared = _shared_recipe(document, here=here, use=spec.use, directories=directories)
        given = shared | given
    for field, example in (("kind", "completion"), ("template", "..."), ("max_tokens", "512")):
        if given.get(field) is None:
            raise document.error(
                (*here, field), f"missing; add `{field}: {example}` or `use` a recipe that sets it"
            )
    merged = RecipeSpec.model_validate(given)
    assert merged.kind is not None
    assert merged.template is not None
    assert merged.max_tokens is not None
    _check_template(document, (*here, "template"), merged.template, variables=RECIPE_VARIABLES)
    for field, scorer in (("scorer", merged.scorer), *(("also_scorers", s) for s in merged.also_scorers)):
        _check_name(document, (*here, field), scorer, kind="scorer", known=_scorer_names())
    _check_name(document, (*here, "strategy"), merged.strategy, kind="strategy", known=list_extractors())
    if merged.normalizer is not None:
        names = list_normalizers()
        _check_name(document, (*here, "normalizer"), merged.normalizer, kind="normalizer", known=names)
    return Recipe(
        name=name,
        kind=merged.kind,
        template=merged.template,
        sampling=Sampling(
            max_tokens=merged.max_tokens,
            temperature=float(merged.temperature),
            top_p=float(merged.top_p),
            n=merged.n,
            seed=merged.seed,
            stop=tuple(merged.stop),
        ),
        scorer=merged.scorer,
        also_scorers=tuple(merged.also_scorers),
        strategy=merged.strategy,
        normalizer=merged.normalizer,
        system=merged.system,
        shots=tuple(Shot(**shot.model_dump()) for shot in merged.shots),
        origin=merged.origin,
    )


def _shared_recipe(
    document: YamlFile, *, here: FieldPath, use: str, directories: Sequence[Path]
) -> dict[str, Any]:
    """What the recipe file named by ``use`` sets."""
    for directory in directories:
        path = directory / f"{use}.yaml"
        if path.is_file():
            shared = YamlFile.read(path)
            spec = shared.validate(RecipeSpec, parts=_PARTS)
            if spec.use is not None:
                raise shared.error(("use",), "a shared recipe cannot use another; copy its fields here")
            return spec.model_dump(exclude_unset=True)
    known = sorted({path.stem for directory in directories for path in directory.glob("*.yaml")})
    raise document.error((*here, "use"), f"no shared recipe {use!r}{did_you_mean(use, known)}")


def _defaults(document: YamlFile, spec: TaskSpec) -> dict[str, str]:
    """Which recipe each kind of model gets; a single recipe is everybody's."""
    if spec.defaults is None:
        if len(spec.recipes) > 1:
            example = next(iter(spec.recipes))
            raise document.error(
                ("defaults",),
                f"missing; say which recipe a kind of model gets, e.g. `defaults: {{base: {example}}}`",
            )
        return dict.fromkeys(MODEL_KINDS, next(iter(spec.recipes)))
    defaults = {kind: name for kind, name in spec.defaults.model_dump().items() if name is not None}
    for kind, name in defaults.items():
        if name not in spec.recipes:
            raise document.error(("defaults", kind), f"no recipe {name!r}{did_you_mean(name, spec.recipes)}")
    if "base" not in defaults:
        raise document.error(
            ("defaults", "base"), "missing; it is the recipe for a model of which nothing is known"
        )
    return defaults


def _check_template(
    document: YamlFile, path: FieldPath, source: str, *, variables: frozenset[str] | None
) -> None:
    """The template compiles and, where ``variables`` are given, uses no others."""
    try:
        compile_template(source)
        free = free_variables(source)
    except jinja2.TemplateError as error:
        raise document.error(path, _template_fault(error, source)) from error
    for name in sorted(free - variables) if variables is not None else ():
        raise document.error(path, f"unknown variable {name!r}{did_you_mean(name, variables or ())}")


def _template_fault(error: jinja2.TemplateError, source: str) -> str:
    """What keeps a template from compiling."""
    if found := re.fullmatch(r"No filter named '(.+)'\.", error.message or ""):
        return f"unknown filter {found[1]!r}{did_you_mean(found[1], filter_names())}"
    line = error.lineno if isinstance(error, jinja2.TemplateSyntaxError) and "\n" in source else None
    return f"not a Jinja2 template: {error.message}{f' (its line {line})' if line else ''}"


def _check_name(document: YamlFile, path: FieldPath, name: str, *, kind: str, known: Sequence[str]) -> None:
    """The name is registered, or a plug-in's ``module:function``."""
    if name in known or re.fullmatch(r"[\w.]+:[\w.]+", name):
        return
    raise document.error(path, f"no {kind} {name!r}{did_you_mean(name, known)}")


def _scorer_names() -> Sequence[str]:
    # Those whose package is not installed here are named in task files all the same.
    return sorted({*BUILTIN_SCORERS, *list_scorers()})
