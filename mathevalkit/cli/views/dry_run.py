"""What a run would do, for a person: the plan, the first prompts token by token, the cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mathevalkit.pipeline.estimate import Cost, Preview, PromptPreview
from mathevalkit.presentation.figures import duration
from mathevalkit.presentation.terminal import clean, clean_block, model_name

if TYPE_CHECKING:
    from rich.console import Console


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
