"""Checks of the prompts: what the model will really read, token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mathevalkit.backends.base import Tokenizer
from mathevalkit.preflight.context import Context, Finding, named
from mathevalkit.prompts import render_user_turn
from mathevalkit.types import Message, Recipe, Request

NO_TOKENIZER = Finding("skipped", "no tokenizer: recorded completions need none")
NO_TEMPLATE = Finding("skipped", "no prompts without a chat template")


def _needs_prompts(context: Context) -> Finding | None:
    """Why there is nothing to tokenize, if there is nothing."""
    if context.tokenizer is None:
        return NO_TOKENIZER
    return NO_TEMPLATE if context.lacks_chat_template else None


# ---- chat template ---------------------------------------------------------------------------------

CONTROL = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>]{1,40}｜>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|</?s>"
)
"""What chat templates mark turns with: ChatML, Llama 2 and 3, Mistral, Gemma, Phi, DeepSeek."""


def chat_template(context: Context) -> Finding:
    """The recipe's kind fits the tokenizer, and no turn is marked twice."""
    tokenizer, recipe = context.tokenizer, context.recipe
    if tokenizer is None:
        return NO_TOKENIZER
    if context.lacks_chat_template:
        return Finding(
            "error",
            f"recipe {recipe.name} is a chat, and the tokenizer has no chat template",
            "choose another `recipe`, or add `apply_chat_template=False`",
        )
    if recipe.kind == "completion":
        if tokenizer.chat_template is None or _chosen(context):
            return Finding("ok", "plain text, as the recipe wants it")
        return Finding(
            "warning",
            f"the model has a chat template, and recipe {recipe.name} does not use it",
            "take the task's chat `recipe`, or say so with `apply_chat_template=False`",
        )
    marks = set(CONTROL.findall(tokenizer.render_chat([_neutral(recipe)])[0]))
    turns = {sample.id: render_user_turn(recipe, sample) for sample in context.drawn}
    doubled = [id_ for id_, turn in turns.items() if any(mark in turn for mark in marks)]
    system = recipe.system or ""
    if doubled or any(mark in system for mark in marks):
        everywhere = len(doubled) == len(turns) or not doubled
        mark = next(m for m in sorted(marks) if any(m in text for text in (system, *turns.values())))
        return Finding(
            "error" if everywhere else "warning",
            f"{mark!r} stands in the prompt's own text and is written by the chat template again "
            f"({'every prompt' if everywhere else named(doubled)})",
            "take it out of the recipe, or add `apply_chat_template=False`"
            if everywhere
            else "these questions hold control tokens; `preview` shows them",
        )
    return Finding("ok", f"applied once, in {len(turns):,} prompts looked at")


def _chosen(context: Context) -> bool:
    """Whether somebody meant the recipe to be no chat: the user, or the task for this kind of model."""
    options, plan = context.plan.options, context.plan
    if options.apply_chat_template is False:
        return True
    kinds = ("chat", "metamath") if "metamath" in plan.model.model.lower() else ("chat",)
    return options.recipe is None and plan.recipe.name in (plan.task.defaults.get(kind) for kind in kinds)


def _neutral(recipe: Recipe) -> list[Message]:
    """A conversation of the recipe's shape about nothing."""
    user: Message = {"role": "user", "content": "x"}
    return [{"role": "system", "content": "x"}, user] if recipe.system else [user]


# ---- BOS -------------------------------------------------------------------------------------------


