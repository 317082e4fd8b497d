"""What is added from outside, used by every command that takes it: by its place, or registered by a package.

The scorer is the guide's; the backend and the exporter are one file together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from answer_normalizers.extraction.strategies import BUILTIN_EXTRACTORS, get_extractor
from answer_normalizers.grading import BUILTIN_NORMALIZERS, BUILTIN_SCORERS, get_normalizer, get_scorer
from answer_normalizers.plugins import Registry
from mathevalkit.backends.base import BUILTIN_BACKENDS
from mathevalkit.exporters.export import BUILTIN_EXPORTERS
from tests.cli.helpers import Sums
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


# ---- a backend and an exporter -------------------------------------------------------------------------

PARROT = '''
from mathevalkit.exporters.base import ExportFile
from mathevalkit.types import Completion, ModelInfo


class Parrot:
    """A backend that says the prompt again."""

    tokenizer = None
    restarts = 0

    def __init__(self, options):
        self.model = options.model

    def start(self):
        return ModelInfo(model=self.model, backend="parrot", backend_version="1")

    def load(self):
        pass

    def generate(self, requests):
        for request in requests:
            yield Completion(request.sample_id, request.k, text=request.prompt, finish_reason="stop")

    def close(self):
        pass


def count(runs, options):
    """An exporter that writes how many runs there are."""
    yield ExportFile("count.txt", [str(len(runs)).encode()])
'''


REGISTERED = """\
[mathevalkit.backends]
parrot = parrot:Parrot
[mathevalkit.exporters]
count = parrot:count
"""


@pytest.mark.parametrize(
    ("backend", "form", "registered"),
    [("parrot:Parrot", "parrot:count", ""), ("parrot", "count", REGISTERED)],
    ids=["by its place", "by its name"],
)
def test_a_backend_and_an_exporter_are_one_file(site, tmp_path, backend, form, registered):
    (site / "parrot.py").write_text(PARROT)
    (site / "nearly_scorer-1.0.dist-info" / "entry_points.txt").write_text(registered)
    (tmp_path / "sums.yaml").write_text(TASK.replace("nearly", "auto"))
    write_lines(tmp_path / "rows.jsonl", *({"id": str(i), "question": "= 7", "gold": "7"} for i in range(3)))
    results = mathevalkit(
        site,
        *("run", "--model", "polly", "--backend", backend, "--task", str(tmp_path / "sums.yaml")),
        *("--output-dir", str(tmp_path / "runs"), "--no-preflight"),
    )
    assert results["overall"]["outcomes"]["correct"] == 3
    [file] = mathevalkit(site, "export", results["run_dir"], "--format", form, "--out", str(tmp_path))[
        "files"
    ]
    assert Path(file).read_text() == "1"


# ---- what is built in ----------------------------------------------------------------------------------


def _load(table: Mapping[str, str], name: str) -> object:
    return Registry[object]("thing", "no.such.group", table).load(name)


@pytest.mark.parametrize("name", [*BUILTIN_BACKENDS])
def test_every_built_in_backend_is_where_the_table_says(name):
    assert callable(_load(BUILTIN_BACKENDS, name))


@pytest.mark.parametrize("name", [*BUILTIN_EXPORTERS])
def test_every_built_in_exporter_is_where_the_table_says(name):
    assert callable(_load(BUILTIN_EXPORTERS, name))


def test_every_other_built_in_name_is_where_its_table_says():
    assert all(callable(get_scorer(name)) for name in BUILTIN_SCORERS)
    assert all(callable(get_extractor(name)) for name in BUILTIN_EXTRACTORS)
    assert all(callable(get_normalizer(name)) for name in BUILTIN_NORMALIZERS)


def test_a_checkout_that_was_never_installed_has_them_all(tmp_path):
    """The packages of this environment, without our own metadata and without the path to our checkout."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in Path(orjson.__file__).parents[1].iterdir():
        if "mathevalkit" not in path.name:
            (packages / path.name).symlink_to(path)
    sums = Sums(tmp_path)
    path = os.pathsep.join([str(REPO), str(packages)])
    command = [sys.executable, "-S", "-m", "mathevalkit", *sums.command, "--backend", "replay", "--json"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overall"]["outcomes"]["correct"] == 20
