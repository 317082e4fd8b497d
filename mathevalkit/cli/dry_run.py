"""What a run would do, without doing it: the plan, the first prompts token by token, and the cost.

Nothing is written, and no weights are loaded; the engine starts as far as its tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from mathevalkit.backends.base import Tokenizer
from mathevalkit.errors import RunDirectoryError
from mathevalkit.presentation.figures import duration
from mathevalkit.presentation.terminal import clean, clean_block, model_name
from mathevalkit.presentation.wording import sampling_text
from mathevalkit.runs.results import Results
from mathevalkit.types import Plan, Request, Sample

if TYPE_CHECKING:
    from rich.console import Console

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
    from mathevalkit.pipeline.plan import run_folder
    from mathevalkit.runs.resume import folder_to_resume

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
        whole=folder is not None and (folder / "results.json").exists(),
        prompts=tuple(_prompt_previews(plan, left[:PROMPTS], tokenizer)),
        cost=_cost(plan, completions=plan.total - len(done), tokenizer=tokenizer),
    )


# ---- what is on disk -------------------------------------------------------------------------------


def _on_disk(folder: Path) -> set[tuple[str, int]]:
    """The completions that need not be generated again."""
    from mathevalkit.runs.reader import read_completions

    return {one.key for one in read_completions(folder) if one.finish_reason != "error"}


# ---- prompts and cost ------------------------------------------------------------------------------


def _requests(plan: Plan, samples: Sequence[Sample], tokenizer: Tokenizer | None) -> list[Request]:
    from mathevalkit.prompts import build_requests

    single = replace(plan.recipe, sampling=replace(plan.recipe.sampling, n=1))
    return list(build_requests(samples, single, tokenizer=tokenizer))


def _encode(requests: Sequence[Request], tokenizer: Tokenizer) -> list[list[int]]:
    if not requests:
        return []
    return tokenizer.encode([r.prompt for r in requests], special_tokens=requests[0].special_tokens)


def _prompt_previews(
    plan: Plan, samples: Sequence[Sample], tokenizer: Tokenizer | None
) -> Iterator[PromptPreview]:
    requests = _requests(plan, samples, tokenizer)
    rows: Sequence[list[int] | None] = (
        _encode(requests, tokenizer) if tokenizer is not None else [None] * len(requests)
    )
    for request, ids in zip(requests, rows, strict=True):
        adds_bos = (
            request.special_tokens
            and tokenizer is not None
            and ids is not None
            and tokenizer.bos_token_id is not None
            and ids[:1] == [tokenizer.bos_token_id]
        )
        yield PromptPreview(
            sample_id=request.sample_id,
            text=request.prompt,
            token_ids=tuple(ids) if ids is not None else None,
            adds_bos=adds_bos,
        )


def _cost(plan: Plan, *, completions: int, tokenizer: Tokenizer | None) -> Cost:
    bound = completions * plan.recipe.sampling.max_tokens
    seconds, pace = _at_earlier_pace(plan, completions)
    if tokenizer is None:
        return Cost(completions, None, False, None, bound, seconds, pace)  # noqa: FBT003  # a record, positional once
    step = max(1, -(-len(plan.samples) // SAMPLE_SIZE))
    looked_at = plan.samples[::step]
    rows = _encode(_requests(plan, looked_at, tokenizer), tokenizer)
    mean = sum(map(len, rows)) / len(rows)
    return Cost(
        completions=completions,
        prompt_tokens=round(mean * completions),
        prompt_tokens_exact=step == 1 and completions == plan.total,
        shared_prefix_tokens=_shared_prefix(rows),
        most_generated=bound,
        seconds=seconds,
        pace=pace,
    )


def _shared_prefix(rows: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with."""
    shortest, longest = min(rows), max(rows)  # what the extremes share, all share
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shortest, longest, strict=False)))


