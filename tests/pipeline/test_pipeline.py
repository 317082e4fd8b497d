"""The pipeline end to end on recorded completions: resume, refusal, retries, several tasks."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import mathevalkit
from mathevalkit.errors import BackendUnavailableError, ManifestMismatchError, UsageError
from mathevalkit.pipeline.evaluation import Observer, evaluate, evaluate_all
from mathevalkit.runs.journal import GENERATIONS, RESULTS
from mathevalkit.runs.reader import load_run
from mathevalkit.runs.results import Results
from mathevalkit.types import EngineOptions, Plan, Progress, RunOptions
from tests.places import REPO

TASK = """\
title: Sums
file: rows.jsonl
rows:
  id: "{{ id }}"
  question: "{{ question }}"
  gold: "{{ gold }}"
  subject: "{{ subject }}"
  level: "{{ level }}"
recipes:
  plain:
    kind: completion
    template: "Q: {{ question }}"
    max_tokens: 64
defaults: {base: plain, chat: plain, metamath: plain}
"""


class Recorder(Observer):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.warnings: list[str] = []
        self.snapshots: list[Progress] = []
        self.opened: list[int] = []
        self.repeated: list[bool] = []

    def phase(self, name: str, detail: str = "") -> None:
        self.phases.append(name)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, progress: Progress) -> None:
        self.snapshots.append(progress)

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        self.opened.append(resumed)

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:
        self.repeated.append(repeated)


class Problems:
    """A task of ``n`` sums in a folder, with recorded completions for them."""

    def __init__(self, folder: Path, n: int = 30) -> None:
        self.folder = folder
        self.n = n
        self.task = folder / "sums.yaml"
        self.task.write_text(TASK)
        self.rows = folder / "rows.jsonl"
        self.rows.write_bytes(
            b"".join(
                orjson.dumps(
                    {
                        "id": str(i),
                        "question": f"What is {i} + {i}?",
                        "gold": str(2 * i),
                        "subject": ("Algebra", "Geometry")[i % 2],
                        "level": str(i % 3),
                    }
                )
                + b"\n"
                for i in range(n)
            )
        )
        self.recorded = folder / "recorded.jsonl"
        self.record({str(i): f"The answer is: {2 * i + (i % 3 == 0)}" for i in range(n)})

    def record(self, texts: dict[str, str], **fields: Any) -> None:
        lines = [
            {"sample_id": i, "k": 0, "text": t, "finish_reason": "stop"} | fields for i, t in texts.items()
        ]
        self.recorded.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))

    def options(self, **changes: Any) -> RunOptions:
        base = RunOptions(data_file=str(self.rows), output_dir=str(self.folder / "runs"), preflight=False)
        return replace(base, **changes)

    def run(self, observer: Observer | None = None, **changes: Any) -> Results:
        return evaluate(
            model=str(self.recorded),
            task=str(self.task),
            backend="replay",
            options=self.options(**changes),
            observer=observer,
        )


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    return Problems(tmp_path)


def verdicts(results: Results) -> dict[tuple[str, int], str]:
    lines = (Path(results.run_dir) / "verdicts.auto.jsonl").read_bytes().splitlines()[1:]
    return {(r["sample_id"], r["k"]): r["outcome"] for r in map(orjson.loads, lines)}


def test_the_backend_is_chosen_by_the_model_where_none_is_named(problems: Problems) -> None:
    model, task = str(problems.recorded), str(problems.task)
    results = evaluate(model=model, task=task, options=problems.options())
    assert load_run(results.run_dir)[0].model.backend == "replay"
    other = EngineOptions(model="", backend="nosuch")
    with pytest.raises(BackendUnavailableError, match="nosuch"):
        evaluate(model=model, task=task, options=problems.options(), engine=other)


def test_recorded_completions_become_results(problems: Problems) -> None:
    results = problems.run()
    assert results.overall.completions == 30
    assert results.overall.outcomes["correct"] == 20
    assert results.overall.outcomes["wrong"] == 10
    assert [g.name for g in results.by_subject] == ["Algebra", "Geometry"]
    assert len(results.by_subject_level) == 6
    assert len(verdicts(results)) == 30
    manifest, on_disk = load_run(results.run_dir)
    assert on_disk == results
    assert manifest.num_samples == 30
    assert manifest.recipe.name == "plain"


def test_the_same_command_again_generates_nothing_and_gives_the_same_results(problems: Problems) -> None:
    first = problems.run()
    seen = Recorder()
    again = problems.run(observer=seen)
    assert again == first
    assert seen.repeated == [True]
    assert "weights" not in seen.phases


def test_new_starts_a_run_of_its_own(problems: Problems) -> None:
    first = problems.run()
    assert problems.run(new=True).run_dir != first.run_dir


def test_an_interrupted_run_is_resumed_by_the_same_command(problems: Problems) -> None:
    whole = problems.run()
    judged = verdicts(whole)
    run_dir = Path(whole.run_dir)
    (run_dir / RESULTS).unlink()
    file = run_dir / GENERATIONS
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:12]) + lines[12][:20])  # header, 11 whole lines, a torn one
    seen = Recorder()
    results = problems.run(observer=seen)
    assert results.run_dir == whole.run_dir
    assert seen.opened == [11]
    assert any("torn" in w for w in seen.warnings)
    assert results.overall == whole.overall
    assert verdicts(results) == judged
    assert results.sessions == 2
    ids = [orjson.loads(line)["sample_id"] for line in file.read_bytes().splitlines()[1:]]
    assert sorted(ids, key=int) == [str(i) for i in range(30)]


def test_another_sampling_is_another_run(problems: Problems) -> None:
    assert problems.run(max_tokens=32).run_dir != problems.run().run_dir


def test_resuming_a_run_with_other_settings_is_refused_with_the_difference(problems: Problems) -> None:
    first = problems.run()
    with pytest.raises(ManifestMismatchError, match=r"sampling\.max_tokens: on disk 64, now 32"):
        problems.run(resume=first.run_dir, max_tokens=32)


def test_a_failed_sample_is_no_wrong_answer(problems: Problems) -> None:
    problems.record({str(i): f"The answer is: {2 * i}" for i in range(30) if i not in {3, 4}})
    results = problems.run()
    assert results.overall.outcomes["backend_error"] == 2
    assert results.accuracy.value == 1.0
    assert results.accuracy.floor == 28 / 30
    assert results.accuracy.ceiling == 1.0


def test_a_failed_sample_is_tried_again_on_resume(problems: Problems) -> None:
    whole = problems.run()
    run_dir = Path(whole.run_dir)
    file = run_dir / GENERATIONS
    records = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    records[5] |= {"text": "", "finish_reason": "error", "error": "the engine died"}
    file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    results = problems.run(resume=str(run_dir))
    assert results.overall == whole.overall
    ids = [orjson.loads(line)["sample_id"] for line in file.read_bytes().splitlines()[1:]]
    assert len(ids) == 31
    assert ids[-1] == records[5]["sample_id"]


def test_limit_and_first_exclude_each_other(problems: Problems) -> None:
    with pytest.raises(UsageError, match=r"`limit` .* and `first`"):
        problems.run(limit=3, first=3)


def test_limit_takes_a_seeded_sample(problems: Problems) -> None:
    a, b = problems.run(limit=10), problems.run(limit=10, seed=1)
    assert len(verdicts(a)) == len(verdicts(b)) == 10
    assert set(verdicts(a)) != set(verdicts(b))
    assert set(verdicts(problems.run(limit=10, new=True))) == set(verdicts(a))


def test_another_scorer_scores_the_whole_run_again_without_generating(problems: Problems) -> None:
    first = problems.run()
    seen = Recorder()
    again = problems.run(observer=seen, scorers=("boxed", "auto"))
    assert again.run_dir == first.run_dir
    assert "weights" not in seen.phases
    assert again.overall.outcomes["no_answer"] == 30  # no box in any of them
    assert again.other_scorers["auto"].value == first.accuracy.value
    assert again.seconds["generation"] == first.seconds["generation"]


def test_both_answers_pass_through_the_normaliser_that_a_recipe_names(
    problems: Problems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forgetful.py").write_text("def forget(answer):\n    return '7'\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert problems.run().accuracy.value == 20 / 30
    forgetting = "max_tokens: 62\n    normalizer: forgetful:forget"
    problems.task.write_text(TASK.replace("max_tokens: 64", forgetting))
    assert problems.run().accuracy.value == 1.0


def test_several_tasks_and_models_in_one_call(problems: Problems, tmp_path: Path) -> None:
    second = tmp_path / "again.yaml"
    second.write_text(TASK)
    copy = tmp_path / "copy.jsonl"
    shutil.copy(problems.recorded, copy)
    models = [EngineOptions(model=str(m), backend="replay") for m in (problems.recorded, copy)]
    results = evaluate_all(models=models, tasks=[str(problems.task), str(second)], options=problems.options())
    assert [(Path(r.run_dir).parent.parent.name, r.task) for r in results] == [
        ("recorded.jsonl", "sums"),
        ("recorded.jsonl", "again"),
        ("copy.jsonl", "sums"),
        ("copy.jsonl", "again"),
    ]


def test_progress_ends_with_everything_done(problems: Problems) -> None:
    seen = Recorder()
    results = problems.run(observer=seen)
    last = seen.snapshots[-1]
    assert (last.done, last.total) == (30, 30)
    assert last.accuracy == results.accuracy


def test_a_scorer_that_fails_leaves_the_sample_undecided(
    problems: Problems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_scorer.py").write_text(
        "def score(*, gold, text):\n    raise ZeroDivisionError('oops')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    results = problems.run(scorers=("broken_scorer:score", "auto"))
    assert results.overall.outcomes["undecided"] == 30
    assert results.accuracy.ceiling == 1.0
    assert results.other_scorers["auto"].value == 20 / 30


def test_evaluate_is_the_public_api() -> None:
    assert mathevalkit.evaluate is evaluate


PLUGIN = """\
import time
from mathevalkit.backends.replay import ReplayBackend

