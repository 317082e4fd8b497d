"""Which samples of several runs are the same problem, and whether the runs may be compared at all.

Runs of one data set share their sample ids. Runs of different data sets (MATH and its subset MATH-500) may
hold the same problems under other ids; then question and reference answer must agree, character by
character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mathevalkit.errors import ComparisonError, call
from mathevalkit.runs.changes import selection_text
from mathevalkit.runs.reader import ScoredRun, samples_if_readable


@dataclass(frozen=True, slots=True)
class Alignment:
    """The problems that all runs have."""

    ids: tuple[tuple[str, ...], ...]
    """For each problem its id in each run, in the order of the runs; problems by their id in the first."""
    notes: tuple[str, ...]
    """What a reader must know about the choice of problems."""


def align(runs: Sequence[ScoredRun], *, shared: bool = False) -> Alignment:
    """Match the runs' samples.

    Args:
        runs: at least two.
        shared: compare the samples that all runs have where they differ, instead of refusing.

    Raises:
        ComparisonError: the runs were made on different data or rows, or are not whole, and ``shared`` is
            not set; or they share no problem.
    """
    notes: list[str] = []
    if not shared:
        _require_same_data(runs)
    if len({run.manifest.data_fingerprint for run in runs}) == 1:
        common = set(runs[0].lines).intersection(*(run.lines for run in runs[1:]))
        ids = [(sample_id,) * len(runs) for sample_id in common]
    else:
        ids = _match_by_content(runs)
    ids.sort(key=lambda row: (0, int(row[0]), "") if row[0].isdecimal() else (1, 0, row[0]))
    if not ids:
        raise ComparisonError(f"{_names(runs)} share no problem; nothing can be compared")
    most = max(len(run.lines) for run in runs)
    if len(ids) < most:
        notes.append(f"compared on the {len(ids):,} problems that all runs have (the largest has {most:,})")
    return Alignment(ids=tuple(ids), notes=tuple(notes))


def _require_same_data(runs: Sequence[ScoredRun]) -> None:
    way_out = "; `shared=True` compares the problems that all of them have"
    for run in runs:
        if not run.whole:
            raise ComparisonError(
                f"{run.path}: the run has not finished ({len(run.lines):,} of {run.manifest.num_samples:,} "
                f"samples scored); finish it: {call('evaluate', ..., resume=run.path)}{way_out}"
            )
        if run.damage:
            raise ComparisonError(run.damage)
    for one, other in pairwise(runs):
        first, second = one.manifest, other.manifest
        if first.data_fingerprint != second.data_fingerprint:
            raise ComparisonError(
                f"{one.path} and {other.path} were run on different data: task {first.task}, rows "
                f"{first.data_fingerprint[:12]} ({first.data_origin}), and task {second.task}, rows "
                f"{second.data_fingerprint[:12]} ({second.data_origin}){way_out}"
            )
        if one.lines.keys() != other.lines.keys():
            raise ComparisonError(
                f"{one.path} and {other.path} were run on different rows of {first.task}: "
                f"{len(one.lines):,} samples ({selection_text(first)}) and {len(other.lines):,} "
                f"({selection_text(second)}), {len(one.lines.keys() & other.lines.keys()):,} of them the "
                f"same{way_out}"
            )


def _match_by_content(runs: Sequence[ScoredRun]) -> list[tuple[str, ...]]:
    """Runs of different data sets: the same question with the same reference answer is the same problem."""
    places: list[dict[tuple[str, str], str]] = []
    for run in runs:
        samples, fault = samples_if_readable(run.manifest, path=run.path)
        if fault is not None:
            raise ComparisonError(
                f"{_names(runs)} were run on different data, so problems must be matched by their text, "
                f"and the rows of {run.path} cannot be read: {fault}"
            )
        places.append({(s.question, s.gold): i for i, s in samples.items() if i in run.lines})
    return [
        tuple(place[content] for place in places)
        for content in places[0]
        if all(content in place for place in places)
    ]


def _names(runs: Sequence[ScoredRun]) -> str:
    return " and ".join(str(run.path) for run in runs)
