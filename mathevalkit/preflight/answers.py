"""Checks that prompt, extraction and scorer agree with one another and with the reference answers.

They are behavioural: the scorer is given texts whose verdict is known, so that any scorer can be checked,
a plug-in's and a published one's too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from answer_normalizers import Verdict
from mathevalkit.errors import named_by
from mathevalkit.preflight.context import Context, Finding, named
from mathevalkit.scoring.judge import ScorerOptions, find_scorers

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