class Paced(ReplayBackend):
    '''A recording that takes its time, and notes what it was asked for.'''

    def generate(self, requests):
        def noted():
            with open({asked!r}, "a") as file:
                for request in requests:
                    file.write(request.sample_id + "\\n")
                    file.flush()
                    yield request
        for completion in super().generate(noted()):
            time.sleep(0.004)
            yield completion
"""


def install_paced_backend(folder: Path, asked: Path) -> Path:
    """A plug-in as pip would install it: a module and its entry point, in a folder of its own."""
    site = folder / "site"
    info = site / "paced-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "paced_backend.py").write_text(PLUGIN.format(asked=str(asked)))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paced\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mathevalkit.backends]\npaced = paced_backend:Paced\n")
    return site


def test_killed_at_twenty_random_moments_the_verdicts_equal_an_undisturbed_run(tmp_path: Path) -> None:
    problems = Problems(tmp_path, n=400)
    undisturbed = problems.run(output_dir=str(tmp_path / "undisturbed"))
    site = install_paced_backend(tmp_path, tmp_path / "asked.txt")
    command = [sys.executable, "-m", "mathevalkit", "run", "--backend", "paced", "--no-preflight", "--quiet"]
    command += [
        "--model",
        str(problems.recorded),
        "--task",
        str(problems.task),
        "--data-file",
        str(problems.rows),
    ]
    command += ["--output-dir", str(tmp_path / "runs")]
    env = os.environ | {"PYTHONPATH": str(site)}
    rng = random.Random(20260101)
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=REPO
        )
        deadline = time.monotonic() + 20
        files = list((tmp_path / "runs").glob(f"*/*/*/{GENERATIONS}"))
        before = files[0].stat().st_size if files else 0
        while process.poll() is None and time.monotonic() < deadline:
            files = files or list((tmp_path / "runs").glob(f"*/*/*/{GENERATIONS}"))
            if files and files[0].stat().st_size > before:
                break
            time.sleep(0.002)
        time.sleep(rng.random() * 0.06)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        if results := list((tmp_path / "runs").glob(f"*/*/*/{RESULTS}")):
            break
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=REPO, check=False)
    assert done.returncode == 0, done.stderr
    assert kills >= 10
    (results,) = (tmp_path / "runs").glob(f"*/*/*/{RESULTS}")
    _, final = load_run(results.parent)
    assert final is not None
    assert final.overall == undisturbed.overall
    assert verdicts(replace(final, run_dir=str(results.parent))) == verdicts(undisturbed)
    ids = [
        orjson.loads(line)["sample_id"]
        for line in (results.parent / GENERATIONS).read_bytes().splitlines()[1:]
    ]
    assert len(ids) == len(set(ids)) == 400
