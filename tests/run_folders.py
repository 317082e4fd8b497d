"""Run directories written by hand: real files, any outcomes, in milliseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from mathevalkit.runs.journal import Journal
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.tasks.rows import fingerprint
from mathevalkit.types import ModelInfo, Outcome, Sample, ScoredCompletion
from tests.factories import completion, manifest

TASK = """\
title: Hand-made problems
file: NAME.jsonl
rows:
  id: "{{ id }}"
  question: "{{ question }}"
  gold: "{{ gold }}"
  subject: "{{ subject }}"
  level: "{{ level }}"
recipes:
  plain: {kind: completion, template: "{{ question }}", max_tokens: 64}
defaults: {base: plain, chat: plain, metamath: plain}
"""

SUBJECTS = ("Algebra", "Geometry", "Number Theory")


def problems(count: int, *, prefix: str = "") -> list[Sample]:
    """Problems in three subjects and two levels."""
    return [
        Sample(
            id=f"{prefix}{i}",
            question=f"What is {i}?",
            gold=str(i),
            subject=SUBJECTS[i % 3],
            level=f"Level {1 + i % 2}",
        )
        for i in range(count)
    ]


def write_task(folder: Path, samples: Sequence[Sample], *, name: str = "handmade") -> Path:
    """A task file with these rows beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{f: getattr(s, f) for f in ("id", "question", "gold", "subject", "level")} for s in samples]
    (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    path = folder / f"{name}.yaml"
    path.write_text(TASK.replace("NAME", name))
    return path


def write_run(
    root: Path,
    outcomes: Mapping[str, Outcome | Sequence[Outcome]],
    *,
    samples: Sequence[Sample],
    model: str = "base",
    task_path: Path | None = None,
    run_id: str = "20260101T000000Z-aaaaaa",
    scorers: Sequence[str] = ("auto",),
    answers: Mapping[str, str] | None = None,
    whole: bool = True,
    model_info: ModelInfo | None = None,
    **changes: Any,
) -> Path:
    """A run directory below ``root`` with the outcomes given, by sample id.

    ``answers`` are what each scorer found; by default every wrong answer is its own. ``changes`` are fields
    of the manifest.
    """
    by_id = {sample.id: sample for sample in samples}
    name = task_path.stem if task_path else "handmade"
    lists = {i: [o] if isinstance(o, str) else list(o) for i, o in outcomes.items()}
    n = max(map(len, lists.values()))
    base = manifest()
    recipe = replace(base.recipe, sampling=replace(base.recipe.sampling, n=n))
    facts: dict[str, Any] = {
        "run_id": run_id,
        "identity": {"model": {"name": model}, "task": name, "sampling": {"n": n}},
        "model": model_info or ModelInfo(model=model, backend="replay", backend_version="1"),
        "task": name,
        "data_fingerprint": fingerprint(samples),
        "num_samples": len(lists),
        "recipe": recipe,
        "scorers": tuple(scorers),
        "task_path": str(task_path or ""),
        **changes,
    }
    run = root / model / name / run_id
    with Journal.create(run, replace(base, **facts)) as journal:
        journal.start_verdicts(scorers)
        breakdown = Breakdown(by_id)
        for sample_id, given in lists.items():
            for k, outcome in enumerate(given):
                journal.append(completion(sample_id, k))
                breakdown.add(sample_id, outcome)
                for scorer in scorers:
                    journal.append_verdict(scorer, _verdict(by_id[sample_id], k, outcome, answers))
        if whole:
            journal.finish(
                breakdown.results(
                    journal.manifest,
                    scorer=scorers[0],
                    others={},
                    prompt_tokens=1,
                    completion_tokens=1,
                    run_dir=str(run),
                )
            )
    return run


def _verdict(sample: Sample, k: int, outcome: Outcome, answers: Mapping[str, str] | None) -> ScoredCompletion:
    own = hashlib.sha256(f"{sample.id}/{k}".encode()).hexdigest()[:6]
    found = {"correct": sample.gold, "wrong": (answers or {}).get(sample.id, own), "undecided": own}
    return ScoredCompletion(
        sample_id=sample.id,
        k=k,
        outcome=outcome,
        answer=found.get(outcome),
        span=None,
        rule=None,
        stage="test",
        reason="written by a test",
    )
