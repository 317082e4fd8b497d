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

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import jinja2
import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mathevalkit.errors import TaskFileError
from mathevalkit.templates import compile_template, free_variables
from mathevalkit.types import HubSource, PublishedResult, Recipe, RowMapping, Sampling, Shot, Task

__all__ = ["MODEL_KINDS", "read_task_file"]

MODEL_KINDS = ("metamath", "chat", "base")
"""The kinds of model that ``defaults`` gives a recipe to."""

RECIPE_VARIABLES = frozenset({"question", "shots", "subject", "level"})
"""What a recipe's template may use."""

Text: TypeAlias = Annotated[str, Field(min_length=1)]
Path_: TypeAlias = tuple[str | int, ...]
"""The way to a field: ``("recipes", "metamath", "stop")``."""


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


_Model = TypeVar("_Model", bound=BaseModel)


# ---- reading ---------------------------------------------------------------------------------------


def read_task_file(path: Path, *, recipe_dirs: Sequence[Path] = ()) -> Task:
    """The task in a YAML file. Shared recipes come from ``recipes/`` beside it, then from ``recipe_dirs``.

    Raises:
        TaskFileError: anything wrong with the file or with a recipe file it uses; every fault at once,
            one a line.
    """
    document = _Document.read(path)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.stem):
        raise document.error((), f"{path.stem!r} cannot name a task; use letters, digits, `.`, `_` and `-`")
    spec = document.validate(TaskSpec)
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


def _recipe(document: _Document, *, name: str, spec: RecipeSpec, directories: Sequence[Path]) -> Recipe:
    """The recipe, what it uses and what it overrides put together."""
    here: Path_ = ("recipes", name)
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
    _check_name(document, (*here, "strategy"), merged.strategy, kind="strategy", known=_strategy_names())
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
        system=merged.system,
        shots=tuple(Shot(**shot.model_dump()) for shot in merged.shots),
        origin=merged.origin,
    )


def _shared_recipe(
    document: _Document, *, here: Path_, use: str, directories: Sequence[Path]
) -> dict[str, Any]:
    """What the recipe file named by ``use`` sets."""
    for directory in directories:
        path = directory / f"{use}.yaml"
        if path.is_file():
            shared = _Document.read(path)
            spec = shared.validate(RecipeSpec)
            if spec.use is not None:
                raise shared.error(("use",), "a shared recipe cannot use another; copy its fields here")
            return spec.model_dump(exclude_unset=True)
    known = sorted({path.stem for directory in directories for path in directory.glob("*.yaml")})
    raise document.error((*here, "use"), f"no shared recipe {use!r}{_suggestion(use, known)}")


def _defaults(document: _Document, spec: TaskSpec) -> dict[str, str]:
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
            raise document.error(("defaults", kind), f"no recipe {name!r}{_suggestion(name, spec.recipes)}")
    if "base" not in defaults:
        raise document.error(
            ("defaults", "base"), "missing; it is the recipe for a model of which nothing is known"
        )
    return defaults


def _check_template(
    document: _Document, path: Path_, source: str, *, variables: frozenset[str] | None
) -> None:
    """The template compiles and, where ``variables`` are given, uses no others."""
    try:
        compile_template(source)
        free = free_variables(source)
    except jinja2.TemplateError as error:
        where = (
            f" (line {error.lineno} of the template)" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        )
        raise document.error(path, f"not a Jinja2 template: {error.message}{where}") from error
    for name in sorted(free - variables) if variables is not None else ():
        raise document.error(path, f"unknown variable {name!r}{_suggestion(name, variables or ())}")


def _check_name(document: _Document, path: Path_, name: str, *, kind: str, known: Sequence[str]) -> None:
    """The name is registered, or a plug-in's ``module:function``."""
    if name in known or re.fullmatch(r"[\w.]+:[\w.]+", name):
        return
    raise document.error(path, f"no {kind} {name!r}{_suggestion(name, known)}")


def _scorer_names() -> Sequence[str]:
    from answer_normalizers.scorers import BUILTIN, list_scorers

    # Those whose package is not installed here are named in task files all the same.
    return sorted({*BUILTIN, *list_scorers()})


