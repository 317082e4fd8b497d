"""A suite file is read whole or refused with file, line, field and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathevalkit.errors import TaskFileError
from mathevalkit.nightly.suite import PREVIOUS, Suite, read_suite
from tests.cli.helpers import Sums

SUITE = """\
output: nights
models:
  small: {model: small.gguf, dtype: bfloat16, engine_args: {n_ctx: 512}}
  hub: {model: org/model, max_model_len: 4096}
tasks:
  sums.yaml: {recipes: [plain, chat], limit: 10, scorers: [auto, number]}
  gsm8k:
gate: {max_drop: 1.5}
"""


@pytest.fixture
def folder(sums: Sums) -> Path:
    (sums.folder / "small.gguf").touch()
    return sums.folder


def read(folder: Path, text: str = SUITE) -> Suite:
    path = folder / "suite.yaml"
    path.write_text(text)
    return read_suite(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(TaskFileError) as caught:
        read(folder, text)
    return str(caught.value).removeprefix(f"{folder}/")


def test_a_suite_is_models_times_tasks_times_recipes(folder: Path):
    suite = read(folder)
    assert [model.name for model in suite.models] == ["small", "hub"]
    assert [(job.task.name, job.options.recipe) for job in suite.jobs] == [
        ("sums", "plain"),
        ("sums", "chat"),
        ("gsm8k", None),
    ]
    assert suite.jobs[0].options.limit == 10
    assert suite.jobs[0].options.scorers == ("auto", "number")


def test_files_beside_the_suite_are_found_from_anywhere(folder: Path):
    suite = read(folder)
    small, hub = (model.engine for model in suite.models)
    assert (small.model, small.backend) == (str(folder / "small.gguf"), "llama_cpp")
    assert (small.dtype, small.engine_args) == ("bfloat16", {"n_ctx": 512})
    assert (hub.model, hub.backend, hub.max_model_len) == ("org/model", "vllm", 4096)
    assert (suite.output, suite.site) == (folder / "nights", folder / "nights/site")


def test_the_gate_of_a_suite_counts_in_points_and_judges_against_the_night_before(folder: Path):
    gate = read(folder).gate
    assert (gate.max_drop, gate.alpha, gate.baseline) == (0.015, 0.05, PREVIOUS)


def test_a_model_can_name_the_run_it_is_judged_against(folder: Path):
    text = SUITE.replace("dtype: bfloat16", "baselines: {sums: good/run}")
    assert read(folder, text).models[0].baselines == {"sums": folder / "good/run"}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("limit: 10", "limits: 10", "6: tasks.sums.yaml.limits: unknown field; did you mean 'limit'?"),
        ("limit: 10", "limit: 0", "6: tasks.sums.yaml.limit: input should be greater than 0, got 0"),
        ("limit: 10", "limit: 10, first: 3", "6: tasks.sums.yaml.first: excludes `limit` "),
        ("plain, chat", "plain, chatt", "6: tasks.sums.yaml.recipes.1: no recipe 'chatt'; did you mean"),
        ("gsm8k:", "gsm9k:", "7: tasks.gsm9k: no task 'gsm9k'; did you mean 'gsm8k'?"),
        ("sums.yaml:", "none.yaml:", "6: tasks.none.yaml: "),
        ("  hub:", "  ../hub:", "4: models.../hub: cannot name a folder"),
        ("  hub:", "  small:", "4: models.small: given twice, first in line 3; keep one"),
        ("model: org/model", "modle: org/model", "4: models.hub.model: missing; add `model: ...`"),
        ("max_drop: 1.5", "alpha: 0.7", "8: gate.alpha: input should be less than 0.5, got 0.7"),
        ("max_drop: 1.5", "baseline: a/b", "8: gate.baseline: expected `previous` or the id"),
        (", max_model_len: 4096", ", baselines: {gms8k: x}", "4: models.hub.baselines.gms8k: no such task"),
        ("output: nights\n", "", "1: output: missing"),
        ("plain, chat", "", "6: tasks.sums.yaml.recipes: "),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_remedy(folder: Path, before: str, after: str, message: str):
    assert SUITE.count(before) == 1
    assert refused(folder, SUITE.replace(before, after)).startswith(f"suite.yaml:{message}")
