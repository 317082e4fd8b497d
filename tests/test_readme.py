"""What the README says is true: its snippets run, its commands and options exist, its files are valid."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import mathevalkit
from mathevalkit.cli.app import app
from mathevalkit.cli.options import RunArguments, read_request
from mathevalkit.nightly.suite import Suite, read_suite
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data
from mathevalkit.types import RunOptions
from tests.places import REPO

README = (REPO / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    """Of the README, where the text begins."""


def _blocks() -> Iterator[Block]:
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        yield Block(match[1], match[2], README.count("\n", 0, match.start()) + 2)


BLOCKS = tuple(_blocks())


def _commands() -> Iterator[pytest.param]:
    """Every ``mathevalkit …`` line of a shell block, continued lines joined, variables before it dropped."""
    for block in BLOCKS:
        if block.language not in ("sh", "console"):
            continue
        joined = block.text.replace("\\\n", " ")
        for line in joined.splitlines():
            if block.language == "console" and not line.startswith("$ "):
                continue  # output
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words[:1] == ["mathevalkit"]:
                yield pytest.param(words[1:], id=f"{block.line}: {' '.join(words)}")


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """The innermost command that a line names, and the rest of its words."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("words", list(_commands()))
def test_a_command_line_is_understood(words):
    command, rest = _command(words)
    if set(rest) <= {"--help", "--version"}:
        assert {option for p in command.params for option in p.opts} | {"--help"} >= set(rest)
        return
    assert not hasattr(command, "commands"), f"no such command: {rest[0]}"
    context = command.make_context(command.name, list(rest))  # raises for what it does not know
    if command.name == "run":
        known = {field.name for field in fields(RunArguments)}
        arguments = RunArguments(**{k: v for k, v in context.params.items() if k in known})
        if arguments.resume is None:
            read_request(arguments)  # raises for options that cannot go together


def _all_options() -> set[str]:
    def below(command: Any) -> Iterator[str]:
        for parameter in command.params:
            yield from (*parameter.opts, *parameter.secondary_opts)
        for sub in getattr(command, "commands", {}).values():
            yield from below(sub)

    return {*below(typer.main.get_command(app)), "--help"}


def test_every_option_the_text_mentions_exists():
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    mentioned = set(re.findall(r"`[^`]*?(--[a-z][a-z-]+)", prose))
    assert mentioned, "the README mentions no option; is the pattern still right?"
    assert mentioned <= _all_options()


def test_every_command_is_in_the_text():
    names = typer.main.get_command(app).commands
    assert [name for name in names if not re.search(rf"mathevalkit {name}\b|`{name}`", README)] == []


def test_every_file_the_text_links_to_exists():
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README)
    if not (REPO / ".git").exists():
        # The source archive leaves the pictures out.
        targets = [target for target in targets if not target.startswith("docs/images/")]
    assert [target for target in targets if not (REPO / target).exists()] == []


def test_every_section_the_text_links_to_exists():
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


@pytest.mark.parametrize(
    "block", [pytest.param(b, id=f"line {b.line}") for b in BLOCKS if b.language == "pycon"]
)
def test_a_python_session_prints_what_it_shows(block):
    parsed = doctest.DocTestParser().get_doctest(block.text, {}, "README.md", "README.md", block.line - 1)
    assert parsed.examples
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(parsed)
    assert results.failed == 0


@pytest.mark.parametrize(
    "block", [pytest.param(b, id=f"line {b.line}") for b in BLOCKS if b.language == "python"]
)
def test_a_python_program_calls_what_exists(block):
    """Programs that would load a model are not run: their imports are, and their calls are checked."""
    tree = ast.parse(block.text)
    names: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([node], []), "README.md", "exec"), names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            function = names[node.func.id]
            keywords = {keyword.arg: None for keyword in node.keywords}
            inspect.signature(function).bind(*[None] * len(node.args), **keywords)
            if function is mathevalkit.evaluate:
                own = set(inspect.signature(function).parameters)
                assert set(keywords) - own <= {field.name for field in fields(RunOptions)}


def test_the_task_of_the_readme_loads(tmp_path):
    [task] = [block for block in BLOCKS if block.language == "yaml" and "title:" in block.text]
    [rows] = [block for block in BLOCKS if block.language == "json"]
    assert task.text.count("\n") <= 15
    (tmp_path / "mine.yaml").write_text(task.text, encoding="utf-8")
    loaded = load_task(tmp_path / "mine.yaml")
    assert loaded.file is not None
    (tmp_path / loaded.file).write_text(rows.text, encoding="utf-8")
    samples = load_data(loaded).samples
    assert all(sample.question and sample.gold and sample.subject for sample in samples)


def test_the_suite_of_the_readme_is_valid(tmp_path):
    assert _suite(tmp_path).models


def _suite(folder: Path) -> Suite:
    [suite] = [block for block in BLOCKS if block.language == "yaml" and "models:" in block.text]
    (folder / "suite.yaml").write_text(suite.text, encoding="utf-8")
    return read_suite(folder / "suite.yaml")


def _understood(shell: str) -> int:
    """How many ``mathevalkit`` commands a shell line runs; each must be understood."""
    found = 0
    for part in re.split(r"&&|\|\|?|;", shell):
        words = shlex.split(part.partition(">")[0])
        if words and Path(words[0]).name == "mathevalkit":
            command, rest = _command(words[1:])
            command.make_context(command.name, list(rest))
            found += 1
    return found


def test_the_cron_line_runs_the_night():
    [block] = [block for block in BLOCKS if block.language == "cron"]
    *when, shell = block.text.strip().split(maxsplit=5)
    assert len(when) == 5
    assert "%" not in shell, "cron reads % as a line break"
    assert _understood(shell) == 1


def test_the_workflow_runs_the_night_and_keeps_its_site(tmp_path):
    [block] = [block for block in BLOCKS if block.language == "yaml" and "runs-on:" in block.text]
    workflow = yaml.safe_load(block.text)
    [job] = workflow["jobs"].values()
    assert sum(_understood(step["run"]) for step in job["steps"] if "run" in step) == 1
    [extra] = re.findall(r"'\.\[([\w-]+)\]'", block.text)
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extra in project["optional-dependencies"]
    [checkout] = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["with"]["clean"] is False
    [upload] = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["if"] == "always()"
    assert tmp_path / upload["with"]["path"] == _suite(tmp_path).site