def _strategy_names() -> Sequence[str]:
    from answer_normalizers.extractors import list_extractors

    return list_extractors()


# ---- YAML with line numbers ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Document:
    """A YAML file's content and where each field stands in it."""

    path: Path
    content: Any
    lines: Mapping[Path_, int]

    @classmethod
    def read(cls, path: Path) -> _Document:
        """Parse a YAML file. Raises TaskFileError."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise TaskFileError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TaskFileError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            lines: dict[Path_, int] = {}
            if root is not None:
                _locate(path, root, (), lines, ancestors=())
            content = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            hint = "; a value that starts with `{{` must be quoted" if "{{" in text else ""
            raise TaskFileError(f"{path}:{line}: not valid YAML: {error.problem}{hint}") from error
        except yaml.YAMLError as error:
            raise TaskFileError(f"{path}: not valid YAML: {error}") from error
        if not isinstance(content, dict):
            raise TaskFileError(f"{path}:1: expected a mapping of fields, got {_shown(content)}")
        return cls(path, content, lines)

    def error(self, field: Path_, message: str) -> TaskFileError:
        """The error at a field, ready to raise."""
        return TaskFileError(self._placed(field, message))

    def validate(self, model: type[_Model]) -> _Model:
        """The content as ``model``. Raises TaskFileError with every fault, one a line."""
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            messages = [
                self._placed(fault["loc"], _message(fault, model))
                for fault in error.errors(include_url=False)
            ]
            raise TaskFileError("\n".join(dict.fromkeys(messages))) from error

    def _placed(self, field: Path_, message: str) -> str:
        known = field
        while known and known not in self.lines:
            known = known[:-1]
        dotted = ".".join(str(part) for part in field)
        return f"{self.path}:{self.lines.get(known, 1)}: {dotted + ': ' if dotted else ''}{message}"


def _locate(
    path: Path, node: yaml.Node, here: Path_, lines: dict[Path_, int], *, ancestors: tuple[yaml.Node, ...]
) -> None:
    """Note the line of every field below ``node``; refuse a key given twice and a node inside itself."""
    lines.setdefault(here, node.start_mark.line + 1)
    if node in ancestors:
        raise TaskFileError(f"{path}:{node.start_mark.line + 1}: an alias refers to what contains it")
    below = (*ancestors, node)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _locate(path, item, (*here, index), lines, ancestors=below)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            field = (*here, str(key.value))
            line = key.start_mark.line + 1
            if field in lines:
                dotted = ".".join(map(str, field))
                raise TaskFileError(
                    f"{path}:{line}: {dotted}: given twice, first in line {lines[field]}; keep one"
                )
            lines[field] = line
            _locate(path, value, field, lines, ancestors=below)


# ---- messages --------------------------------------------------------------------------------------

_EXPECTED = {
    "string_type": "text (quote it if it is a number)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _message(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One pydantic fault in our words: what was expected, what was there."""
    kind, context, field = fault["type"], fault.get("ctx", {}), str(fault["loc"][-1])
    if kind == "missing":
        return f"missing; add `{field}: ...`"
    if kind == "extra_forbidden":
        owner = _model_at(model, fault["loc"][:-1])
        return f"unknown field{_suggestion(field, owner.model_fields)}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {_shown(fault['input'])}"
    if kind == "literal_error":
        return f"expected {context['expected']}, got {_shown(fault['input'])}"
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_pattern_mismatch":
        return f"expected 64 hexadecimal digits (a SHA-256), got {_shown(fault['input'])}"
    message = str(fault["msg"])
    return f"{message[:1].lower()}{message[1:]}, got {_shown(fault['input'])}"


def _model_at(model: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """The schema that governs a place in the file."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _MODELS.get(part, model)
    return model


_MODELS: Mapping[str, type[BaseModel]] = {
    "hub": HubSpec,
    "rows": RowsSpec,
    "recipes": RecipeSpec,
    "shots": ShotSpec,
    "published": PublishedSpec,
    "defaults": DefaultsSpec,
}


def _suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'stop'?`` or the list of what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(names)}" if names else "; there are none"


def _shown(value: object) -> str:
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
