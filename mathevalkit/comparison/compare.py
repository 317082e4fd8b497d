"""Checkpoints side by side on the same samples: by subject and level, with differences that hold.

    >>> result = compare("runs/llama/math/…", "runs/metamath/math/…")  # doctest: +SKIP
    >>> result.rows[0].differences[0].value, result.rows[0].differences[0].p_adjusted  # doctest: +SKIP
    (0.173, 2.1e-188)
    >>> result.to_frame()  # doctest: +SKIP

The first run is the base; every other is compared with it. Differences are paired
(``mathevalkit.stats.paired``), and significance is corrected for the number of questions asked (Holm): the
overall differences of all checkpoints are one family of tests, those of all subjects and checkpoints another,
of levels another.

Where the difference comes from is told by what became of each sample in both runs. Of the points gained,
so many are samples that went from `wrong` to `correct`, so many from `no_answer` (the text held no answer
to be found: format) and from `truncated` (the token budget ran out), each less those that went the other
way. The parts add up to the whole difference exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mathevalkit.comparison.align import Alignment, align
from mathevalkit.comparison.flips import flips_between
from mathevalkit.comparison.gap import gap_between
from mathevalkit.comparison.result import Checkpoint, Comparison, Difference, Flip, Kind, Row
from mathevalkit.errors import UsageError, call
from mathevalkit.runs.changes import Change, changes_text, manifest_changes
from mathevalkit.runs.labels import run_labels
from mathevalkit.runs.reader import Lines, ScoredRun, common_scorer, read_run, samples_if_readable, score_of
from mathevalkit.scoring.tally import Tally
from mathevalkit.stats.at_k import AtK, at_k
from mathevalkit.stats.paired import holm, paired_difference
from mathevalkit.stats.power import detectable_difference, detectable_mean_difference
from mathevalkit.types import RunManifest, Sample

EXPECTED = frozenset({"model", "hardware"})
"""Aspects in which checkpoints may differ without a word."""


def compare(
    base: str | Path,
    *others: str | Path,
    scorer: str | None = None,
    shared: bool = False,
    alpha: float = 0.05,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> Comparison:
    """Compare runs with the first of them.

    Args:
        base: run directory.
        *others: at least one more.
        scorer: judge all runs under this scorer. By default each run's own first scorer if they agree, else
            one that all runs were scored with.
        shared: compare the samples that all runs have where they were not run on the same rows.
        alpha: level of the tests, one minus the confidence of the intervals.
        data_file: the rows of the first run, where they are not where they were.
        task_dirs: folders of the user's own task files.

    Raises:
        UsageError: no second run, a run given twice, or alpha out of range.
        RunDirectoryError: a folder is not a run.
        ComparisonError: the runs were made on different data or rows.
    """
    paths = [Path(base), *map(Path, others)]
    if len(paths) < 2:
        raise UsageError("give at least two runs to compare")
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("a run is given twice; a run cannot be compared with itself")
    if not 0 < alpha < 1:
        raise UsageError(f"`alpha={alpha}`: expected a level between 0 and 1")
    notes: list[str] = []
    runs = _read_alike(paths, scorer=scorer, notes=notes)
    alignment = align(runs, shared=shared)
    manifest = runs[0].manifest
    samples, fault = samples_if_readable(
        manifest, path=runs[0].path, data_file=data_file, task_dirs=task_dirs
    )
    if fault is not None:
        notes.append(f"the rows cannot be read, so there are no subjects and levels: {fault}")
    problems = [samples.get(ids[0]) for ids in alignment.ids]
    checkpoints = tuple(_checkpoints(runs))
    lines = [[run.lines[i] for run, i in zip(runs, ids, strict=True)] for ids in alignment.ids]
    changes = tuple(_changes(manifest, run.manifest) for run in runs[1:])
    return Comparison(
        task=manifest.task,
        task_title=manifest.task_title,
        alpha=alpha,
        samples=len(lines),
        checkpoints=checkpoints,
        rows=_rows(problems, lines, alpha=alpha),
        gaps=tuple(
            gap_between(checkpoint.label, [(row[0], row[i]) for row in lines])
            for i, checkpoint in enumerate(checkpoints[1:], 1)
        ),
        flips=tuple(
            flip
            for i, checkpoint in enumerate(checkpoints[1:], 1)
            for flip in _flips(checkpoint.label, alignment, [(row[0], row[i]) for row in lines], samples)
        ),
        at_k=tuple(_at_k(column) for column in zip(*lines, strict=True)),
        changes=changes,
        notes=(*notes, *alignment.notes, *_warnings(checkpoints, runs, changes)),
    )


def _read_alike(paths: Sequence[Path], *, scorer: str | None, notes: list[str]) -> list[ScoredRun]:
    """The runs under one scorer where there is one that all have verdicts of."""
    runs = [read_run(path, scorer=scorer) for path in paths]
    own = list(dict.fromkeys(run.scorer for run in runs))
    if len(own) == 1:
        return runs
    if (common := common_scorer(runs)) is None:
        notes.append(
            f"scored differently ({', '.join(own)}) and no scorer has judged all runs: the difference is "
            f"partly that of the scorers; rescore them with one: {call('rescore', 'RUN', scorers=['auto'])}"
        )
        return runs
    notes.append(f"the runs' own scorers differ ({', '.join(own)}); all are judged by {common} here")
    return [read_run(path, scorer=common) for path in paths]


def _checkpoints(runs: Sequence[ScoredRun]) -> Iterator[Checkpoint]:
    labels = run_labels([run.manifest for run in runs])
    for label, run in zip(labels, runs, strict=True):
        recipe = run.manifest.recipe
        yield Checkpoint(
            label=label,
            model=run.manifest.model.model,
            recipe=recipe.name,
            scorer=run.scorer,
            run_dir=str(run.path),
            n=recipe.sampling.n,
        )


def _changes(base: RunManifest, other: RunManifest) -> tuple[Change, ...]:
    return tuple(change for change in manifest_changes(base, other) if change.aspect not in EXPECTED)


def _warnings(
    checkpoints: Sequence[Checkpoint],
    runs: Sequence[ScoredRun],
    changes: Sequence[Sequence[Change]],
) -> Iterator[str]:
    for checkpoint, differing in zip(checkpoints[1:], changes, strict=True):
        if differing:
            yield (
                f"{checkpoint.label} differs from {checkpoints[0].label}"
                + (" in more than the model: " if checkpoint.model != checkpoints[0].model else ": ")
                + changes_text(differing)
            )
    for checkpoint, run in zip(checkpoints, runs, strict=True):
        failed = sum(line[2] == "backend_error" for lines in run.lines.values() for line in lines)
        if failed:
            yield (
                f"{checkpoint.label}: {failed:,} completions failed in the engine and are left out; "
                f"{call('evaluate', ..., resume=run.path)} generates them again"
            )


def _flips(
    checkpoint: str,
    alignment: Alignment,
    pairs: Sequence[tuple[Lines, Lines]],
    samples: Mapping[str, Sample],
) -> list[Flip]:
    """The largest changes first, gains before losses, else by id."""
    base, tuned = (
        {ids[0]: pair[side] for ids, pair in zip(alignment.ids, pairs, strict=True)} for side in (0, 1)
    )
    flips = flips_between(base, tuned, checkpoint=checkpoint, samples=samples)
    return sorted(flips, key=lambda flip: (-abs(flip.tuned - flip.base), flip.base - flip.tuned))


# ---- the table -------------------------------------------------------------------------------------


def _rows(
    problems: Sequence[Sample | None], lines: Sequence[Sequence[Lines]], *, alpha: float
) -> tuple[Row, ...]:
    groups: dict[tuple[Kind, str], list[Sequence[Lines]]] = {("all", "all"): list(lines)}
    for sample, row in zip(problems, lines, strict=True):
        for key in _groups_of(sample) if sample is not None else ():
            groups.setdefault(key, []).append(row)
    order: list[Kind] = ["all", "subject", "level", "subject and level"]
    rows = [
        _row(kind, name, groups[kind, name], alpha=alpha)
        for kind, name in sorted(groups, key=lambda key: (order.index(key[0]), key[1]))
    ]
    return tuple(
        adjusted for kind in order for adjusted in _adjusted([r for r in rows if r.kind == kind], alpha)
    )


def _groups_of(sample: Sample) -> Iterator[tuple[Kind, str]]:
    if sample.subject:
        yield "subject", sample.subject
    if sample.level:
        yield "level", sample.level
    if sample.subject and sample.level:
        yield "subject and level", f"{sample.subject} / {sample.level}"


def _row(kind: Kind, name: str, lines: Sequence[Sequence[Lines]], *, alpha: float) -> Row:
    accuracies = []
    for column in zip(*lines, strict=True):
        tally = Tally()
        for problem, completions in zip(map(str, range(len(column))), column, strict=True):
            for line in completions:
                tally.add(problem, line[2])
        accuracies.append(tally.accuracy())
    return Row(
        kind=kind,
        name=name,
        samples=len(lines),
        accuracies=tuple(accuracies),
        differences=tuple(
            _difference([(row[0], row[i]) for row in lines], alpha=alpha) for i in range(1, len(lines[0]))
        ),
    )


def _difference(pairs: Sequence[tuple[Lines, Lines]], *, alpha: float) -> Difference | None:
    scores = [(score_of(base), score_of(tuned)) for base, tuned in pairs]
    scores = [(base, tuned) for base, tuned in scores if base[1] and tuned[1]]
    if not scores:
        return None
    paired = paired_difference([base for base, _ in scores], [tuned for _, tuned in scores], alpha=alpha)
    detectable = (
        detectable_difference(samples=paired.samples, flips=paired.spread**2, alpha=alpha)
        if paired.binary
        else detectable_mean_difference(samples=paired.samples, spread=paired.spread, alpha=alpha)
    )
    return Difference(
        samples=paired.samples,
        value=paired.value,
        low=paired.low,
        high=paired.high,
        p=paired.p,
        p_adjusted=paired.p,
        significant=False,
        gained=paired.gained,
        lost=paired.lost,
        detectable=detectable,
        spread=paired.spread,
        binary=paired.binary,
    )


def _adjusted(family: Sequence[Row], alpha: float) -> list[Row]:
    """The rows of one kind with Holm's correction over all their differences."""
    adjusted = iter(holm([d.p for row in family for d in row.differences if d is not None]))
    corrected = []
    for row in family:
        differences: list[Difference | None] = []
        for d in row.differences:
            p = next(adjusted) if d is not None else 1.0
            differences.append(d and replace(d, p_adjusted=p, significant=p <= alpha))
        corrected.append(replace(row, differences=tuple(differences)))
    return corrected


def _at_k(column: Sequence[Lines]) -> tuple[AtK, ...]:
    """pass@n and maj@n of one run; nothing for one completion a sample."""
    n = max(map(len, column))
    if n == 1:
        return ()
    samples = {str(i): [line[2:] for line in lines] for i, lines in enumerate(column)}
    both = (at_k(samples, metric="pass", k=n), at_k(samples, metric="maj", k=n))
    return tuple(metric for metric in both if metric is not None)
