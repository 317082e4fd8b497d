"""Checks before weights load: what would make a run fail late, or a score mean something else.

Every check is a function from a ``Context`` to a ``Finding``, named in ``CHECKS``. None takes more than a
fraction of a second on 5,000 rows: what is dear is done on a sample of the rows, and the message says on
how many. Those of extraction and scoring are behavioural: the scorer is given texts whose verdict is known,
so that any scorer can be checked, a plug-in's and a published one's too.

    >>> list(CHECKS)[:3]
    ['output-dir', 'data', 'duplicates']
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from answer_normalizers import Verdict
from mathevalkit.backends.base import Tokenizer
from mathevalkit.errors import named_by
from mathevalkit.prompts import build_requests, render_user_turn
from mathevalkit.scoring.judge import ScorerOptions, find_scorers
from mathevalkit.types import Check, Message, Plan, Recipe, Request, Sample

SAMPLE_SIZE = 256
"""Rows looked at where looking costs tokenizing."""


class Finding(NamedTuple):
    """What a check found; ``run_checks`` adds its name."""

    status: Literal["ok", "warning", "error", "skipped"]
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Context:
    """What a check may ask."""

    plan: Plan
    tokenizer: Tokenizer | None

    @property
    def recipe(self) -> Recipe:
        """The plan's recipe."""
        return self.plan.recipe

    @property
    def lacks_chat_template(self) -> bool:
        """A chat recipe for a tokenizer that has no chat template: there are no prompts."""
        return (
            self.recipe.kind == "chat" and self.tokenizer is not None and self.tokenizer.chat_template is None
        )

    @cached_property
    def drawn(self) -> tuple[Sample, ...]:
        """A random part of the rows, the same at every run, in their order."""
        samples = self.plan.samples
        if len(samples) <= SAMPLE_SIZE:
            return samples
        picked = sorted(random.Random(0).sample(range(len(samples)), SAMPLE_SIZE))  # noqa: S311  # not a secret
        return tuple(samples[i] for i in picked)

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """The first request of each drawn sample."""
        return self.requests_for(self.drawn)

    @cached_property
    def token_ids(self) -> list[list[int]]:
        """The drawn prompts as the engine will get them. Only where there is a tokenizer."""
        return self.encode(self.requests)

    def requests_for(self, samples: Sequence[Sample]) -> tuple[Request, ...]:
        """One request for each sample, whatever ``n`` is."""
        single = replace(self.recipe, sampling=replace(self.recipe.sampling, n=1))
        return tuple(build_requests(samples, single, tokenizer=self.tokenizer))

    def encode(self, requests: Sequence[Request]) -> list[list[int]]:
        """Token ids of prompts, special tokens as each request wants them."""
        assert self.tokenizer is not None
        if not requests:
            return []
        # All requests of a run agree on special tokens: the recipe decides.
        return self.tokenizer.encode(
            [request.prompt for request in requests], special_tokens=requests[0].special_tokens
        )


def named(ids: Sequence[str], *, most: int = 3) -> str:
    """``sample 17``, or ``samples 17, 23, 42 and 5 more``."""
    shown = ", ".join(ids[:most])
    more = f" and {len(ids) - most:,} more" if len(ids) > most else ""
    return f"sample{'s' if len(ids) > 1 else ''} {shown}{more}"


# ---- what lies on disk -----------------------------------------------------------------------------

BYTES_PER_TOKEN = 12
"""Bytes on disk for a token, text and verdicts together, rounded up generously."""
SMALLEST_SPACE = 1 << 20


def output_dir(context: Context) -> Finding:
    """The place for run directories can be written and has room for the longest possible completions."""
    wanted = Path(context.plan.options.resume or context.plan.options.output_dir)
    folder = wanted.absolute()
    while not folder.exists():
        folder = folder.parent
    remedy = "choose another `output_dir`"
    if not folder.is_dir():
        return Finding("error", f"{folder} is a file, so {wanted} cannot be a folder", remedy)
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\n")
            probe.flush()
    except OSError as error:
        return Finding("error", f"{folder} cannot be written: {error.strerror or error}", remedy)
    free = shutil.disk_usage(folder).free
    needed = context.plan.total * context.recipe.sampling.max_tokens * BYTES_PER_TOKEN
    if free < SMALLEST_SPACE:
        return Finding("error", f"{folder} has {_size(free)} free", remedy)
    if free < needed:
        return Finding(
            "warning",
            f"{folder} has {_size(free)} free; {context.plan.total:,} completions of "
            f"{context.recipe.sampling.max_tokens:,} tokens may take {_size(needed)}",
            "free some space, or " + remedy,
        )
    return Finding("ok", f"{wanted} can be written, {_size(free)} free")


