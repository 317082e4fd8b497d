"""The words that outcomes and settings have in every table."""

from __future__ import annotations

from mathevalkit.types import Recipe

OUTCOME_WORDS = {
    "correct": "correct",
    "wrong": "wrong",
    "no_answer": "no answer",
    "truncated": "truncated",
    "undecided": "undecided",
    "backend_error": "failed",
}

MAX_LEVELS = 8
"""With more levels there is no table of subjects against levels."""


def sampling_text(recipe: Recipe) -> str:
    """``greedy, 512 tokens, 10 stop strings, 8 examples``."""
    sampling = recipe.sampling
    parts = ["greedy"] if sampling.temperature == 0 else [f"temperature {sampling.temperature:g}"]
    if sampling.temperature and sampling.top_p < 1:
        parts.append(f"top-p {sampling.top_p:g}")
    if sampling.temperature:
        parts.append(f"seed {sampling.seed}")
    if sampling.n > 1:
        parts.append(f"{sampling.n} completions each")
    parts.append(f"up to {sampling.max_tokens:,} tokens")
    for count, word in ((len(recipe.shots), "example"), (len(sampling.stop), "stop string")):
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    if recipe.kind == "chat":
        parts.append("chat template")
    return ", ".join(parts)
