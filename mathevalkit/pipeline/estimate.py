"""What a run would do, without doing it: the plan, the first prompts token by token, and the cost.

Nothing is written, and no weights are loaded; the engine starts as far as its tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from mathevalkit.backends.base import Tokenizer
from mathevalkit.errors import RunDirectoryError
from mathevalkit.pipeline.plan import model_slug, run_folder
from mathevalkit.presentation.wording import sampling_text
from mathevalkit.prompts import build_requests
from mathevalkit.runs.journal import RESULTS
from mathevalkit.runs.reader import load_run, read_completions
from mathevalkit.runs.results import Results
from mathevalkit.runs.resume import folder_to_resume
from mathevalkit.types import Plan, Request, Sample

PROMPTS = 2
"""Prompts shown in full."""
SAMPLE_SIZE = 256
"""Prompts tokenized for the estimate; with more rows it is extrapolated."""


@dataclass(frozen=True, slots=True)
class PromptPreview:
    """One prompt as the model will read it."""

    sample_id: str
    text: str
    token_ids: tuple[int, ...] | None
    """None where there is no tokenizer (a replay)."""
    adds_bos: bool
    """Whether the tokenizer puts BOS before the text."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run would compute, in tokens."""

    completions: int
    """Still to generate."""
    prompt_tokens: int | None
    """All prompts together."""
    prompt_tokens_exact: bool
    """False where it was extrapolated from a sample."""
    shared_prefix_tokens: int | None
    """Tokens that all prompts begin with: computed once with prefix caching."""
    most_generated: int
    """Upper bound: every completion at its token limit."""
    seconds: float | None = None
    """Of generation, at the pace of an earlier run of this model; None without one."""
    pace: str | None = None
    """That run, its tokens a second and its tokens a completion."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A run as it would be."""

    task: str
    model: str
    revision: str | None
    backend: str
    rows: int
    rows_of_task: int
    data_origin: str
    data_fingerprint: str
    data_known: bool | None
    recipe: str
    recipe_reason: str
    sampling: str
    scorers: tuple[str, ...]
    run_dir: str
    """The directory on disk, or the folder in which a new one would be made."""
    on_disk: int | None
    """Completions there already; None where the run would be a new one."""
    whole: bool
    """Whether that run is whole, so that nothing would be generated."""
    prompts: tuple[PromptPreview, ...]
    cost: Cost


def preview(plan: Plan, *, tokenizer: Tokenizer | None) -> Preview:
    """Everything a dry run shows."""
    where = run_folder(plan)
    folder = folder_to_resume(plan, where)
    done = _on_disk(folder) if folder is not None else set()
    left = [sample for sample in plan.samples if (sample.id, 0) not in done] or list(plan.samples)
    return Preview(
        task=plan.task.name,
        model=plan.model.model,
        revision=plan.model.revision,
        backend=f"{plan.model.backend} {plan.model.backend_version}".strip(),
        rows=len(plan.samples),
        rows_of_task=len(plan.data.samples),
        data_origin=plan.data.origin,
        data_fingerprint=plan.data.fingerprint,
        data_known=plan.data.known,
        recipe=plan.recipe.name,
        recipe_reason=plan.recipe_reason,
        sampling=sampling_text(plan.recipe),
        scorers=plan.scorers,
        run_dir=str(folder or where),
        on_disk=len(done) if folder is not None else None,
        whole=folder is not None and (folder / RESULTS).exists(),
        prompts=tuple(_prompt_previews(plan, left[:PROMPTS], tokenizer)),
        cost=_cost(plan, completions=plan.total - len(done), tokenizer=tokenizer),
    )


def _on_disk(folder: Path) -> set[tuple[str, int]]:
    """The completions that need not be generated again."""
    return {one.key for one in read_completions(folder) if one.finish_reason != "error"}


# ---- prompts -----------------------------------------------------------------------------------------


def _prompt_previews(
    plan: Plan, samples: Sequence[Sample], tokenizer: Tokenizer | None
) -> Iterator[PromptPreview]:
    requests = _requests(plan, samples, tokenizer)
    if tokenizer is None:
        for request in requests:
            yield PromptPreview(request.sample_id, request.prompt, token_ids=None, adds_bos=False)
        return
    bos = tokenizer.bos_token_id
    for request, ids in zip(requests, _encode(requests, tokenizer), strict=True):
        adds_bos = request.special_tokens and bos is not None and ids[:1] == [bos]
        yield PromptPreview(request.sample_id, request.prompt, token_ids=tuple(ids), adds_bos=adds_bos)


def _requests(plan: Plan, samples: Sequence[Sample], tokenizer: Tokenizer | None) -> list[Request]:
    """The first request of each sample."""
    single = replace(plan.recipe, sampling=replace(plan.recipe.sampling, n=1))
    return list(build_requests(samples, single, tokenizer=tokenizer))


def _encode(requests: Sequence[Request], tokenizer: Tokenizer) -> list[list[int]]:
    if not requests:
        return []
    return tokenizer.encode([r.prompt for r in requests], special_tokens=requests[0].special_tokens)


# ---- cost --------------------------------------------------------------------------------------------


def _cost(plan: Plan, *, completions: int, tokenizer: Tokenizer | None) -> Cost:
    seconds, pace = _at_earlier_pace(plan, completions)
    cost = Cost(
        completions=completions,
        prompt_tokens=None,
        prompt_tokens_exact=False,
        shared_prefix_tokens=None,
        most_generated=completions * plan.recipe.sampling.max_tokens,
        seconds=seconds,
        pace=pace,
    )
    if tokenizer is None:
        return cost
    step = max(1, -(-len(plan.samples) // SAMPLE_SIZE))
    rows = _encode(_requests(plan, plan.samples[::step], tokenizer), tokenizer)
    mean = sum(map(len, rows)) / len(rows)
    return replace(
        cost,
        prompt_tokens=round(mean * completions),
        prompt_tokens_exact=step == 1 and completions == plan.total,
        shared_prefix_tokens=_shared_prefix(rows),
    )


def _shared_prefix(rows: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with."""
    shortest, longest = min(rows), max(rows)  # what the extremes share, all share
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shortest, longest, strict=False)))


def _at_earlier_pace(plan: Plan, completions: int) -> tuple[float | None, str | None]:
    """Seconds of generation at the pace of this model's latest whole run, of this task if there is one."""
    runs = list(_timed_runs(Path(plan.options.output_dir) / model_slug(plan.engine)))
    same = [results for results in runs if results.task == plan.task.name]
    if not runs:
        return None, None
    run = (same or runs)[0]
    rate = run.completion_tokens / run.seconds["generation"]
    each = run.completion_tokens / run.overall.completions if same else plan.recipe.sampling.max_tokens
    what = f"{each:,.0f} tokens each, as there" if same else "every completion at its limit"
    return completions * each / rate, f"{rate:,.0f} tokens/s of {run.run_dir}, {what}"


def _timed_runs(folder: Path) -> Iterator[Results]:
    """A model's whole runs that say how fast they were, the latest first."""
    for path in sorted(folder.glob(f"*/*/{RESULTS}"), key=lambda path: path.parent.name, reverse=True):
        try:
            _, results = load_run(path.parent)
        except RunDirectoryError:
            continue  # damaged, and not what this is about
        if results is None or results.sessions > 1:
            continue  # its seconds would be the last session's, and its tokens everybody's
        if results.completion_tokens and results.seconds.get("generation"):
            yield results
