"""Files and lines that the pages show, which no snippet runs: a suite, a cron line, a workflow."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import yaml

from mathevalkit.nightly.suite import Suite, read_suite
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data
from tests.docs.documents import DOCS, Block, blocks_of, command_of
from tests.places import REPO

NIGHTLY = blocks_of(DOCS / "nightly.md")


def _shown(page: str, name: str) -> Block:
    """The block that is the content of this file."""
    [block] = [block for block in blocks_of(DOCS / page) if block.marks.get("file") == name]
    return block


def test_the_task_is_short_and_loads(tmp_path):
    task = _shown("extend/task.md", "wordproblems.yaml")
    assert task.text.count("\n") <= 15
    for block in (task, _shown("extend/task.md", "wordproblems.jsonl")):
        (tmp_path / block.marks["file"]).write_text(block.text, encoding="utf-8")
    samples = load_data(load_task(tmp_path / "wordproblems.yaml")).samples
    assert all(sample.question and sample.gold and sample.subject for sample in samples)


def test_the_suite_is_valid(tmp_path):
    assert len(_suite(tmp_path).models) == 2


def _suite(folder: Path) -> Suite:
    (folder / "suite.yaml").write_text(_shown("nightly.md", "suite.yaml").text, encoding="utf-8")
    return read_suite(folder / "suite.yaml")


def _understood(shell: str) -> int:
    """How many ``mathevalkit`` commands a shell line runs; each must be understood."""
    found = 0
    for part in re.split(r"&&|\|\|?|;", shell):
        words = shlex.split(part.partition(">")[0])
        if words and Path(words[0]).name == "mathevalkit":
            command, rest = command_of(words[1:])
            command.make_context(command.name, list(rest))
            found += 1
    return found


def test_the_cron_line_runs_the_night():
    [line] = [block.text for block in NIGHTLY if re.match(r"(\S+ ){5}cd ", block.text)]
    *when, shell = line.strip().split(maxsplit=5)
    assert len(when) == 5
    assert "%" not in shell, "cron reads % as a line break"
    assert _understood(shell) == 1


def test_the_workflow_runs_the_night_and_keeps_its_site(tmp_path):
    [block] = [block for block in NIGHTLY if block.language == "yaml" and "runs-on:" in block.text]
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


def test_the_schemas_fields_are_all_on_the_page_of_file_formats():
    from mathevalkit.nightly import suite
    from mathevalkit.tasks import files

    page = (DOCS / "files.md").read_text(encoding="utf-8")
    specs = (files.TaskSpec, files.RecipeSpec, files.RowsSpec, files.HubSpec, files.ShotSpec)
    specs += (suite.SuiteSpec, suite.ModelSpec, suite.TaskSpec, suite.GateSpec)
    for spec in specs:
        for field in spec.model_fields:
            assert f"`{field}`" in page, f"{spec.__name__}.{field}"
