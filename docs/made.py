"""What the pages take from the code instead of repeating it.

A line of its own, `<!-- made: api mathevalkit -->`, is replaced by Markdown when the site is built, so it can
neither lag behind the code nor be left out: a public name without a docstring raises `UndocumentedError`,
which fails the build. `MAKERS` lists what can be asked for.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

MARK = re.compile(r"^<!-- made: (\w+)(?: ([\w.]+))? -->$", re.MULTILINE)
OURS = ("mathevalkit", "answer_normalizers")
WIDTH = 92
"""Columns of a signature before its parameters get a line each."""


class UndocumentedError(Exception):
    """A public name has no docstring, or a page asks for what cannot be made."""


def fill(page: str) -> str:
    """A page with every mark replaced."""
    return MARK.sub(_make, page)


def _make(mark: re.Match[str]) -> str:
    maker = MAKERS.get(mark[1])
    if maker is None:
        raise UndocumentedError(f"{mark[0]}: nothing is made under that name; known: {', '.join(MAKERS)}")
    try:
        return maker(mark[2]) if mark[2] else maker()
    except ImportError as error:
        raise UndocumentedError(f"{mark[0]}: {error}") from error


# ---- names of a package ------------------------------------------------------------------------------


def api(package: str) -> str:
    """Every public name of a package."""
    module = importlib.import_module(package)
    names = [name for name in module.__all__ if not name.startswith("__")]
    return "\n".join(entry(getattr(module, name), name=name, place=package) for name in names)


def types(package: str) -> str:
    """The classes that the public functions of a package take and return, and those in them.

    Those of ``<package>.types`` are left out: they make a page's part of their own (`module`).
    """
    found = _reached(package)
    return "\n".join(
        entry(found[name], name=name, place=found[name].__module__)
        for name in sorted(found)
        if found[name].__module__ != f"{package}.types"
    )


@cache
def _reached(package: str) -> Mapping[str, type]:
    """The classes of our own that the annotations of a package's public functions lead to, by name."""
    module = importlib.import_module(package)
    public = [getattr(module, name) for name in module.__all__ if not name.startswith("__")]
    found: dict[str, type] = {}
    waiting = [kind for thing in public for kind in _mentioned(thing)]
    while waiting:
        kind = waiting.pop(0)
        if kind not in public and kind not in found.values():
            found[kind.__name__] = kind
            waiting += _mentioned(kind)
    return found


def module(name: str) -> str:
    """The public classes and functions that a module defines."""
    found = importlib.import_module(name)
    own = [
        thing
        for label, thing in vars(found).items()
        if not label.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == name
    ]
    return "\n".join(entry(thing, name=thing.__name__, place=name) for thing in own)


def entry(thing: Any, *, name: str, place: str) -> str:
    """One class or function: heading, signature, docstring, fields and methods."""
    shown = type(thing) if not (inspect.isclass(thing) or inspect.isroutine(thing)) else thing
    call = inspect.signature(thing.__call__) if shown is not thing else _signature(thing)
    code = f"from {place} import {name}" + ("" if call is None else f"\n\n{_call(name, call)}")
    parts = [f"### {name}", "", _fence("python", code)]
    first, _, rest = markdown(_doc(thing, f"{place}.{name}")).partition("\n\n")
    parts += ["", first, "", *_types_of(thing), _raises_linked(rest)]
    if inspect.isclass(thing):
        parts += ["", *_members(thing, f"{place}.{name}")]
    return "\n".join(parts) + "\n"


def _types_of(thing: Any) -> list[str]:
    """Where the types of a signature are described; nothing for a class, whose fields say theirs."""
    links = [] if inspect.isclass(thing) else [link for kind in _mentioned(thing) if (link := _link(kind))]
    return [f"Types: {', '.join(links)}.", ""] if links else []


def _raises_linked(text: str) -> str:
    """The errors of a list with links to where they are described."""
    from mathevalkit import errors

    def linked(found: re.Match[str]) -> str:
        return _link(getattr(errors, found[1])) if found[1] in errors.__all__ else found[0]

    items = re.compile(r"^- `.*$", re.MULTILINE)
    return items.sub(lambda item: re.sub(r"`(\w+Error)`", linked, item[0]), text)


HOMES = {
    "mathevalkit.backends.base": "plugins",
    "mathevalkit.backends.supervised.engine": "plugins",
    "mathevalkit.errors": "errors",
    "mathevalkit.exporters.base": "plugins",
    "mathevalkit.types": "types",
}
"""Modules, and the page of the API that describes their classes."""


def _link(kind: type) -> str:
    """A link, from one page of the API to another, to where a class is described; empty where it is not."""
    page = HOMES.get(kind.__module__)
    if page is None and kind in _reached("mathevalkit").values():
        page = "types"
    if page is None and kind.__name__ in importlib.import_module("answer_normalizers").__all__:
        page = "answer_normalizers"
    return f"[`{kind.__name__}`]({page}.md#{kind.__name__.lower()})" if page else ""


