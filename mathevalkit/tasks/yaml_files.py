"""YAML files with line numbers, validated, with errors that say file, line, field and what was expected.

    tasks/mine.yaml:9: recipes.metamath.stop: expected a list, got "Question:"

It knows nothing of tasks: the schema comes from ``mathevalkit.tasks.files``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import orjson
import yaml
from pydantic import BaseModel, ValidationError

from answer_normalizers.plugins import did_you_mean
from mathevalkit.errors import TaskFileError

__all__ = ["FieldPath", "YamlFile"]

FieldPath: TypeAlias = tuple[str | int, ...]
"""The way to a field: ``("recipes", "metamath", "stop")``."""

MAX_FIELDS = 100_000
"""More than any task file holds; nested aliases can make billions of a few lines."""

# libyaml reads ten times faster; PyYAML is sometimes built without it.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class YamlFile:
    """A YAML file's content and where each field stands in it."""

    path: Path
    content: Any
    lines: Mapping[FieldPath, int]

    @classmethod
    def read(cls, path: Path) -> YamlFile:
        """Parse a YAML file. Raises TaskFileError."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise TaskFileError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TaskFileError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
        try:
            root = yaml.compose(text, Loader=_LOADER)
            lines: dict[FieldPath, int] = {}
            content = None
            if root is not None:
                _locate(path, root, (), lines, ancestors=())
                content = yaml.SafeLoader("").construct_document(root)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            # The mark may stand behind the last line, where something was left open.
            unquoted = re.search(r"[:-] *\{\{", "".join(text.splitlines()[line - 1 : line]))
            hint = "; a value that starts with `{{` must be quoted" if unquoted else ""
            raise TaskFileError(f"{path}:{line}: not valid YAML: {error.problem}{hint}") from error
        except yaml.YAMLError as error:
            raise TaskFileError(f"{path}: not valid YAML: {error}") from error
        if not isinstance(content, dict):
            raise TaskFileError(f"{path}:1: expected a mapping of fields, got {_shown(content)}")
        return cls(path, content, lines)

    def error(self, field: FieldPath, message: str) -> TaskFileError:
        """The error at a field, ready to raise."""
        return TaskFileError(self._placed(field, message))

    def validate(self, model: type[_Model], *, parts: Mapping[str, type[BaseModel]]) -> _Model:
        """The content as ``model``. Raises TaskFileError with every fault, one a line.

        ``parts`` says which model governs what stands under a key, for the names in messages.
        """
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            messages = [
                self._placed(fault["loc"], _message(fault, model, parts))
                for fault in error.errors(include_url=False)
            ]
            raise TaskFileError("\n".join(dict.fromkeys(messages))) from error

    def _placed(self, field: FieldPath, message: str) -> str:
        known = field
        while known and known not in self.lines:
            known = known[:-1]
        dotted = ".".join(str(part) for part in field)
        return f"{self.path}:{self.lines.get(known, 1)}: {dotted + ': ' if dotted else ''}{message}"


def _locate(
    path: Path,
    node: yaml.Node,
    here: FieldPath,
    lines: dict[FieldPath, int],
    *,
    ancestors: tuple[yaml.Node, ...],
) -> None:
    """Note the line of every field below ``node``; refuse a key given twice and aliases that run away."""
    lines.setdefault(here, node.start_mark.line + 1)
    if node in ancestors or len(lines) > MAX_FIELDS:
        raise TaskFileError(f"{path}:{node.start_mark.line + 1}: aliases repeat too much; write it out")
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
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _message(fault: Mapping[str, Any], model: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> str:
    """One pydantic fault in our words: what was expected, what was there."""
    kind, context, field = fault["type"], fault.get("ctx", {}), str(fault["loc"][-1])
    if kind == "missing":
        return f"missing; add `{field}: ...`"
    if kind == "extra_forbidden":
        owner = model
        for part in fault["loc"][:-1]:
            owner = parts.get(part, owner) if part in owner.model_fields else owner
        return f"unknown field{did_you_mean(field, owner.model_fields)}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {_shown(fault['input'])}{_remedy(kind, fault['input'])}"
    if kind == "literal_error":
        return f"expected {context['expected']}, got {_shown(fault['input'])}"
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_pattern_mismatch":
        return f"expected 64 hexadecimal digits (a SHA-256), got {_shown(fault['input'])}"
    message = str(fault["msg"])
    return f"{message[:1].lower()}{message[1:]}, got {_shown(fault['input'])}"


def _remedy(kind: str, value: object) -> str:
    """What to write instead, where one character's worth of YAML makes the difference."""
    if kind == "list_type" and isinstance(value, str):
        return f"; write [{_shown(value)}]"
    if kind == "string_type" and isinstance(value, (int, float)):
        return f'; write "{_shown(value)}"'
    return ""


def _shown(value: object) -> str:
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
