"""What the checks look at: the plan, the tokenizer, and a sample of real prompts made once for all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

from mathevalkit.backends.base import Tokenizer
from mathevalkit.prompts import build_requests
from mathevalkit.types import Plan, Recipe, Request, Sample

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