def _signature(thing: Any) -> inspect.Signature | None:
    if inspect.isclass(thing):
        plain = issubclass(thing, Exception) or getattr(thing, "_is_protocol", False)
        if plain or dataclasses.is_dataclass(thing):
            return None  # its fields are listed one by one, or there is nothing to say
    return inspect.signature(thing)


def _call(name: str, signature: inspect.Signature) -> str:
    """A signature as it is written in code, over several lines where it is long."""
    parameters = [_plain(p) for p in signature.parameters.values() if p.name != "self"]
    kinds = [p.kind for p in signature.parameters.values() if p.name != "self"]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        parameters.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    result = signature.return_annotation
    arrow = "" if result in (inspect.Signature.empty, None, "None") else f" -> {_annotation(result)}"
    line = f"{name}({', '.join(parameters)}){arrow}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {p},\n" for p in parameters) + f"){arrow}"


def _plain(parameter: inspect.Parameter) -> str:
    text = parameter.name
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    text = stars.get(parameter.kind, "") + text
    if parameter.annotation is not inspect.Parameter.empty:
        text += f": {_annotation(parameter.annotation)}"
    if parameter.default is not inspect.Parameter.empty:
        spaced = " = " if ":" in text else "="
        text += spaced + _value(parameter.default)
    return text


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation.strip("'\"")
    return getattr(annotation, "__name__", str(annotation))


def _value(value: Any) -> str:
    """A default as it is written: a class by its name; a dataclass whose fields all have theirs is short."""
    if isinstance(value, type):
        return value.__name__
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and value == type(value)():
        return f"{type(value).__name__}()"
    return repr(value)


def _members(kind: type, place: str) -> Iterator[str]:
    """Fields with what is said of each, then properties and methods."""
    said = _said_of_fields(kind)
    if dataclasses.is_dataclass(kind):
        for field in dataclasses.fields(kind):
            if not field.name.startswith("_"):
                default = "" if field.default is dataclasses.MISSING else f" = {_value(field.default)}"
                yield _item(f"{field.name}: {_annotation(field.type)}{default}", said.get(field.name, ""))
    for name, member in vars(kind).items():
        if name.startswith("_") or name in said:
            continue
        if isinstance(member, property):
            result = _annotation(inspect.signature(member.fget).return_annotation)  # type: ignore[arg-type]
            yield _item(f"{name}: {result}", _doc(member, f"{place}.{name}"))
        elif inspect.isfunction(member) or isinstance(member, classmethod | staticmethod):
            bound = member if inspect.isfunction(member) else member.__func__
            text = _doc(member, f"{place}.{name}")
            signature = inspect.signature(bound)
            without = [p for p in signature.parameters.values() if p.name != "cls"]
            yield _item(_call(name, signature.replace(parameters=without)), text, code="python")


def _item(name: str, text: str, *, code: str = "") -> str:
    body = textwrap.indent(markdown(text), "  ").lstrip() if text else ""
    if code and "\n" in name:
        fence = textwrap.indent(_fence(code, name), "  ").lstrip()
        return f"- {fence}\n\n  {body}"
    if not body:
        return f"- `{name}`"
    return f"- `{name}`\n\n  {body}"


def _said_of_fields(kind: type) -> dict[str, str]:
    """The string that follows each field in the source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError):
        return {}
    assert isinstance(tree, ast.ClassDef)
    return dict(_strings_after(tree.body))


def _strings_after(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names that are assigned, each with the string literal that stands on the next line."""
    for statement, following in pairwise(body):
        target = statement.target if isinstance(statement, ast.AnnAssign) else None
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
        if isinstance(target, ast.Name) and isinstance(following, ast.Expr):
            value = following.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield target.id, inspect.cleandoc(value.value)


def _doc(thing: Any, place: str) -> str:
    text = inspect.getdoc(thing)
    if not text or (dataclasses.is_dataclass(thing) and text.startswith(f"{thing.__name__}(")):
        raise UndocumentedError(f"{place} is public and has no docstring")
    return text


