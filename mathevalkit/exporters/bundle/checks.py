"""What a bundle says, computed again: verdict by verdict, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mathevalkit.errors import RunDirectoryError, TaskError
from mathevalkit.runs.journal import MANIFEST
from mathevalkit.runs.results import Results
from mathevalkit.runs.sources import Source
from mathevalkit.scoring.judge import Judge, ScorerOptions
from mathevalkit.scoring.tally import RunTally
from mathevalkit.tasks.rows import fingerprint
from mathevalkit.types import Accuracy, Group, RunManifest, Sample, ScoredCompletion

Verdicts: TypeAlias = Mapping[tuple[str, int], ScoredCompletion]
"""By sample id and ``k``."""
Judged: TypeAlias = Mapping[tuple[str, int], list[ScoredCompletion]]
"""One verdict a scorer, by sample id and ``k``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as the bundle says."""

    what: str
    """``verdict``, ``results``, ``samples``, or ``scorer`` where it is not registered here."""
    where: str
    """Scorer, sample and k; or the field."""
    recorded: str
    found: str


def usable(scorers: Mapping[str, str], manifest: RunManifest) -> tuple[tuple[str, ...], list[Difference]]:
    """The scorers registered here. A bundle must not name code to run, so ``module:function`` is none.

    Raises:
        RunDirectoryError: the recipe reads texts in a way that is not registered here.
    """
    from answer_normalizers.extraction.strategies import list_extractors
    from answer_normalizers.grading import list_normalizers, list_scorers

    options = ScorerOptions.of(manifest.recipe)
    for kind, name, known in (
        ("extraction strategy", options.strategy, list_extractors()),
        ("normaliser", options.normalizer, list_normalizers()),
    ):
        if name is not None and name not in known:
            raise RunDirectoryError(
                f"{MANIFEST}: the {kind} {name!r} is not registered here; install the package that has it"
            )
    scorers_here = set(list_scorers())
    missing = [
        Difference(what="scorer", where=name, recorded=file, found="not registered here: not checked")
        for name, file in scorers.items()
        if name not in scorers_here
    ]
    return tuple(name for name in scorers if name in scorers_here), missing


def sample_differences(manifest: RunManifest, samples: Mapping[str, Sample]) -> list[Difference]:
    """Of the rows: their number, and for a whole benchmark their fingerprint."""
    found = []
    if len(samples) != manifest.num_samples:
        found.append(("number of samples", str(manifest.num_samples), str(len(samples))))
    if _all_rows(manifest) and (digest := fingerprint(samples.values())) != manifest.data_fingerprint:
        found.append(("fingerprint of the rows", manifest.data_fingerprint, digest))
    return [Difference(what="samples", where=w, recorded=r, found=f) for w, r, f in found]


def _all_rows(manifest: RunManifest) -> bool:
    return manifest.selection.limit is None and manifest.selection.first is None


def rows_known(manifest: RunManifest, samples: Mapping[str, Sample]) -> bool | None:
    """By the task file of that name that is packaged here, never by the bundle's own word."""
    from mathevalkit.tasks.finding import load_task, task_names

    if manifest.task not in task_names() or not _all_rows(manifest):
        return None
    try:
        known = load_task(manifest.task).fingerprints
    except TaskError:
        return None
    return fingerprint(samples.values()) in known if known else None


def judge_again(
    folder: Path,
    manifest: RunManifest,
    samples: Mapping[str, Sample],
    scorers: tuple[str, ...],
    tally: RunTally,
) -> Judged:
    """Every completion under every scorer, counted."""
    source = Source(path=folder, manifest=manifest, samples=samples)
    judge = Judge(scorers, ScorerOptions.of(manifest.recipe))
    judged = {}
    for generation in source.generations():
        lines = judged[generation.completion.key] = judge.judge(generation)
        tally.add(lines)
    return judged


def verdict_differences(
    scorer: str,
    *,
    recorded: Verdicts,
    found: Verdicts,
) -> Iterator[Difference]:
    """A verdict is the outcome and the answer it was given for."""
    for key in dict.fromkeys([*found, *recorded]):
        before, now = _verdict_text(recorded.get(key)), _verdict_text(found.get(key))
        if before != now:
            yield Difference(
                what="verdict", where=f"{scorer}, sample {key[0]}, k {key[1]}", recorded=before, found=now
            )


def _verdict_text(line: ScoredCompletion | None) -> str:
    if line is None:
        return "none"
    return line.outcome if line.answer is None else f"{line.outcome}: {line.answer}"


def result_differences(results: Results, tally: RunTally) -> Iterator[Difference]:
    """The aggregates, group by group: counts, and the accuracy to twelve digits."""
    breakdown, others = tally.breakdown, tally.other_accuracies()
    recorded = {name: _accuracy_text(a) for name, a in results.other_scorers.items() if name in others}
    found = {name: _accuracy_text(accuracy) for name, accuracy in others.items()}
    for kind, theirs, ours in (
        ("overall", (results.overall,), (breakdown.overall.group("overall"),)),
        ("subject", results.by_subject, breakdown.by_subject()),
        ("level", results.by_level, breakdown.by_level()),
        ("subject and level", results.by_subject_level, breakdown.by_subject_level()),
    ):
        recorded |= {f"{kind} {group.name}": _group_text(group) for group in theirs}
        found |= {f"{kind} {group.name}": _group_text(group) for group in ours}
    for name in dict.fromkeys([*recorded, *found]):
        if recorded.get(name) != found.get(name):
            yield Difference(
                what="results", where=name, recorded=recorded.get(name, "none"), found=found.get(name, "none")
            )


def _group_text(group: Group) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in group.outcomes.items() if count)
    return f"{group.samples} samples, {_accuracy_text(group.accuracy)}, {counts}"


def _accuracy_text(accuracy: Accuracy) -> str:
    values = (accuracy.value, accuracy.low, accuracy.high, accuracy.floor, accuracy.ceiling)
    return "/".join("none" if value is None else f"{value:.12g}" for value in values)