def bos(context: Context) -> Finding:
    """The beginning-of-sequence token stands once, at the start, asserted on token ids.

    A tokenizer that adds none by itself (Qwen, GPT-NeoX) is left in peace. In ChatML the same token may
    open every turn, so in a chat the template's own count for a neutral conversation is what is wanted.
    """
    if (skipped := _needs_prompts(context)) is not None:
        return skipped
    tokenizer = context.tokenizer
    assert tokenizer is not None
    token = tokenizer.bos_token_id
    if token is None:
        return Finding("ok", "the model has no such token")
    adds = _leading(tokenizer.encode(["x"], special_tokens=True)[0], token) == 1
    wanted = _wanted(context, tokenizer, token, adds=adds)
    rows = context.token_ids
    wrong = [
        (request.sample_id, _leading(ids, token), ids.count(token))
        for request, ids in zip(context.requests, rows, strict=True)
        if ids.count(token) != wanted or _leading(ids, token) > 1
    ]
    if wrong:
        id_, leading, count = wrong[0]
        found = f"{leading} times at the start" if leading > 1 else f"{count} times"
        return Finding(
            "error",
            f"token {token} (BOS) stands {found} in {len(wrong):,} of {len(rows):,} prompts looked at "
            f"(first in sample {id_}), and should stand {wanted} times",
            "take it out of the recipe's text; the tokenizer adds it" if count > wanted else "see `preview`",
        )
    if not wanted:
        if adds:  # only a chat template can lose it: the tokenizer would have added it
            return Finding(
                "warning",
                f"the tokenizer adds token {token} (BOS), and the chat template leaves it out",
                "check the model's own example of a prompt",
            )
        return Finding("ok", "the tokenizer adds none")
    where = "once, at the start" if wanted == 1 else "once at the start, and where the template opens a turn"
    return Finding("ok", f"token {token} {where}, in {len(rows):,} prompts looked at")


def _wanted(context: Context, tokenizer: Tokenizer, token: int, *, adds: bool) -> int:
    """How often BOS should stand in a prompt."""
    if context.recipe.kind == "completion":
        return int(adds)
    neutral = tokenizer.render_chat([_neutral(context.recipe)])
    ids = tokenizer.encode(neutral, special_tokens=False)[0]
    return max(ids.count(token) - max(_leading(ids, token) - 1, 0), 0)


def _leading(ids: Sequence[int], token: int) -> int:
    """How often the token stands at the start."""
    return next((i for i, id_ in enumerate(ids) if id_ != token), len(ids))


# ---- tokens ----------------------------------------------------------------------------------------

LONGEST_BATCH = 64
MOST_LONG = 512
"""The longest prompts are tokenized in batches of 64 until a batch fits, at most so many."""


def token_budget(context: Context) -> Finding:
    """Prompt and completion fit the context, and the reference solutions fit the completion."""
    if (skipped := _needs_prompts(context)) is not None:
        return skipped
    budget, window = context.recipe.sampling.max_tokens, context.plan.model.max_model_len
    too_long: list[str] = []
    cut: list[str] = []
    if window is not None:
        for request, length in _longest_prompts(context, enough=window - budget):
            (too_long if length >= window else cut).append(request.sample_id)
    remedy = "raise `max_model_len`, or use fewer examples with `num_fewshot`"
    if too_long:
        return Finding(
            "error",
            f"the prompt alone fills the context of {window:,} tokens in {named(too_long)}; these would fail",
            remedy,
        )
    if cut:
        return Finding(
            "warning",
            f"prompt and {budget:,} tokens of completion pass the context of {window:,} in {named(cut)}; "
            "these are cut off early",
            remedy + ", or lower `max_tokens`",
        )
    return _solutions_fit(context, budget)


def _longest_prompts(context: Context, *, enough: int) -> Iterator[tuple[Request, int]]:
    """Prompts of more than ``enough`` tokens with their lengths, the longest in characters first."""
    by_length = sorted(context.plan.samples, key=lambda sample: -len(sample.question))
    for start in range(0, min(len(by_length), MOST_LONG), LONGEST_BATCH):
        requests = context.requests_for(by_length[start : start + LONGEST_BATCH])
        lengths = [len(ids) for ids in context.encode(requests)]
        yield from (pair for pair in zip(requests, lengths, strict=True) if pair[1] > enough)
        if max(lengths) <= enough:
            return


