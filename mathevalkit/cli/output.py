"""How the command line says things: JSON, tables, errors, and what the library says in the words of flags.

The library names arguments (`max_tokens=0`) and calls (`rescore("runs/x", write_results=True)`) in backticks;
who types a command is told the flag and the command.

    >>> spelled("`max_tokens=0`: expected 1 or more")
    '--max-tokens 0: expected 1 or more'
    >>> spelled('write it anew: `rescore("runs/x", write_results=True)`')
    'write it anew: mathevalkit rescore runs/x --write-results'
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import typer

from mathevalkit.errors import MathEvalError
from mathevalkit.presentation.terminal import clean_block, is_live, make_console
from mathevalkit.types import EngineOptions, RunOptions

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    """A record, or a list of them, as indented JSON on stdout."""
    from mathevalkit.runs.codec import encode

    sys.stdout.write(encode(value).decode())
    sys.stdout.flush()


def print_error(error: MathEvalError) -> None:
    """The error as one message on stderr."""
    if os.environ.get("MATHEVALKIT_DEBUG"):
        import traceback

        traceback.print_exception(error)
    typer.echo(f"error: {clean_block(spelled(error))}", err=True)


def print_warning(warning: str) -> None:
    """Something to know, on stderr."""
    typer.echo(f"warning: {clean_block(spelled(warning))}", err=True)


WIDE = 100
"""From this many columns on, a table shows the outcomes too."""


def plain_table() -> Table:
    """A table without frames."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, where that is a terminal."""
    console = make_console(sys.stderr)
    if quiet or not is_live(console):
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(title)
        yield lambda done, total: progress.update(task, completed=done, total=total)


# ---- flags for arguments -------------------------------------------------------------------------------

IRREGULAR = {
    "apply_chat_template=False": "--no-apply-chat-template",
    "form": "--format",
    "max_bytes": "--max-gb",
    "prefix_caching=False": "--no-prefix-caching",
    "preflight=False": "--no-preflight",
    "preview": "--dry-run",
    "scorers": "--scorer",
    "task_dirs": "--task-dir",
    "write_verdicts=False": "--no-write",
}
"""What is spelled otherwise than its argument, and its flag."""

REGULAR = frozenset(field.name for options in (EngineOptions, RunOptions) for field in fields(options)) | {
    *("alpha", "data_file", "dataset", "format", "gap", "history", "jobs", "max_drop", "model_id", "night"),
    *("organization", "out", "relationship", "scale", "scorer", "shared", "source_url", "strategy", "task"),
    *("task_id", "write_results"),
}
"""Arguments whose flag is their name with hyphens."""

COMMANDS = {"evaluate": "run", "reproduce": "reproduce", "rescore": "rescore"}
"""The functions that messages name, and the commands that call them."""

_NAMED = re.compile(r"`(?:(?P<function>\w+)\((?P<given>[^`]*)\)|(?P<argument>[a-z_]+(?:[.=][^`]*)?))`")
_STRING = r'"(?:[^"\\]|\\.)*"'
_GIVEN = re.compile(rf"(?:(?P<name>\w+)=)?(?P<value>{_STRING}|\[{_STRING}\]|True|…)(?:, |$)")


def spelled(text: object) -> str:
    """What the library says, with flags for arguments and commands for calls."""
    return _NAMED.sub(_spell, str(text))


def _spell(named: re.Match[str]) -> str:
    if named["argument"] is not None:
        return _flag(named["argument"]) or named[0]
    if named["function"] not in COMMANDS:
        return named[0]
    from json import loads
    from shlex import quote

    words = ["mathevalkit", COMMANDS[named["function"]]]
    for given in _GIVEN.finditer(named["given"]):
        if given["name"]:
            words.append("--from-run" if given["name"] == "run" else _flag(given["name"]) or given["name"])
        if given["value"] not in ("True", "…"):
            words.append(quote(loads(given["value"].strip("[]"))))
    return " ".join(words)


def _flag(argument: str) -> str | None:
    """`max_tokens=0` -> ``--max-tokens 0``; None for what is no argument."""
    if argument in IRREGULAR:
        return IRREGULAR[argument]
    name, sign, rest = [*re.split(r"([.=])", argument, maxsplit=1), "", ""][:3]
    if (name, sign) == ("fields", "."):
        return f"--{rest.replace('_', '-')}-field"
    if name not in REGULAR:
        return IRREGULAR.get(name)
    flag = f"--{name.replace('_', '-')}"
    return flag if not sign or (sign, rest) == ("=", "True") else f"{flag} {rest}"
