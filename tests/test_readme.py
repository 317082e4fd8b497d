"""The README is short, and leads on. Its snippets and links are tested in `tests/docs/`."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.places import REPO

README = (REPO / "README.md").read_text(encoding="utf-8")


def test_it_is_short():
    assert len(README.encode()) <= 6_000


def test_it_leads_to_every_page_that_has_no_page_above_it():
    listed = re.findall(r"^(\w+)$", (REPO / "docs" / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    elsewhere = {
        "cli": "files",
        "benchmarks": "benchmarks/README.md",
        "contributing": "CONTRIBUTING.md",
    }
    for page in listed:
        assert elsewhere.get(page, f"docs/{page}.md") in README, page


def test_what_it_names_is_in_the_source_archive():
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    always = {"README.md", "LICENSE", "pyproject.toml"}
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        first = target.split("/")[0]
        assert first in always or f"/{first}" in included, target


def test_the_extras_it_installs_exist():
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"'\.\[([\w-]+)\]'", README)
    assert named
    assert set(named) <= set(project["optional-dependencies"])


def test_the_citation_names_the_version():
    from mathevalkit import __version__

    citation = yaml.safe_load((REPO / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == __version__
    assert citation["license"] == "Apache-2.0"