def _mentioned(thing: Any) -> list[type]:
    """The classes of ours that the annotations of a function, or of a class's fields, name."""
    if inspect.isclass(thing):
        texts = [field.type for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
        texts += [
            inspect.signature(member.fget).return_annotation
            for name, member in vars(thing).items()
            if isinstance(member, property) and not name.startswith("_")
        ]
    elif inspect.isfunction(thing):
        signature = inspect.signature(thing)
        texts = [p.annotation for p in signature.parameters.values()] + [signature.return_annotation]
    else:
        return []
    names = _names_in(thing.__module__)
    words = dict.fromkeys(word for text in texts for word in re.findall(r"\b[A-Z]\w+", str(text)))
    kinds = [names[word] for word in words if word in names]
    return [
        kind
        for kind in kinds
        if inspect.isclass(kind) and kind.__module__.startswith(OURS) and not issubclass(kind, Exception)
    ]


@cache
def _names_in(place: str) -> Mapping[str, Any]:
    """What a module's annotations can mean: its own names, and those it imports for type checkers only."""
    found = importlib.import_module(place)
    names = dict(vars(found))
    for node in ast.walk(ast.parse(inspect.getsource(found))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            home: ModuleType = importlib.import_module(node.module or "")
            names |= {a.name: getattr(home, a.name) for a in node.names if hasattr(home, a.name)}
    return names


# ---- docstrings --------------------------------------------------------------------------------------

SECTIONS = {"Args": "Arguments", "Raises": "Raises", "Returns": "Returns"}
SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):$")


def markdown(docstring: str) -> str:
    """A docstring as Markdown: examples fenced, sections as lists, everything else as it is."""
    lines = docstring.splitlines()
    out: list[str] = []
    while lines:
        line = lines.pop(0)
        if section := SECTION.match(line):
            block = _take(lines, lambda text: not text or text.startswith(" "))
            out += ["", f"**{SECTIONS[section[1]]}**", "", *_list(textwrap.dedent("\n".join(block)))]
        elif line.startswith(">>> "):
            block = [line, *_take(lines, bool)]
            out += ["", _fence("pycon", "\n".join(block)), ""]
        elif line.startswith("    ") and (not out or not out[-1]):
            block = [line, *_take(lines, lambda text: not text or text.startswith("    "))]
            text = textwrap.dedent("\n".join(block)).strip()
            out += [_fence("pycon" if text.startswith(">>>") else "text", text), ""]
        else:
            out.append(line.removesuffix("::") + ":" if line.endswith("::") else line)
    return "\n".join(out).strip()


def _take(lines: list[str], wanted: Callable[[str], object]) -> list[str]:
    taken = []
    while lines and wanted(lines[0]):
        taken.append(lines.pop(0))
    return taken


def _list(text: str) -> Iterator[str]:
    """`name: what it is`, continued on deeper lines, as list items."""
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, rest = line.partition(": ")
        if line.startswith(" ") or not colon:
            yield f"  {line.strip()}"
        else:
            yield f"- {', '.join(f'`{part}`' for part in name.split(', '))}: {rest}"


def _fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


# ---- the command line --------------------------------------------------------------------------------


def commands() -> str:
    """What `--help` says of every command."""
    import typer

    from mathevalkit.cli.app import app

    top = typer.main.get_command(app)
    return "\n".join(_helps(top, "mathevalkit"))


def _helps(command: Any, words: str) -> Iterator[str]:
    import click

    own = words.removeprefix("mathevalkit ")
    context = click.Context(command, info_name=words, terminal_width=90, max_content_width=90)
    yield f"## {own if own != words else 'mathevalkit'}\n\n{_fence('text', command.get_help(context))}\n"
    for name, sub in getattr(command, "commands", {}).items():
        yield from _helps(sub, f"{words} {name}")


# ---- the engine --------------------------------------------------------------------------------------


def policies() -> str:
    """Every field of `Policy` with its default and the reason for it."""
    from answer_normalizers import Policy

    said = _said_of_fields(Policy)
    rows = []
    for field in dataclasses.fields(Policy):
        if field.name not in said:
            raise UndocumentedError(f"answer_normalizers.Policy.{field.name} does not say what it decides")
        choices = f"`{_annotation(field.type)}`, by default `{field.default!r}`."
        rows.append(f"### {field.name}\n\n{choices}\n\n{said[field.name]}\n")
    return "\n".join(rows)


def limits() -> str:
    """Every resource limit of the engine."""
    from answer_normalizers import limits as found

    said = dict(_strings_after(ast.parse(inspect.getsource(found)).body))
    rows = ["| limit | value | what it bounds |", "| --- | ---: | --- |"]
    for name, value in vars(found).items():
        if name.startswith("MAX_"):
            if name not in said:
                raise UndocumentedError(f"answer_normalizers.limits.{name} does not say what it bounds")
            shown = f"{value:,}" if value < 10**9 else f"2^{value.bit_length() - 1}"
            rows.append(f"| `{name}` | {shown} | {' '.join(said[name].split())} |")
    return "\n".join(rows)


def scorers() -> str:
    """Every built-in scorer, with the first line of its documentation."""
    from answer_normalizers.grading import get_scorer, list_scorers

    rows = ["| scorer | what it does |", "| --- | --- |"]
    for name in sorted({*list_scorers(), "math_verify"}):  # also where it is not installed
        line = re.sub(r"Policy\((.*)\)", _changed_policies, get_scorer(name).summary)
        rows.append(f"| `{name}` | {line.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def _changed_policies(shown: re.Match[str]) -> str:
    """The `repr` of a policy, less what is as by default."""
    from answer_normalizers import Policy

    default = set(repr(Policy())[len("Policy(") : -1].split(", "))
    return f"Policy({', '.join(part for part in shown[1].split(', ') if part not in default)})"


def docstring(place: str) -> str:
    """The docstring of a module."""
    return markdown(_doc(importlib.import_module(place), place))


MAKERS: dict[str, Callable[..., str]] = {
    "api": api,
    "types": types,
    "module": module,
    "commands": commands,
    "policies": policies,
    "limits": limits,
    "scorers": scorers,
    "docstring": docstring,
}