def _at_earlier_pace(plan: Plan, completions: int) -> tuple[float | None, str | None]:
    """Seconds of generation at the pace of this model's latest whole run, of this task if there is one."""
    from mathevalkit.pipeline.plan import model_slug
    from mathevalkit.runs.reader import load_run

    root = Path(plan.options.output_dir) / model_slug(plan.engine)
    paths = sorted(root.glob("*/*/results.json"), key=lambda path: path.parent.name, reverse=True)
    runs: list[Results] = []
    for path in paths:
        try:
            _, results = load_run(path.parent)
        except RunDirectoryError:
            continue  # damaged, and not what this command is about
        # One session only: its seconds cover all of its tokens.
        if (
            results
            and results.sessions == 1
            and results.completion_tokens
            and results.seconds.get("generation")
        ):
            runs.append(results)
    same = [results for results in runs if results.task == plan.task.name]
    if not runs:
        return None, None
    run = (same or runs)[0]
    rate = run.completion_tokens / run.seconds["generation"]
    each = run.completion_tokens / run.overall.completions if same else plan.recipe.sampling.max_tokens
    what = f"{each:,.0f} tokens each, as there" if same else "every completion at its limit"
    return completions * each / rate, f"{rate:,.0f} tokens/s of {run.run_dir}, {what}"


# ---- printing --------------------------------------------------------------------------------------


def print_preview(console: Console, shown: Preview) -> None:
    """The preview for a person."""
    from rich.text import Text

    def line(name: str, value: str) -> None:
        console.print(Text.assemble((f"{name:<12}", "dim"), value), soft_wrap=True)

    of = f" of {shown.rows_of_task:,}" if shown.rows != shown.rows_of_task else ""
    known = {True: "known", False: "not the task's own", None: "nothing to compare with"}[shown.data_known]
    console.print(Text.assemble((clean(shown.task), "bold"), f" · {model_name(shown.model)}"), soft_wrap=True)
    line(
        "model",
        f"{clean(shown.model)}, revision {clean(shown.revision or 'unknown')}, on {clean(shown.backend)}",
    )
    line("rows", f"{shown.rows:,}{of}, {clean(shown.data_origin)}")
    line("data", f"fingerprint {shown.data_fingerprint[:16]}…, {known}")
    line("recipe", f"{clean(shown.recipe)} ({clean(shown.recipe_reason)})")
    line("sampling", shown.sampling)
    line("scorers", clean(", ".join(shown.scorers)))
    line("run", clean(_run_words(shown)))
    for number, prompt in enumerate(shown.prompts, 1):
        _print_prompt(console, number, prompt)
    console.print()
    for name, value in _cost_lines(shown.cost):
        line(name, clean(value))


def _run_words(shown: Preview) -> str:
    if shown.on_disk is None:
        return f"a new one in {shown.run_dir}/"
    if shown.whole:
        return f"{shown.run_dir} is whole: nothing would be generated (--new starts afresh)"
    return f"{shown.run_dir} would go on: {shown.on_disk:,} completions are there"


def _print_prompt(console: Console, number: int, prompt: PromptPreview) -> None:
    from rich.text import Text

    ids = prompt.token_ids
    count = f"{len(ids):,} tokens" if ids is not None else "no tokenizer"
    console.print()
    console.print(Text(f"prompt {number} · sample {clean(prompt.sample_id)} · {count}", style="bold"))
    text = Text()
    if prompt.adds_bos and ids:
        text.append(f"⟨BOS {ids[0]}⟩", style="reverse")
    text.append(clean_block(prompt.text))
    text.append("⟨end⟩", style="reverse")
    console.print(text, soft_wrap=True)
    if ids:
        ends = (
            f"{' '.join(map(str, ids[:8]))} … {' '.join(map(str, ids[-8:]))}"
            if len(ids) > 16
            else " ".join(map(str, ids))
        )
        console.print(Text(f"token ids {ends}", style="dim"), soft_wrap=True)


def _cost_lines(cost: Cost) -> Iterator[tuple[str, str]]:
    yield "to generate", f"{cost.completions:,} completions, at most {cost.most_generated:,} tokens"
    if cost.prompt_tokens is not None:
        about = "" if cost.prompt_tokens_exact else "about "
        shared = f", {cost.shared_prefix_tokens:,} shared by all prompts" if cost.shared_prefix_tokens else ""
        yield "to read", f"{about}{cost.prompt_tokens:,} prompt tokens{shared}"
    if cost.seconds is not None:
        yield "time", f"about {duration(cost.seconds)} of generation, at the {cost.pace}"
    else:
        yield "time", "unknown: no earlier run of this model is here"
