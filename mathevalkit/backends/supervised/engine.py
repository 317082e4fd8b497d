"""What runs inside an engine's process: the protocol an engine implements, and its requests and results.

An engine is named ``module:Class`` and is made with the ``EngineOptions`` alone. Making it must be
cheap; every heavy import belongs into ``open``. The methods are called in the order given here, all
from one thread except ``encode`` and ``render_chat``, which may be called from another one as soon as
``open`` has returned. Errors meant for the user are raised as classes of ``mathevalkit.errors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mathevalkit.errors import MathEvalError
from mathevalkit.types import FinishReason, Message, ModelInfo, Request, Sampling


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One request as the engine gets it: token ids, and a number that names it in this process."""

    id: int
    token_ids: list[int]
    sampling: Sampling
    seed: int


@dataclass(frozen=True, slots=True)
class Finished:
    """One completion as the engine reports it."""

    id: int
    text: str
    finish_reason: FinishReason
    stop_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: str | None = None


class RequestRefusedError(Exception):
    """This request cannot be served; the others can."""


class Engine(Protocol):
    """An inference engine, driven step by step."""

    def open(self) -> ModelInfo:
        """Make the tokenizer ready and check every option, without loading weights."""
        ...

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        """Token ids exactly as they will be given to ``submit``."""
        ...

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """The conversations as prompts, with the generation prompt appended. Raises RecipeError."""
        ...

    def load(self) -> int:
        """Load the weights. Returns how many requests run at the same time."""
        ...

    def submit(self, request: EngineRequest) -> None:
        """Take one more request. Raises RequestRefusedError for a request that cannot be served."""
        ...

    def step(self) -> list[Finished]:
        """Advance the running requests a little (at most about a second) and return what finished."""
        ...

    @property
    def work(self) -> int:
        """A number that grows whenever the engine gets somewhere: steps, tokens."""
        ...

    def abort(self) -> None:
        """Forget every request."""
        ...

    def close(self) -> None:
        """Let go of the device, before the process ends."""
        ...

    def explain(self, error: Exception) -> MathEvalError:
        """The error for the user, for whatever the engine's libraries raised in any of these methods."""
        ...


def room_for(request: EngineRequest, *, max_model_len: int) -> int:
    """How many tokens may be generated: what was asked, capped at what the context leaves.

    Raises RequestRefusedError where the prompt alone fills the context.

    >>> from mathevalkit.types import Sampling
    >>> room_for(EngineRequest(0, [1] * 90, Sampling(max_tokens=512), seed=0), max_model_len=100)
    10
    """
    room = max_model_len - len(request.token_ids)
    if room < 1:
        raise RequestRefusedError(
            f"the prompt has {len(request.token_ids)} tokens and leaves no room in a context of "
            f"{max_model_len} (raise `max_model_len` or use fewer shots)"
        )
    return min(room, request.sampling.max_tokens)


def first_line(error: BaseException | None) -> str:
    """The first line of an error's message, or the name of its class where there is none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def request_to_wire(number: int, request: Request) -> list[object]:
    """The JSON form of a request in a ``submit`` frame."""
    s = request.sampling
    return [
        number,
        request.prompt,
        request.special_tokens,
        request.seed,
        [s.max_tokens, s.temperature, s.top_p, list(s.stop)],
    ]