def data(context: Context) -> Finding:
    """The rows are those the task was written for."""
    task, loaded = context.plan.task, context.plan.data
    count = len(loaded.samples)
    expected = f"{task.num_rows:,} rows" if task.num_rows else "other rows"
    if loaded.known:
        return Finding("ok", f"{count:,} rows, fingerprint {loaded.fingerprint[:12]} as known")
    if loaded.known is None and task.num_rows in (None, count):
        return Finding("ok", f"{count:,} rows; the task lists no fingerprint to compare with")
    found = f"{count:,} rows, fingerprint {loaded.fingerprint[:12]}"
    what = f"{loaded.origin}: {found}, not the {expected} the task knows"
    # Rows that somebody gave or that the hub has are what they are; only a task's own file must be its own.
    if context.plan.options.data_file is not None or loaded.origin.startswith("hub:"):
        return Finding(
            "warning", what, "the score is not comparable with published ones unless only the form differs"
        )
    return Finding(
        "error",
        what + ": the data has changed since the task file was written",
        "compare the rows, then add the fingerprint to the task file, or give known rows as `data_file`",
    )


def duplicates(context: Context) -> Finding:
    """No question is asked twice, or worse, twice with different answers."""
    first: dict[str, tuple[str, str]] = {}
    repeated, contradicting = [], []
    for sample in context.plan.samples:
        question = normalized(sample.question)
        if question not in first:
            first[question] = (sample.id, sample.gold)
            continue
        repeated.append(sample.id)
        if first[question][1].strip() != sample.gold.strip():
            contradicting.append(f"{first[question][0]} and {sample.id}")
    if not repeated:
        return Finding("ok", f"{len(first):,} different questions")
    count = f"{len(repeated):,} questions repeat" if len(repeated) > 1 else "1 question repeats"
    message = f"{count} an earlier one ({named(repeated)})"
    if contradicting:
        message += f", {len(contradicting):,} with another answer ({'; '.join(contradicting[:3])})"
    return Finding(
        "warning", message, "each counts; remove the repetitions from the data where they are not meant"
    )


