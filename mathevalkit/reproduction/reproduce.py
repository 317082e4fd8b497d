"""Does a run reproduce a published number?

    >>> from mathevalkit import reproduce
    >>> found = reproduce("metamath-7b/gsm8k", run="runs/MetaMath-7B-V1.0/gsm8k/2026…")  # doctest: +SKIP
    >>> found.verdict, found.rows[0].difference  # doctest: +SKIP
    ('consistent', -0.4)

The rule. A published number of p percent, given to one decimal, stands for every true proportion from
p - 0.05 to p + 0.05 percent; nothing else is known of it. The run is judged under the scorer that the number
was made with, where that is published, else under ours:

- `inconsistent`: the run's count of right answers would be this far or further from the published proportion
  with a probability below alpha (0.05), by the exact two-sided binomial test (scipy.stats.binomtest) against
  that proportion in the rounding range which fits the run best. With several completions a sample, which are
  not independent, the rule is that the 95 % interval clustered by sample misses the rounding range.
- `underpowered`: not inconsistent, but the 95 % interval (Wilson; clustered for several completions) reaches
  further than `gap` (3 points) from the measured value: a true difference of that size could hide in it.
- `consistent`: neither.

The test treats the rows as a sample of all such problems. A run on the very rows of the publication shares
their difficulty with it, so honest repetitions differ by less than the test allows for: `inconsistent` is
strong evidence, and how many answers at least must have come out differently is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathevalkit.errors import RunDirectoryError, UsageError, call
from mathevalkit.exporters.base import measure
from mathevalkit.presentation.figures import accuracy_text
from mathevalkit.presentation.notebook import html_notes, html_table
from mathevalkit.reproduction.causes import Cause, ScorerResult, Verdict, causes_of
from mathevalkit.reproduction.targets import Target, find_target, matching_results, targets
from mathevalkit.runs.journal import verdicts_name
from mathevalkit.runs.reader import load_run, read_run
from mathevalkit.scoring.rescore import rescore
from mathevalkit.types import Accuracy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cause", "Reproduction", "ScorerResult", "assess", "reproduce", "table"]

ALPHA = 0.05
GAP = 0.03
"""A difference that may not hide in the interval, as a fraction."""
ROUNDING = 0.0005
"""Half of the last digit of a number given in percent to one decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A published number and a run that should reproduce it."""

    target: str
    """``metamath-7b/gsm8k``."""
    published_percent: float
    published_rows: int | None
    """Rows of the whole benchmark."""
    source: str
    model: str
    """The run's."""
    run_dir: str
    rows: tuple[ScorerResult, ...]
    """The deciding scorer first."""
    verdict: Verdict
    reason: str
    causes: tuple[Cause, ...]
    """What the run and the publication do not share, or may not."""

    def to_frame(self) -> pd.DataFrame:
        """One row a scorer; percent."""
        import pandas as pd

        return pd.DataFrame([_record(self, row) for row in self.rows])

    def _repr_html_(self) -> str:
        rows = [[row.scorer, accuracy_text(row.accuracy), row.verdict] for row in self.rows]
        published = f"{self.target}: published {self.published_percent:g} %"
        return html_table(published, ["scorer", "measured", "verdict"], rows) + html_notes([self.reason])


def _record(found: Reproduction, row: ScorerResult) -> dict[str, Any]:
    accuracy = row.accuracy
    return {
        "target": found.target,
        "scorer": row.scorer,
        "published_scorer": row.published,
        "published": found.published_percent,
        **{
            name: None if value is None else 100 * value
            for name, value in (("measured", accuracy.value), ("low", accuracy.low), ("high", accuracy.high))
        },
        "difference": row.difference,
        "p": row.p,
        "verdict": row.verdict,
        "run": found.run_dir,
    }


# ---- the rule ----------------------------------------------------------------------------------------