def _solutions_fit(context: Context, budget: int) -> Finding:
    """Whether 99 of 100 reference solutions are shorter than the token budget."""
    assert context.tokenizer is not None
    solved = [sample for sample in context.drawn if sample.solution]
    if not solved:
        return Finding("ok", f"{budget:,} tokens; the rows have no solutions to compare with")
    ids = context.tokenizer.encode([sample.solution for sample in solved], special_tokens=False)
    lengths = sorted(map(len, ids))
    p99 = lengths[max(0, -(-99 * len(lengths) // 100) - 1)]
    longer = sum(length > budget for length in lengths)
    if p99 > budget:
        return Finding(
            "warning",
            f"{longer:,} of {len(lengths):,} reference solutions looked at are longer than {budget:,} tokens "
            f"(99 % have at most {p99:,})",
            "raise `max_tokens`",
        )
    return Finding("ok", f"{budget:,} tokens; 99 % of the reference solutions have at most {p99:,}")


# ---- stop strings ----------------------------------------------------------------------------------


def stop_strings(context: Context) -> Finding:
    """No stop string stands in a right solution: it would cut off a right answer."""
    stops = context.recipe.sampling.stop
    if not stops:
        return Finding("ok", "none")
    samples = context.plan.samples
    hits: dict[str, list[str]] = {}
    for stop in stops:
        found = [s.id for s in samples if stop in s.solution or stop in s.gold]
        found += [f"example {i + 1}" for i, shot in enumerate(context.recipe.shots) if stop in shot.answer]
        if found:
            hits[stop] = found
    if not hits:
        return Finding("ok", f"none of {len(stops)} stands in a reference solution, of {len(samples):,}")
    shown = "; ".join(f"{stop!r} in {len(ids):,} ({named(ids)})" for stop, ids in list(hits.items())[:3])
    more = f"; and {len(hits) - 3} more stop strings" if len(hits) > 3 else ""
    return Finding(
        "warning",
        f"stop strings stand in reference solutions: {shown}{more}",
        "a right completion with such words is cut off there; choose others with `stop`",
    )


# ---- leakage ---------------------------------------------------------------------------------------

GRAM = 4
"""Words in a row that are compared."""
NEAR = 0.5
"""From this share of common word groups on (of the shorter question's), two questions are nearly the same."""
LEAST_COMMON = 6
"""Fewer common groups are a turn of phrase ("what is the greatest common divisor of"), not a leak."""


def few_shot_leakage(context: Context) -> Finding:
    """No worked example of the prompt is among the problems asked."""
    shots = context.recipe.shots
    if not shots:
        return Finding("ok", "no examples in the prompt")
    words = [_words(shot.question) for shot in shots]
    grams = [_grams(w) for w in words]
    every = set().union(*grams)
    same, near = [], []
    for sample in context.plan.samples:
        theirs = _words(sample.question)
        if theirs in words:
            same.append(f"{sample.id} (example {words.index(theirs) + 1})")
            continue
        own = _grams(theirs)
        if not own.isdisjoint(every):
            common = [len(own & g) for g in grams]
            shares = [
                c / min(len(own), len(g)) if c >= LEAST_COMMON else 0.0
                for c, g in zip(common, grams, strict=True)
            ]
            if (share := max(shares)) >= NEAR:
                near.append(f"{sample.id} (example {shares.index(share) + 1}, {share:.0%} of its words)")
    remedy = "use fewer examples with `num_fewshot`, or other ones"
    if same:
        return Finding("error", f"examples of the prompt are asked as problems: {named(same)}", remedy)
    if near:
        return Finding(
            "warning", f"examples of the prompt are nearly asked as problems: {named(near)}", remedy
        )
    return Finding("ok", f"{len(shots)} examples, none near any of {len(context.plan.samples):,} problems")


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def _grams(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Groups of four words in a row; a shorter text is one group."""
    if len(words) <= GRAM:
        return {words} if words else set()
    return set(zip(*(words[i:] for i in range(GRAM)), strict=False))
