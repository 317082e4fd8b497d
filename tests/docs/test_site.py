"""The site builds strictly, and fails where it must. Needs Sphinx, which `make docs` installs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import DOCS
from tests.places import REPO

pytest.importorskip("sphinx", reason="Sphinx is not installed; `make docs` installs it")


def _build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = ["-m", "sphinx", "--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    return subprocess.run(
        [sys.executable, *command, str(docs), str(site)],
        capture_output=True,
        text=True,
        check=False,
        cwd=docs.parent,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the documents, the code beside them."""
    for name in ("docs", "benchmarks"):
        shutil.copytree(REPO / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO / "CONTRIBUTING.md", tmp_path)
    for name in ("mathevalkit", "answer_normalizers"):
        (tmp_path / name).symlink_to(REPO / name)
    return tmp_path


def test_the_site_builds_and_loads_nothing_from_the_network(checkout):
    done = _build(checkout / "docs", checkout / "site")
    assert done.returncode == 0, done.stderr
    pages = list((checkout / "site").rglob("*.html"))
    assert len(pages) > len(list(DOCS.rglob("*.md")))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//[^\"]*", text)
        loaded += re.findall(r"<link\b[^>]*\bhref=\"(?:https?:)?//[^\"]*", text)
        assert loaded == [], page.name
    for sheet in (checkout / "site" / "_static").rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")), (
            sheet
        )


FAULTS = {
    "[x](nowhere.md)": "cross-reference target not found: 'nowhere.md'",
    "[x](score.md#nowhere)": "local id not found in doc 'score': 'nowhere'",
    "![x](images/nothing.png)": "image file not readable: images/nothing.png",
    "<!-- made: module mathevalkit.nothing -->": "No module named 'mathevalkit.nothing'",
}
"""What is written into a page, and what the build says of it."""


def test_faults_fail_the_build_and_each_is_named(checkout):
    for page, fault in zip(("run.md", "compare.md", "report.md", "cli.md"), FAULTS, strict=True):
        path = checkout / "docs" / page
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{fault}\n", encoding="utf-8")
    (checkout / "docs" / "orphan.md").write_text("# In no navigation\n", encoding="utf-8")
    done = _build(checkout / "docs", checkout / "site")
    assert done.returncode != 0
    for complaint in (*FAULTS.values(), "orphan.md: WARNING: document isn't included in any toctree"):
        assert complaint in done.stderr
