"""The one command to try next, made from the command that was given.

>>> argv = ["mathevalkit", "run", "--model", "m", "--limit=64"]
>>> changed(argv, drop=["--limit"], add={"--max-tokens": "1024"})
'mathevalkit run --model m --max-tokens 1024'
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mathevalkit.runs.results import Results
from mathevalkit.types import Plan

MANY_TRUNCATED = 0.05
"""From this share of truncated completions on, the token budget decides the score."""

FLAGS_WITHOUT_VALUE = frozenset({"--new", "--dry-run", "--no-preflight", "--json", "--quiet", "-q"})
TWINS = {"gsm8k": "math", "math": "gsm8k", "demo": "gsm8k"}
"""The task that a reader of this one wants to see beside it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what it is for."""

    command: str
    reason: str


def next_step(plan: Plan, results: Results, *, argv: Sequence[str]) -> Step:
    """What to do after a run, the most urgent first."""
    outcomes, total = results.overall.outcomes, results.overall.completions
    budget = plan.recipe.sampling.max_tokens
    if outcomes["backend_error"]:
        return Step(
            going_on(results.run_dir), f"generate the {outcomes['backend_error']:,} that failed once more"
        )
    if plan.engine.backend == "replay":
        return Step(shown(results.run_dir), "see this table again")
    if outcomes["truncated"] > MANY_TRUNCATED * total:
        return Step(
            changed(argv, drop=["--new", "--resume"], add={"--max-tokens": str(2 * budget)}),
            f"give the {outcomes['truncated']:,} truncated completions room",
        )
    if len(plan.samples) < len(plan.data.samples):
        return Step(
            changed(argv, drop=["--limit", "--first", "--new", "--resume"]),
            f"run all {len(plan.data.samples):,} problems",
        )
    twin = TWINS.get(plan.task.name)
    if twin is not None and not any(word.startswith(("--resume", "--data-file")) for word in argv):
        return Step(
            changed(argv, drop=["--new", "-t", "--recipe"], add={"--task": twin}), f"the same model on {twin}"
        )
    return Step(shown(results.run_dir), "see this table again")


def next_after_several(finished: Sequence[Results]) -> Step:
    """What to do after several runs: compare two models on one task, where there are two."""
    first = finished[0]
    others = [run for run in finished[1:] if run.task == first.task and run.model != first.model]
    if others:
        runs = [first.run_dir, *(run.run_dir for run in others)]
        return Step(
            shlex.join(["mathevalkit", "compare", *runs]),
            f"compare the models on {first.task}, sample by sample",
        )
    return Step(shown(first.run_dir), "see the first table again")


def going_on(run_dir: str) -> str:
    """The command that goes on with a run."""
    return shlex.join(["mathevalkit", "run", "--resume", run_dir])


def shown(run_dir: str) -> str:
    """The command that prints a run's table."""
    return shlex.join(["mathevalkit", "show", run_dir])


def changed(argv: Sequence[str], *, drop: Sequence[str] = (), add: Mapping[str, str] | None = None) -> str:
    """The command without the options in ``drop``, and with those in ``add`` instead of what it gave."""
    added = add or {}
    gone = {*drop, *added}
    words = ["python", "-m", "mathevalkit"] if Path(argv[0]).name == "__main__.py" else [Path(argv[0]).name]
    skip = False
    for word in argv[1:]:
        name, equals, _ = word.partition("=")
        if skip:
            skip = False
        elif name in gone:
            skip = not equals and name not in FLAGS_WITHOUT_VALUE
        else:
            words.append(word)
    for name, value in added.items():
        words += [name, value]
    return shlex.join(words)
