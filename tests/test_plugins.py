"""The guide's scorer in somebody else's package, used by every command that takes a scorer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import DOCS, blocks_of
from tests.places import REPO
from tests.scoring.test_rescore import write_lines


def shown(name: str) -> str:
    """The file that the guide shows."""
    [block] = [b for b in blocks_of(DOCS / "extend" / "scorer.md") if b.marks.get("file") == name]
    return block.text


MODULE = shown("nearly_scorer.py")
ENTRY_POINTS = (
    shown("pyproject.toml").partition("\n\n")[2].replace('"', "").replace("project.entry-points.", "")
)
TASK = """\
title: Sums
file: rows.jsonl
rows: {id: "{{ id }}", question: "{{ question }}", gold: "{{ gold }}"}
recipes:
  plain:
    kind: completion
    template: "Q: {{ question }}"
    max_tokens: 64
    scorer: nearly
    also_scorers: [auto]
defaults: {base: plain, chat: plain, metamath: plain}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the path with the package installed in it."""
    folder = tmp_path / "site"
    info = folder / "nearly_scorer-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "nearly_scorer.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nearly_scorer\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def mathevalkit(site: Path, *argv: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "mathevalkit", *argv, "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(REPO)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def generations(tmp_path: Path) -> Path:
    texts = ["The answer is 100.", "The answer is 95.", "The answer is 50."]
    return write_lines(
        tmp_path / "generations.jsonl",
        *({"id": str(i), "text": text, "gold": "100"} for i, text in enumerate(texts)),
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rescore_takes_it_by_name(site, generations, jobs):
    argv = ["rescore", str(generations), "--scorer", "nearly", "--scorer", "auto", "--jobs", jobs]
    rows = {row["scorer"]: row["outcomes"]["correct"] for row in mathevalkit(site, *argv)["rows"]}
    assert rows == {"nearly": 2, "auto": 1}


def test_rescore_takes_it_as_module_and_function(site, generations):
    rows = mathevalkit(site, "rescore", str(generations), "--scorer", "nearly_scorer:nearly")["rows"]
    assert [row["outcomes"]["correct"] for row in rows] == [2]


def test_all_means_it_too(site, generations):
    rows = mathevalkit(site, "rescore", str(generations), "--all")["rows"]
    assert "nearly" in {row["scorer"] for row in rows}


def test_a_task_file_names_it(site, tmp_path):
    (tmp_path / "sums.yaml").write_text(TASK)
    write_lines(tmp_path / "rows.jsonl", *({"id": str(i), "question": "?", "gold": "100"} for i in range(3)))
    recorded = write_lines(
        tmp_path / "recorded.jsonl",
        *(
            {"sample_id": str(i), "k": 0, "text": f"The answer is {100 - 5 * i}.", "finish_reason": "stop"}
            for i in range(3)
        ),
    )
    results = mathevalkit(
        site,
        *("run", "--model", str(recorded), "--backend", "replay", "--task", str(tmp_path / "sums.yaml")),
        *("--output-dir", str(tmp_path / "runs"), "--no-preflight"),
    )
    assert results["scorer"] == "nearly"
    assert results["overall"]["outcomes"]["correct"] == 3
    assert results["other_scorers"]["auto"]["value"] == pytest.approx(1 / 3)


def test_selftest_and_explain_take_it_too(site, generations):
    found = mathevalkit(site, "selftest", "--task", "demo", "--scorer", "nearly", "--limit", "20")
    near = {row["miss"]: row for row in found["misses"]}
    assert near["per_mille_off"]["accepted"]["nearly"] == near["per_mille_off"]["tried"]
    explained = mathevalkit(site, "explain", str(generations), "1", "--scorer", "nearly")
    assert explained["opinions"][0]["outcome"] == "correct"


def test_where_it_is_not_installed_its_name_is_unknown(generations):
    done = subprocess.run(
        [sys.executable, "-m", "mathevalkit", "rescore", str(generations), "--scorer", "nearly"],
        capture_output=True,
        text=True,
        cwd=REPO,
        check=False,
    )
    assert done.returncode == 2
    assert "no scorer is called 'nearly'" in done.stderr