def normalized(text: str) -> str:
    """The words and signs of a text, however it is spaced and capitalised."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.casefold()))


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


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


# ---- extraction and scorer -------------------------------------------------------------------------

Score = Callable[..., Verdict]

STATEMENTS = {
    "The answer is: …": "So that is how it is done.\nThe answer is: {gold}",
    "\\boxed{…}": "So that is how it is done, and we get $\\boxed{{{gold}}}$.",
    "#### …": "So that is how it is done.\n#### {gold}",
    "Answer: …": "So that is how it is done.\nAnswer: {gold}",
}
"""The ways in which texts state an answer, by how a person would name them."""

MARKERS = {
    "The answer is: …": ("answer is", "Answer is"),
    "\\boxed{…}": ("boxed",),
    "#### …": ("####",),
    "Answer: …": ("Answer:", "ANSWER:"),
}
"""What a prompt that asks for such a statement contains."""

UNMARKED = "So that is how it is done, and altogether it comes to {gold}."


def prompt_extractor(context: Context) -> Finding:
    """What the prompt shows or asks for is what the scorer finds.

    With examples: the scorer must accept each example's answer as its gold. Without: where the scorer
    takes marked answers only, the prompt must ask for one of the marks it takes.
    """
    score = _scorer(context)
    shots = context.recipe.shots
    refused = []
    for number, shot in enumerate(shots, 1):
        verdict = score(gold=shot.gold, text=shot.answer)
        if verdict.equivalent is not True:
            found = verdict.extraction.value if verdict.extraction else None
            refused.append(f"example {number} (gold {shot.gold!r}, found {found!r})")
    if refused:
        return Finding(
            "error",
            f"scorer {context.plan.scorers[0]} does not find the gold in the recipe's own examples: "
            f"{'; '.join(refused[:3])}",
            "correct the example, or choose another scorer with `scorers`",
        )
    if shots:
        return Finding("ok", f"scorer {context.plan.scorers[0]} finds the gold of all {len(shots)} examples")
    return _asks_for_a_mark(context, score)


def _asks_for_a_mark(context: Context, score: Score) -> Finding:
    gold = "7"
    name = context.plan.scorers[0]
    if score(gold=gold, text=UNMARKED.format(gold=gold)).equivalent is True:
        return Finding("ok", f"scorer {name} takes unmarked answers too")
    taken = [
        mark
        for mark, text in STATEMENTS.items()
        if score(gold=gold, text=text.format(gold=gold)).equivalent is True
    ]
    if not taken:
        return Finding(
            "error",
            f"scorer {name} does not find the answer 7 in any of: {', '.join(STATEMENTS)}",
            "choose another with `scorers`",
        )
    prompt = f"{context.recipe.system or ''}\n{context.recipe.template}"
    if any(word in prompt for mark in taken for word in MARKERS[mark]):
        return Finding("ok", f"the prompt asks for what scorer {name} takes: {' or '.join(taken)}")
    if context.recipe.name == "metamath" and "metamath" in context.plan.model.model.lower():
        return Finding("ok", f"the model was trained to write what scorer {name} takes: {' or '.join(taken)}")
    return Finding(
        "warning",
        f"scorer {name} takes only {' or '.join(taken)}, and the prompt asks for none of them",
        "a model that was not trained to write it scores near 0; choose another `recipe`, or other `scorers`",
    )


SECONDS = 1.0
"""Time for reading golds; a slow scorer gets to see a random part of them."""


def gold_readable(context: Context) -> Finding:
    """The scorer accepts each reference answer where a text states it plainly."""
    score = _scorer(context)
    samples = list(context.plan.samples)
    random.Random(0).shuffle(samples)  # noqa: S311  # not a secret
    deadline = time.monotonic() + SECONDS
    statements = list(STATEMENTS.values())
    unread: list[str] = []
    seen = 0
    for sample in samples:
        if time.monotonic() > deadline:
            break
        seen += 1
        for text in statements:
            if score(gold=sample.gold, text=text.format(gold=sample.gold)).equivalent is True:
                if text is not statements[0]:  # most golds of a task read the same way
                    statements.remove(text)
                    statements.insert(0, text)
                break
        else:
            unread.append(f"{sample.id} ({_cut(sample.gold)})")
    name = context.plan.scorers[0]
    of = f"{seen:,}" if seen == len(samples) else f"{seen:,} looked at of {len(samples):,}"
    if not unread:
        return Finding("ok", f"scorer {name} accepts every reference answer as itself ({of})")
    return Finding(
        "error" if len(unread) == seen else "warning",
        f"scorer {name} does not accept {len(unread):,} of {of} reference answers even as themselves: "
        f"{named(unread)}",
        "these can never count as correct; choose other `scorers`, or repair the data",
    )


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _scorer(context: Context) -> Score:
    """The deciding scorer. Raises PluginError where it is somebody's and gives no verdicts."""
    ((_, scorer),) = find_scorers(context.plan.scorers[:1], ScorerOptions.of(context.recipe))

    def score(*, gold: str, text: str) -> Verdict:
        with named_by("scorers"):
            return scorer(gold=gold, text=text)

    return score


# ---- all of them -----------------------------------------------------------------------------------

CHECKS: Final[Mapping[str, Callable[[Context], Finding]]] = MappingProxyType(
    {
        "output-dir": output_dir,
        "data": data,
        "duplicates": duplicates,
        "chat-template": chat_template,
        "bos": bos,
        "token-budget": token_budget,
        "stop-strings": stop_strings,
        "few-shot-leakage": few_shot_leakage,
        "prompt-extractor": prompt_extractor,
        "gold-readable": gold_readable,
    }
)
"""Every check, in the order they are run and shown."""


def run_checks(plan: Plan, *, tokenizer: Tokenizer | None) -> tuple[Check, ...]:
    """What each check finds. ``tokenizer`` is None where there is no model (a replay)."""
    context = Context(plan, tokenizer)
    found = {name: check(context) for name, check in CHECKS.items()}
    return tuple(Check(name, f.status, f.message, f.remedy) for name, f in found.items())