def assess(
    accuracy: Accuracy,
    *,
    published: float,
    correct: int | None = None,
    scored: int | None = None,
    gap: float = GAP,
    alpha: float = ALPHA,
) -> tuple[Verdict, float | None]:
    """The verdict, by the rule at the top of this module, and the p-value where there is one.

    Args:
        accuracy: measured, with its 95 % interval.
        published: as a fraction.
        correct: right answers, and
        scored: answers judged, with one completion a sample; None for several.
        gap: a difference that may not hide in the interval, as a fraction.
        alpha: level of the test.

    >>> from mathevalkit.stats.intervals import wilson_interval
    >>> def measured(correct, n):
    ...     low, high = wilson_interval(correct, n)
    ...     return Accuracy(value=correct / n, low=low, high=high, floor=None, ceiling=None)
    >>> assess(measured(870, 1319), published=0.665, correct=870, scored=1319)[0]
    'consistent'
    >>> assess(measured(800, 1319), published=0.665, correct=800, scored=1319)[0]
    'inconsistent'
    >>> assess(measured(130, 200), published=0.665, correct=130, scored=200)[0]
    'underpowered'
    """
    value, low, high = accuracy.value, accuracy.low, accuracy.high
    if value is None or low is None or high is None:
        raise UsageError("nothing in the run could be scored, so there is nothing to compare")
    p = None
    if correct is not None and scored is not None:
        p = 1.0 if abs(value - published) <= ROUNDING else _binomial(correct, scored, published=published)
        refuted = p < alpha
    else:
        refuted = low > published + ROUNDING or high < published - ROUNDING
    if refuted:
        return "inconsistent", p
    return ("underpowered" if max(value - low, high - value) > gap else "consistent"), p


def _binomial(correct: int, scored: int, *, published: float) -> float:
    """Against the proportion of the rounding range that is nearest to the measured one."""
    from scipy.stats import binomtest

    nearest = min(max(correct / scored, published - ROUNDING), published + ROUNDING)
    return float(binomtest(correct, scored, min(max(nearest, 0.0), 1.0)).pvalue)


# ---- a run against its target ------------------------------------------------------------------------


