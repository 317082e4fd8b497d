"""What could explain that a run and a published number differ: what they do not share, what failures hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from mathevalkit.prompts import prompt_hash
from mathevalkit.reproduction.targets import Target, matching_results
from mathevalkit.runs.changes import selection_text
from mathevalkit.types import Accuracy, RunManifest

Verdict: TypeAlias = Literal["consistent", "inconsistent", "underpowered"]
"""See the rule in ``mathevalkit.reproduction.reproduce``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerResult:
    """A run beside the published number under one scorer. Proportions are fractions, differences points."""

    scorer: str
    published: bool
    """Whether the number was made with this scorer."""
    accuracy: Accuracy
    outcomes: Mapping[str, int]
    difference: float
    """Measured minus published, in points."""
    p: float | None
    """Of the exact binomial test; None for several completions a sample."""
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that could explain a difference."""

    name: Literal[
        "model", "data", "rows", "recipe", "sampling", "precision", "truncated", "no answer", "undecided",
        "failed", "scorer",
    ]  # fmt: skip
    text: str


def causes_of(target: Target, manifest: RunManifest, rows: Sequence[ScorerResult]) -> Iterator[Cause]:
    """From the most telling on. ``rows`` are the run under each scorer, the deciding one first."""
    model = manifest.model
    if target.result not in matching_results(target.task, model.model):
        yield Cause(
            name="model", text=f"the run is of {model.model}, the published number of {target.result.model}"
        )
    known = target.task.fingerprints
    if known and manifest.data_fingerprint not in known:
        yield Cause(name="data", text="the rows are not the benchmark's published rows")
    if manifest.selection.first is not None:
        yield Cause(
            name="rows",
            text=f"{selection_text(manifest)} rows only, which are no random part of the benchmark",
        )
    elif manifest.selection.limit is not None:
        yield Cause(name="rows", text=f"part of the rows only: {selection_text(manifest)}")
    yield from _recipe_causes(target, manifest)
    if model.quantization:
        yield Cause(name="precision", text=f"the weights are quantised ({model.quantization})")
    yield from _outcome_causes(rows)


def _recipe_causes(target: Target, manifest: RunManifest) -> Iterator[Cause]:
    if not target.recipe_known:
        yield Cause(
            name="recipe",
            text=f"the published setting is {target.result.recipe}; the run's recipe, "
            f"{manifest.recipe.name}, is not theirs",
        )
        return
    if manifest.prompt_hash != prompt_hash(target.recipe):
        yield Cause(
            name="recipe",
            text="the prompt is not the published one "
            f"(recipe {manifest.recipe.name}, published {target.recipe.name})",
        )
    theirs, ours = asdict(target.recipe.sampling), asdict(manifest.recipe.sampling)
    for name in ("temperature", "top_p", "n", "max_tokens", "stop"):
        if ours[name] != theirs[name]:
            mine, wanted = _short(ours[name]), _short(theirs[name])
            yield Cause(name="sampling", text=f"{name} is {mine}, published {wanted}")


def _short(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list | tuple) else f"{value:g}"


def _outcome_causes(rows: Sequence[ScorerResult]) -> Iterator[Cause]:
    """What the failures could hide, under the deciding scorer, and how far the scorers are apart."""
    row = rows[0]
    total = sum(row.outcomes.values())
    for outcome, name, words in (
        ("truncated", "truncated", "ran out of tokens"),
        ("no_answer", "no answer", "state no answer that the scorer finds"),
        ("undecided", "undecided", "could not be decided"),
        ("backend_error", "failed", "failed in the engine"),
    ):
        count = row.outcomes[outcome]
        if count:
            yield Cause(
                name=name,  # type: ignore[arg-type]  # the names above
                text=f"{count:,} of {total:,} completions {words}: up to {100 * count / total:.1f} points",
            )
    for other in rows[1:]:
        if other.outcomes["correct"] != row.outcomes["correct"]:
            gap = 100 * (other.outcomes["correct"] - row.outcomes["correct"]) / total
            yield Cause(
                name="scorer",
                text=f"under {other.scorer} the same texts score {gap:+.1f} points against {row.scorer}",
            )
