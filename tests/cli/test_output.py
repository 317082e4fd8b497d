"""What the library says about arguments and calls, in the words of who types a command."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.cli.app import app
from mathevalkit.cli.output import IRREGULAR, REGULAR, spelled
from mathevalkit.errors import UsageError, call
from tests.places import REPO


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("`jobs=0`: expected 1 or more", "--jobs 0: expected 1 or more"),
        ("raise `max_model_len`, or lower `max_tokens`", "raise --max-model-len, or lower --max-tokens"),
        ("`scorers`: no scorer is called 'x'", "--scorer: no scorer is called 'x'"),
        ("add `apply_chat_template=False`", "add --no-apply-chat-template"),
        ("add `apply_chat_template=True`", "add --apply-chat-template"),
        ("name it with `engine_args.text_field=NAME`", "name it with --engine-args text_field=NAME"),
        ("name it with `fields.finish_reason`", "name it with --finish-reason-field"),
        ("(`preflight=False` runs all the same)", "(--no-preflight runs all the same)"),
        ("`backend=llama_cpp` runs GGUF files", "--backend llama_cpp runs GGUF files"),
    ],
)
def test_an_argument_becomes_its_flag(said: str, printed: str):
    assert spelled(said) == printed


@pytest.mark.parametrize(
    "said",
    ["missing; add `question: ...`", "`rows.gold` of x.yaml", "letters, `.` and `-`", "`x", "``", "`f(1)`"],
)
def test_what_is_no_argument_stays_as_it_is(said: str):
    assert spelled(said) == said


@pytest.mark.parametrize(
    ("named", "command"),
    [
        (call("evaluate", ..., resume="runs/x"), "mathevalkit run --resume runs/x"),
        (call("rescore", "runs/x", write_results=True), "mathevalkit rescore runs/x --write-results"),
        (call("rescore", "runs/x", scorers=["auto"]), "mathevalkit rescore runs/x --scorer auto"),
        (
            call("reproduce", "MODEL/TASK", run="runs/x"),
            "mathevalkit reproduce MODEL/TASK --from-run runs/x",
        ),
    ],
)
def test_a_call_becomes_the_command(named: str, command: str):
    assert spelled(f"go on with it: {named}") == f"go on with it: {command}"


@given(path=st.text(st.characters(exclude_characters="`\0", exclude_categories=["Cs"]), min_size=1))
def test_a_path_comes_through_a_call_as_one_word_for_the_shell(path: str):
    assert shlex.split(spelled(call("rescore", path))) == ["mathevalkit", "rescore", path]


@given(text=st.text(st.sampled_from('`=.()[]"\\, …ab_njobs0')))
def test_no_text_is_too_odd_to_be_printed(text: str):
    assert isinstance(spelled(text), str)


def test_a_python_caller_sees_the_argument_and_the_command_line_the_flag(cli, sums):
    from mathevalkit import evaluate

    with pytest.raises(UsageError, match=r"^`limit=0`: expected 1 or more$"):
        evaluate(model=str(sums.recorded), task=str(sums.task), output_dir=str(sums.runs), limit=0)
    assert cli(*sums.command, "--limit", "0") == 2
    assert "--limit 0: expected 1 or more" in cli.err
    assert "`" not in cli.err


# ---- the tables ----------------------------------------------------------------------------------------


def _options(command: Any) -> set[str]:
    """Every option of a command and of those below it."""
    own = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return own.union(*(_options(below) for below in getattr(command, "commands", {}).values()))


COMMAND: Any = typer.main.get_command(app)
OPTIONS = _options(COMMAND)
NOT_SPELLED = {
    *("log_path", "prefix_caching", "preflight", "scorers", "task_dirs"),  # no flags, or irregular ones
}
"""Fields of the options' dataclasses that no flag is named after."""


def test_every_flag_that_a_message_may_be_given_exists():
    assert set(IRREGULAR.values()) <= OPTIONS
    regular = {f"--{name.replace('_', '-')}" for name in REGULAR - NOT_SPELLED}
    assert regular <= OPTIONS


# ---- what the library says -----------------------------------------------------------------------------

LIBRARY = sorted(
    path
    for path in (*REPO.glob("mathevalkit/**/*.py"), *REPO.glob("answer_normalizers/**/*.py"))
    if "cli" not in path.parts
)


def _texts(path: Path) -> Iterator[str]:
    """The strings in a module that are no docstrings; what an f-string puts in is a star."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            alone.update(map(id, node.values))
            yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


OTHER_PROGRAMS = {"--always", "--dirty", "--abbrev=40", "--exclude=*"} | {
    "--query-gpu=name,memory.total,driver_version",
    "--format=csv,noheader",
}
"""Flags of git and of nvidia-smi."""


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(REPO).as_posix())
def test_the_library_names_no_flag_and_no_command(path: Path):
    typed = rf"(?<![\w-])--[a-z*]|\bmathevalkit (?:{'|'.join(COMMAND.commands)})\b"
    assert {text for text in _texts(path) if re.search(typed, text)} <= OTHER_PROGRAMS


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(REPO).as_posix())
def test_every_argument_that_the_library_names_is_spelled_as_its_flag(path: Path):
    """An option that a message names belongs into a table of ``cli.output``."""
    for text in _texts(path):
        for name in re.findall(r"`([a-z_]+)(?:[.=][^`]*)?`", text):
            if f"--{name.replace('_', '-')}" in OPTIONS:
                assert name in REGULAR | IRREGULAR.keys(), text