def reproduce(
    target: str | Target,
    *,
    run: str | Path,
    gap: float = GAP,
    alpha: float = ALPHA,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> Reproduction:
    """Compare a whole run with a published number.

    Args:
        target: ``model/task``, see ``mathevalkit.reproduction.targets``.
        run: the run directory. Verdicts that it lacks are computed, not written.
        gap: a difference that may not hide in the interval, as a fraction.
        alpha: level of the test.
        data_file: the rows of the run's task, where they are not where the manifest says.
        task_dirs: folders of the user's task files.

    Raises:
        UsageError: no such published result, or a run of another task.
        RunDirectoryError: not a whole run.
    """
    wanted = find_target(target, task_dirs=task_dirs) if isinstance(target, str) else target
    folder = Path(run)
    manifest, results = load_run(folder)
    if results is None:
        raise RunDirectoryError(
            f"{folder}: the run is not whole yet; go on with it: {call('evaluate', ..., resume=folder)}"
        )
    if manifest.task != wanted.task.name:
        raise UsageError(
            f"{folder}: a run of {manifest.task}, and {wanted.name} is a result on {wanted.task.name}"
        )
    rows = [
        _scored(
            wanted, folder, scorer, single=manifest.recipe.sampling.n == 1, gap=gap, alpha=alpha,
            data_file=data_file, task_dirs=task_dirs,
        )
        for scorer in sorted(wanted.scorers, key=lambda name: name != wanted.scorer)
    ]  # fmt: skip
    deciding = rows[0]
    return Reproduction(
        target=wanted.name,
        published_percent=wanted.result.percent,
        published_rows=wanted.task.num_rows,
        source=wanted.result.source,
        model=manifest.model.model,
        run_dir=str(folder),
        rows=tuple(rows),
        verdict=deciding.verdict,
        reason=_reason(wanted, deciding, gap=gap, alpha=alpha),
        causes=tuple(causes_of(wanted, manifest, rows)),
    )


def _scored(
    target: Target,
    folder: Path,
    scorer: str,
    *,
    single: bool,
    gap: float,
    alpha: float,
    data_file: str | Path | None,
    task_dirs: Sequence[str | Path],
) -> ScorerResult:
    outcomes: Mapping[Any, int]
    if (folder / verdicts_name(scorer)).is_file():
        measured = measure(read_run(folder, scorer=scorer))
        accuracy, outcomes = measured.accuracy, measured.outcomes
    else:
        [row] = rescore(
            folder, scorers=[scorer], data_file=data_file, task_dirs=task_dirs, write_verdicts=False
        ).rows
        accuracy, outcomes = row.accuracy, row.outcomes
    scored = sum(outcomes.values()) - outcomes["backend_error"]
    published = target.result.percent / 100
    verdict, p = assess(
        accuracy,
        published=published,
        correct=outcomes["correct"] if single else None,
        scored=scored if single else None,
        gap=gap,
        alpha=alpha,
    )
    assert accuracy.value is not None  # ``assess`` refuses
    return ScorerResult(
        scorer=scorer,
        published=scorer == target.scorer,
        accuracy=accuracy,
        outcomes={str(name): count for name, count in outcomes.items()},
        difference=round(100 * (accuracy.value - published), 2),
        p=p,
        verdict=verdict,
    )


def _reason(target: Target, row: ScorerResult, *, gap: float, alpha: float) -> str:
    low, high = row.accuracy.low, row.accuracy.high
    assert low is not None
    assert high is not None
    span = f"95 % interval {100 * low:.1f} to {100 * high:.1f}, published {target.result.percent:g}"
    p = "" if row.p is None else f", p {row.p:.2g}"
    if row.verdict == "inconsistent":
        text = f"chance alone would give such a difference in less than {alpha:.0%} of runs ({span}{p})"
    elif row.verdict == "underpowered":
        text = (
            f"the interval reaches further than {100 * gap:g} points from the measured value ({span}{p}); "
            "run more of the benchmark"
        )
    else:
        text = f"the difference is within chance, and the interval is narrow ({span}{p})"
    total = sum(row.outcomes.values())
    if total == target.task.num_rows and row.difference:
        differing = _least_differing(row.outcomes["correct"], total, percent=target.result.percent)
        if differing:
            text += f"; at least {differing:,} of {total:,} answers were judged differently"
    return text


def _least_differing(correct: int, rows: int, *, percent: float) -> int:
    """How far the count is from the nearest count that rounds to the published number."""
    from math import ceil, floor

    low = ceil(round((percent / 100 - ROUNDING) * rows, 9))
    high = floor(round((percent / 100 + ROUNDING) * rows, 9))
    return max(low - correct, correct - high, 0)


# ---- the paper's table -------------------------------------------------------------------------------


def table(
    runs: Sequence[str | Path] = (),
    *,
    gap: float = GAP,
    alpha: float = ALPHA,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> pd.DataFrame:
    """Base models against MetaMath, as in the paper, with what was measured beside it.

    Each run is put beside the published results of its own model, by its name.

    Returns:
        One row a published result: ``task``, ``model``, ``published`` (percent), ``gain`` (points over the
        base model of the same size, published), and for those that a run was given for ``measured``,
        ``low``, ``high`` (percent, 95 %), ``scorer``, ``verdict``, ``run``.

    Raises:
        UsageError: a run of no published model, or two runs of one.
    """
    import pandas as pd

    all_targets = targets(task_dirs)
    measured: dict[str, Reproduction] = {}
    for run in runs:
        target = _target_of(Path(run), all_targets)
        if target.name in measured:
            raise UsageError(f"{run}: a second run of {target.name}; give one")
        measured[target.name] = reproduce(
            target, run=run, gap=gap, alpha=alpha, data_file=data_file, task_dirs=task_dirs
        )
    columns = ["task", "model", "published", "gain", "measured", "low", "high", "scorer", "verdict", "run"]
    records = []
    for target in all_targets:
        record = {
            "task": target.task.name,
            "model": target.result.model,
            "published": target.result.percent,
            "gain": _gain(target, all_targets),
        }
        if target.name in measured:
            record |= _record(measured[target.name], measured[target.name].rows[0])
        records.append({name: record.get(name) for name in columns})
    return pd.DataFrame(records, columns=columns)


def _target_of(run: Path, all_targets: Sequence[Target]) -> Target:
    manifest, _ = load_run(run)
    for target in all_targets:
        if target.task.name == manifest.task and target.result in matching_results(
            target.task, manifest.model.model
        ):
            return target
    raise UsageError(
        f"{run}: there is no published result of {manifest.model.model} on {manifest.task}; "
        f"name the one you mean: {call('reproduce', 'MODEL/TASK', run=run)}"
    )


def _gain(target: Target, all_targets: Sequence[Target]) -> float | None:
    """Over LLaMA-2 of the same size, which MetaMath-7B, 13B and 70B are made from."""
    base = f"llama-2-{target.result.model.lower().removeprefix('metamath-')}/{target.task.name}"
    found = [other for other in all_targets if other.name == base and other is not target]
    return round(target.result.percent - found[0].result.percent, 1) if found else None
