"""The documents and their snippets: README, CONTRIBUTING, the pages of `docs/`, `benchmarks/README.md`.

A comment on its own line before a snippet says what is to be done with it:

    <!-- file: suite.yaml -->        it is the content of this file, which later snippets find
    <!-- needs: a GPU -->            it is not run here, and the report of the tests says why
    <!-- exits: 1 -->                its last command ends with this code

Every other snippet in `sh`, `console`, `python` or `pycon` is run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any

import typer

from mathevalkit.cli.app import app
from tests.places import REPO

DOCS = REPO / "docs"
EXAMPLE = DOCS / "example"
"""Two real run directories that the pages work on."""
DOCUMENTS = [
    *(REPO / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")),
    *sorted(DOCS.rglob("*.md")),
]
RUNNABLE = {"sh", "console", "python", "pycon"}
FENCE = re.compile(r"((?:^<!-- \w+: [^\n]* -->\n)*)^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A snippet."""

    document: Path
    language: str
    text: str
    line: int
    """Of the document, where the text begins."""
    marks: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where a reader finds it."""
        return f"{name_of(self.document)}:{self.line}"

    @property
    def runs(self) -> bool:
        """Whether it is run as it stands."""
        return self.language in RUNNABLE and not {"file", "needs"} & set(self.marks)


def name_of(document: Path) -> str:
    """The document's path below the checkout."""
    return document.relative_to(REPO).as_posix()


def blocks_of(document: Path) -> tuple[Block, ...]:
    """The snippets of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return tuple(
        Block(
            document,
            found[2],
            found[3],
            text.count("\n", 0, found.start(3)) + 1,
            dict(re.findall(r"^<!-- (\w+): (.*) -->$", found[1], re.MULTILINE)),
        )
        for found in FENCE.finditer(text)
    )


def prose_of(document: Path) -> str:
    """A document without its snippets."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def shell_lines(block: Block) -> Iterator[str]:
    """The commands of a shell snippet, continued lines joined, output left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language != "console":
            yield line
        elif line.startswith("$ "):
            yield line.removeprefix("$ ")


def mathevalkit_calls(block: Block) -> Iterator[list[str]]:
    """The words after `mathevalkit` of every such command, wherever it stands in a line."""
    for line in shell_lines(block):
        for command in _commands(line):
            words = list(dropwhile(re.compile(r"[A-Za-z_]+=").match, command))
            if words and Path(words[0]).name == "mathevalkit":
                yield words[1:]


def _commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, without what is redirected."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if word in {"|", "||", "&&", ";", "&"}:
            yield command
            command = []
        else:
            command.append(word)


def without_redirections(words: list[str]) -> list[str]:
    """A command up to the first redirection; the number of a stream before it goes too."""
    for at, word in enumerate(words):
        if word in {">", ">>", "<", ">&"}:
            return words[: at - 1] if at and words[at - 1] in {"1", "2"} else words[:at]
    return words


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The innermost command that a line names, and the rest of its words."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words
