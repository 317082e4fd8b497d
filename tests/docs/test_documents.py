"""The documents against the code and one another: commands, options, links, navigation, names."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

import answer_normalizers
import mathevalkit
from mathevalkit.cli.app import app
from mathevalkit.cli.options import RunArguments, read_request
from tests.docs.documents import (
    DOCS,
    DOCUMENTS,
    blocks_of,
    command_of,
    mathevalkit_calls,
    name_of,
    prose_of,
    without_redirections,
)
from tests.places import REPO

sys.path.append(str(DOCS))
import made  # the site's own module, beside its pages

PAGES = [document for document in DOCUMENTS if document.is_relative_to(DOCS)]
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


# ---- commands ----------------------------------------------------------------------------------------


def _calls() -> Iterator[pytest.param]:
    for document in DOCUMENTS:
        for block in blocks_of(document):
            if block.language in ("sh", "console"):
                for words in mathevalkit_calls(block):
                    yield pytest.param(words, id=f"{block.place}: {' '.join(words)}")


@pytest.mark.parametrize("words", list(_calls()))
def test_a_command_line_is_understood(words):
    command, rest = command_of(without_redirections(words))
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


@documents
def test_every_option_the_text_mentions_exists(document):
    ours = re.findall(r"`(?:mathevalkit [^`]*?)?(--[a-z][a-z-]+)[^`]*`", prose_of(document))
    assert set(ours) <= _all_options()


def test_every_command_is_in_the_guide():
    guide = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    names = typer.main.get_command(app).commands
    assert [name for name in names if not re.search(rf"mathevalkit {name}\b|`{name}`", guide)] == []


def test_the_command_reference_lists_the_commands_of_the_help():
    top = typer.main.get_command(app)
    listed = top.get_help(typer.Context(top)).partition("Commands:\n")[2].partition("\n\n")[0]
    wanted = re.findall(r"^  (\w+)  ", listed, re.MULTILINE)
    page = made.fill((DOCS / "cli.md").read_text(encoding="utf-8"))
    shown = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert wanted
    assert shown == ["mathevalkit", *wanted]


# ---- links and navigation ----------------------------------------------------------------------------


def _anchors(document: Path) -> set[str]:
    text = made.fill(document.read_text(encoding="utf-8"))
    for included in re.findall(r"^```\{include\} (\S+)$", text, re.MULTILINE):
        text += (document.parent / included).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@documents
def test_every_link_leads_somewhere(document):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", prose_of(document)):
        if re.match(r"https?://|mailto:", target):
            continue
        found = (document.parent / target) if target else document
        assert found.exists(), f"{name_of(document)} links to {target}, which does not exist"
        if anchor:
            assert anchor in _anchors(found), f"{name_of(document)} links to {target}#{anchor}"


def test_every_page_is_in_the_navigation():
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "{toctree}":
                lines = [line for line in block.text.splitlines() if line and line[0] != ":"]
                listed |= {page.parent / f"{line}.md" for line in lines}
    assert set(PAGES) == listed


def test_no_document_speaks_of_a_folder_outside_the_checkout():
    for document in DOCUMENTS:
        assert "../shared" not in document.read_text(encoding="utf-8"), name_of(document)


# ---- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", [mathevalkit, answer_normalizers], ids=lambda package: package.__name__)
def test_every_public_name_is_documented(package):
    text = (DOCS / "api" / f"{package.__name__}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (\w+)$", made.fill(text), re.MULTILINE)
    assert set(headings) >= {name for name in package.__all__ if not name.startswith("__")}


def test_a_public_name_without_a_docstring_fails_the_build(monkeypatch):
    def undocumented():
        pass

    monkeypatch.setattr(mathevalkit, "compare", undocumented, raising=False)
    with pytest.raises(made.UndocumentedError, match=r"mathevalkit\.compare is public and has no docstring"):
        made.api("mathevalkit")


def test_every_policy_stands_on_the_engines_page_with_its_default():
    page = made.fill((DOCS / "engine.md").read_text(encoding="utf-8"))
    for field in fields(answer_normalizers.Policy):
        assert f"### {field.name}\n" in page
        assert f"by default `{field.default!r}`" in page


def test_a_mark_that_nothing_is_made_for_fails_the_build():
    with pytest.raises(made.UndocumentedError, match="nothing is made under that name"):
        made.fill("<!-- made: nonsense -->")


def test_every_benchmark_is_described():
    text = (REPO / "benchmarks" / "README.md").read_text(encoding="utf-8")
    scripts = {path.name for path in (REPO / "benchmarks").glob("*.py")}
    assert set(re.findall(r"^\| `(\w+\.py)`", text, re.MULTILINE)) == scripts


def test_the_architecture_names_the_packages_in_their_order():
    """The table of docs/architecture.md against ``PACKAGES``; a package's line is its docstring's first."""
    from tests.test_imports import PACKAGES

    rows = re.findall(
        r"^\| `([\w.]+)` \|", (DOCS / "architecture.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == list(PACKAGES)
