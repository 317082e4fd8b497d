"""Whether a candidate is worse than its baseline: pass, regression, or cannot tell.

    >>> baseline = [(1, 1)] * 900 + [(0, 1)] * 419
    >>> candidate = [(1, 1)] * 860 + [(0, 1)] * 40 + [(1, 1)] * 5 + [(0, 1)] * 414
    >>> decision = decide([baseline], candidate, max_drop=0.02)
    >>> decision.decision, round(decision.difference, 4), decision.exit_code
    ('regression', -0.0265, 1)

A gate with a fixed threshold ("fail two points below the baseline", on 200 problems) fails one night in
six although nothing changed, because two runs of one model differ; ``benchmarks/gate_simulation.py``
measures it. This gate asks two questions, each at level ``alpha`` and on the same samples in both runs:

- Is the drop more than chance? If nothing changed, it says so at most ``alpha`` of the time.
- Can a drop of ``max_drop`` be ruled out? If the candidate did drop that far, it says so at most
  ``alpha`` of the time.

| a drop of max_drop is ruled out | the drop is more than chance | decision      |
| ------------------------------- | ---------------------------- | ------------- |
| yes                             | either                       | `pass`        |
| no                              | yes                          | `regression`  |
| no                              | no                           | `cannot tell` |

So an unchanged model raises an alarm, and a model that lost ``max_drop`` passes, at most ``alpha`` of the
time each. With too few samples the answer is "cannot tell", never a guess; ``samples_needed`` says how many
would do.

Chance is measured, not assumed. What matters is how many samples flip between these very runs, and the
test counts them. Where the baseline has been repeated, all its repeats stand for it, which takes most of
its own noise away, and if whole runs scatter more than their flips explain, the test widens accordingly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mathevalkit.comparison.align import align
from mathevalkit.comparison.repeats import MIN_REPEATS, find_repeats, is_repeat, overdispersion
from mathevalkit.errors import ComparisonError, UsageError
from mathevalkit.presentation.figures import p_text
from mathevalkit.presentation.notebook import html_notes, html_table
from mathevalkit.runs.changes import Change, changes_text, manifest_changes
from mathevalkit.runs.journal import verdicts_name
from mathevalkit.runs.reader import ScoredRun, common_scorer, read_run
from mathevalkit.stats.intervals import normal_quantile
from mathevalkit.stats.paired import adjusted_interval, difference_interval, exchange_test
from mathevalkit.stats.power import POWER, mcnemar_power
from mathevalkit.types import Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Decision: TypeAlias = Literal["pass", "regression", "cannot tell"]
EXIT_CODES: dict[Decision, int] = {"pass": 0, "regression": 1, "cannot tell": 2}
MAX_DROP = 0.02
ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What the gate decided, on what evidence, and what it could have seen. Fractions, not percent."""

    decision: Decision
    reason: str
    """One sentence."""
    max_drop: float
    alpha: float
    samples: int
    baseline: float
    """Mean accuracy of the baseline on these samples, its repeats included."""
    candidate: float
    difference: float
    """``candidate - baseline``."""
    low: float
    """The candidate is not worse than this: lower bound of the difference at confidence ``1 - alpha``."""
    p: float
    """Chance of a drop at least this large if nothing changed."""
    gained: int
    """Samples on which the candidate did better than the baseline run."""
    lost: int
    repeats: int
    """Runs that stand for the baseline, itself included."""
    noise: float
    """How many times as far runs scatter as their flips explain (standard deviations); 1 where repeats
    are too few to tell or show nothing of the kind."""
    power: float
    """Chance that a candidate that dropped by ``max_drop`` is called a regression."""
    pass_chance: float
    """Chance that an unchanged candidate passes."""
    samples_needed: int | None
    """With how many samples both would be 0.8; None where more samples alone would not do."""

    @property
    def exit_code(self) -> int:
        """0 pass, 1 regression, 2 cannot tell."""
        return EXIT_CODES[self.decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """A decision about two run directories, with all that went into it."""

    decision: GateDecision
    task: str
    scorer: str
    baseline: str
    """Run directory."""
    candidate: str
    repeats: tuple[str, ...]
    """Further runs that stand for the baseline."""
    changes: tuple[Change, ...]
    """What differs between baseline and candidate."""
    notes: tuple[str, ...]

    def evidence(self) -> Iterator[tuple[str, str]]:
        """What the decision rests on: name and text, line by line."""
        d = self.decision
        drop, sure = f"{100 * d.max_drop:g} points", f"{100 * (1 - d.alpha):g} %"
        yield "baseline", f"{100 * d.baseline:.1f} %  {self.baseline}"
        yield "candidate", f"{100 * d.candidate:.1f} %  {self.candidate}"
        moved = f"{100 * d.difference:+.2f} points, not below {100 * d.low:+.2f} ({sure} sure)"
        yield "difference", f"{moved}; better on {d.gained:,} of {d.samples:,} samples, worse on {d.lost:,}"
        yield "chance", f"p {p_text(d.p)} for a drop like this if nothing changed"
        if d.repeats >= MIN_REPEATS:
            how = (
                f"they scatter {d.noise:.1f} times as far as their flips explain, and the test allows for it"
                if d.noise > 1
                else "they scatter no more than their flips explain"
            )
            yield "history", f"{d.repeats} runs of the baseline: {how}"
        elif d.repeats > 1:
            yield "history", f"{d.repeats} runs of the baseline, too few to learn how far whole runs scatter"
        else:
            yield "history", "none: no other run repeats the baseline"
        caught, passed = f"{100 * d.power:.0f}", f"{100 * d.pass_chance:.0f}"
        yield (
            "power",
            f"a drop of {drop} is caught {caught} times in 100, an unchanged model passes {passed} times",
        )
        if d.decision == "cannot tell":
            yield (
                "to tell",
                f"about {d.samples_needed:,} samples, or a larger `max_drop`"
                if d.samples_needed is not None
                else "find what moves whole runs; more samples alone would not do",
            )
        yield "changed", changes_text(self.changes) or "nothing that the manifests record"
        yield "scorer", self.scorer

    def _repr_html_(self) -> str:
        """The decision, its evidence and the notes, for a notebook."""
        caption = f"{self.decision.decision}: {self.decision.reason}"
        return html_table(caption, ["", ""], self.evidence()) + html_notes(self.notes)


def gate(
    baseline: str | Path,
    candidate: str | Path,
    *,
    max_drop: float = MAX_DROP,
    alpha: float = ALPHA,
    scorer: str | None = None,
    history: Sequence[str | Path] | None = None,
    shared: bool = False,
) -> GateReport:
    """Gate one run against another.

    Args:
        baseline: run directory of what is known to be good.
        candidate: run directory of what is to be judged.
        max_drop: the smallest drop in accuracy that must not pass, a fraction: 0.02 for two points.
        alpha: the most that either error may occur.
        scorer: judge both under this scorer; by default the first that both were scored with.
        history: further runs of the baseline; by default those beside it that repeat it.
        shared: use the samples both have where they were not run on the same rows.

    Raises:
        UsageError: ``max_drop`` or ``alpha`` is out of range.
        RunDirectoryError: a folder is not a run.
        ComparisonError: the runs cannot be compared.
    """
    _check_range(max_drop=max_drop, alpha=alpha)
    first, second = (read_run(path, scorer=scorer) for path in (baseline, candidate))
    if first.scorer != second.scorer and (both := common_scorer([first, second])):
        first, second = (read_run(path, scorer=both) for path in (baseline, candidate))
    alignment = align([first, second], shared=shared)
    notes = list(alignment.notes)
    repeats = _repeats(first, second, history=history, notes=notes)
    runs = [first, *repeats, second]
    rows = [
        [*(run.score(base_id) for run in runs[:-1]), second.score(candidate_id)]
        for base_id, candidate_id in alignment.ids
    ]
    scores = [row for row in rows if all(scored for _, scored in row)]
    if left_out := len(rows) - len(scores):
        notes.append(f"{left_out:,} samples left out: the engine gave no completion in one of the runs")
    if not scores:
        raise ComparisonError(f"{first.path} and {second.path}: no sample was scored in both")
    columns = [list(column) for column in zip(*scores, strict=True)]
    return GateReport(
        decision=decide(columns[:-1], columns[-1], max_drop=max_drop, alpha=alpha),
        task=first.manifest.task,
        scorer=first.scorer if first.scorer == second.scorer else f"{first.scorer} and {second.scorer}",
        baseline=str(first.path),
        candidate=str(second.path),
        repeats=tuple(str(run.path) for run in repeats),
        changes=manifest_changes(first.manifest, second.manifest),
        notes=tuple(notes),
    )


def _check_range(*, max_drop: float, alpha: float) -> None:
    if not 0 < max_drop < 1:
        raise UsageError(f"`max_drop={max_drop}`: expected a fraction above 0, below 1 (0.02: two points)")
    if not 0 < alpha < 0.5:
        raise UsageError(f"`alpha={alpha}`: expected a level above 0, below 0.5")


def _repeats(
    baseline: ScoredRun,
    candidate: ScoredRun,
    *,
    history: Sequence[str | Path] | None,
    notes: list[str],
) -> list[ScoredRun]:
    """The baseline's repeats that can be used."""
    if baseline.manifest.recipe.sampling.n != candidate.manifest.recipe.sampling.n:
        return []  # runs with another number of completions are not exchangeable
    if history is None:
        beside = find_repeats(baseline.path, manifest=baseline.manifest)
        paths = [path for path in beside if (path / verdicts_name(baseline.scorer)).is_file()]
    else:
        paths = list(map(Path, history))
    known = {baseline.path.resolve(), candidate.path.resolve()}
    found = []
    for path in paths:
        if path.resolve() in known:
            continue
        known.add(path.resolve())
        run = read_run(path, scorer=baseline.scorer)
        if not is_repeat(run.manifest, baseline.manifest):
            differing = changes_text(manifest_changes(baseline.manifest, run.manifest))
            raise UsageError(f"{path}: does not repeat the baseline {baseline.path}: {differing}")
        if baseline.lines.keys() <= run.lines.keys():
            found.append(run)
        else:
            notes.append(f"{path} lacks samples of the baseline and was not used")
    return found


# ---- the decision ----------------------------------------------------------------------------------


def decide(
    baselines: Sequence[Sequence[Score]],
    candidate: Sequence[Score],
    *,
    max_drop: float = MAX_DROP,
    alpha: float = ALPHA,
) -> GateDecision:
    """Decide from the scores alone.

    Args:
        baselines: the baseline and its repeats; for each run one score a sample.
        candidate: the scores of the same samples in the same order.
        max_drop: the smallest drop that must not pass.
        alpha: the most that either error may occur.
    """
    import numpy as np

    scores = np.asarray([*baselines, candidate], dtype=np.float64)
    rates = scores[:, :, 0] / scores[:, :, 1]
    differences = rates[-1] - rates[:-1].mean(axis=0)
    difference = float(differences.mean())
    grain = 1 / float(scores[:, :, 1].max())
    drop = _judge_drop(baselines, candidate, differences, grain=grain, alpha=alpha)
    decision: Decision = (
        "pass" if drop.low > -max_drop else "regression" if drop.p <= alpha else "cannot tell"
    )
    power, pass_chance, needed = _foresee(
        rates, differences, drop, grain=grain, max_drop=max_drop, alpha=alpha
    )
    return GateDecision(
        decision=decision,
        reason=_reason(decision, difference=difference, low=drop.low, p=drop.p, max_drop=max_drop),
        max_drop=max_drop,
        alpha=alpha,
        samples=rates.shape[1],
        baseline=float(rates[:-1].mean()),
        candidate=float(rates[-1].mean()),
        difference=difference,
        low=drop.low,
        p=drop.p,
        gained=int((rates[-1] > rates[0]).sum()),
        lost=int((rates[-1] < rates[0]).sum()),
        repeats=len(baselines),
        noise=drop.noise,
        power=power,
        pass_chance=pass_chance,
        samples_needed=needed if drop.noise == 1 else None,
    )


class _Drop(NamedTuple):
    """What the samples say of the drop."""

    low: float
    """Lower bound of the difference at confidence ``1 - alpha``."""
    p: float
    noise: float
    """As ``GateDecision``'s."""
    quantile: float
    """How many standard errors a one-sided bound lies away: the normal's, or Student's under noise."""


def _judge_drop(
    baselines: Sequence[Sequence[Score]],
    candidate: Sequence[Score],
    differences: Floats,
    *,
    grain: float,
    alpha: float,
) -> _Drop:
    """Both questions of the gate, from the flips; widened where whole runs scatter further."""
    from scipy.special import ndtri, stdtr, stdtrit

    count = len(baselines)
    p, _ = exchange_test([*baselines, candidate])
    low, _ = (
        difference_interval(differences, grain=grain, alpha=2 * alpha)
        if count == 1
        else adjusted_interval(differences, grain=grain, alpha=2 * alpha)
    )
    noise = sqrt(max(1.0, overdispersion(baselines))) if count >= MIN_REPEATS else 1.0
    quantile = normal_quantile(alpha)
    if noise == 1:
        return _Drop(low, p, noise, quantile)
    # The scatter of runs is now the measure, known from `count` of them only: Student's t.
    student = float(stdtrit(count - 1, 1 - alpha))
    difference = float(differences.mean())
    return _Drop(
        low=max(-1.0, difference - (difference - low) * noise * student / quantile),
        p=float(stdtr(count - 1, ndtri(p) / noise)),
        noise=noise,
        quantile=student,
    )


def _foresee(
    rates: Floats, differences: Floats, drop: _Drop, *, grain: float, max_drop: float, alpha: float
) -> tuple[float, float, int]:
    """The chance to catch a drop of ``max_drop``, that to pass an unchanged candidate, samples for both."""
    from scipy.special import ndtr

    count, samples = rates.shape[0] - 1, rates.shape[1]
    # What an unchanged candidate's difference scatters by: on each sample any of the runs' scores.
    error = sqrt(float(rates.var(axis=0).sum())) * (count + 1) / count / samples
    error = max(error, sqrt(max_drop * grain / samples)) * drop.noise  # a drop of max_drop makes flips itself
    pass_chance = float(ndtr(max_drop / error - drop.quantile))
    flips = float((differences != 0).mean())
    power = (
        mcnemar_power(
            samples=samples, flips=max(flips, max_drop), difference=max_drop, alpha=alpha, one_sided=True
        )
        if count == 1 and grain == 1
        else pass_chance
    )
    needed = ceil(samples * ((drop.quantile + normal_quantile(1 - POWER)) * error / max_drop) ** 2)
    return power, pass_chance, needed


def _reason(decision: Decision, *, difference: float, low: float, p: float, max_drop: float) -> str:
    points, limit = 100 * difference, f"{100 * max_drop:g} points"
    moved = f"{abs(points):.1f} points {'down' if points < 0 else 'up'}"
    if abs(points) < 0.05:
        moved = "unchanged to a tenth of a point"
    if decision == "pass":
        return f"{moved}; a drop of {limit} is ruled out (at worst {100 * low:+.1f})"
    if decision == "regression":
        return f"{moved}, more than chance (p {p_text(p)}), and a drop of {limit} is not ruled out"
    return f"{moved}: neither more than chance (p {p_text(p)}) nor is a drop of {limit} ruled out"
