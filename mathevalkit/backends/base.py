"""The one protocol every engine speaks, and the registry that finds engines by name.

A backend goes through four states, each entered once::

    backend = open_backend(options)     # cheap: no weights, no heavy import in this process
    info = backend.start()              # the tokenizer is ready; preflight can ask it anything
    backend.load()                      # weights load
    for completion in backend.generate(requests): ...   # in the order they finish
    backend.close()                     # idempotent; also on every error path

``generate`` may be called again after it is exhausted (one loaded model, several tasks). It pulls
from ``requests`` lazily, yields exactly one completion for each request and never raises for a single
one: a request that cannot be served comes back with ``finish_reason="error"``.

An entry point of the group ``mathevalkit.backends`` names a function that takes ``EngineOptions`` and returns
a ``Backend``; the built-in engines are registered the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from mathevalkit.errors import BackendUnavailableError, UsageError
from mathevalkit.types import Completion, EngineOptions, Message, ModelInfo, Request


class Tokenizer(Protocol):
    """The model's own tokenizer, as the engine will use it."""

    @property
    def bos_token_id(self) -> int | None:
        """None for a model that has no such token."""
        ...

    @property
    def chat_template(self) -> str | None:
        """The Jinja template itself, or None."""
        ...

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        """Token ids exactly as ``generate`` would feed them to the model."""
        ...

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """The conversations as prompts, with the generation prompt appended."""
        ...


class Backend(Protocol):
    """An engine that turns requests into completions."""

    def start(self) -> ModelInfo:
        """Make the tokenizer ready. Raises BackendUnavailableError, ModelNotFoundError."""
        ...

    @property
    def tokenizer(self) -> Tokenizer | None:
        """None where there is no model (a replay)."""
        ...

    def load(self) -> None:
        """Load the weights. Raises OutOfMemoryError, ModelNotFoundError, BackendError."""
        ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yield completions as they finish. Raises EngineDiedError when restarts are used up."""
        ...

    @property
    def restarts(self) -> int:
        """How often the engine had to be restarted so far."""
        ...

    def close(self) -> None:
        """Stop the engine and everything it started. May be called twice."""
        ...


class BackendFactory(Protocol):
    """What an entry point in the group ``mathevalkit.backends`` names."""

    def __call__(self, options: EngineOptions) -> Backend:
        """Make a backend that has not been started yet."""
        ...


def refuse_options(options: EngineOptions, *names: str, why: str) -> None:
    """Raise UsageError where one of these fields of the options was set: this backend cannot honour it."""
    unset = EngineOptions(model=options.model)
    given = [
        f"--{name.replace('_', '-')}" for name in names if getattr(options, name) != getattr(unset, name)
    ]
    if given:
        raise UsageError(f"the {options.backend} backend cannot honour {', '.join(given)}: {why}")


def require_package(package: str, *, extra: str) -> None:
    """Raise BackendUnavailableError where it is not installed: before rows are read or a process starts."""
    if find_spec(package) is None:
        raise BackendUnavailableError(f'{package} is not installed: pip install "mathevalkit[{extra}]"')


# ---- engines by name -----------------------------------------------------------------------------------

GROUP = "mathevalkit.backends"


def backend_names() -> list[str]:
    """Every registered backend, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def backend_for(model: str) -> str:
    """The backend a model gets when none is named."""
    path = Path(model)
    if path.suffix.lower() == ".gguf":
        return "llama_cpp"
    if path.suffix.lower() == ".jsonl" or (path / "manifest.json").is_file():
        return "replay"
    return "vllm"


def open_backend(options: EngineOptions) -> Backend:
    """The backend ``options.backend``. Its engine's process starts here and warms up in the background.

    Raises BackendUnavailableError for a name that is not registered, UsageError for options that the
    backend cannot honour.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if options.backend not in points:
        raise BackendUnavailableError(_unknown(options.backend, sorted(points)))
    factory: BackendFactory = points[options.backend].load()
    return factory(options)


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return (
            f"no backends are registered: mathevalkit is not installed in this environment "
            f"(pip install mathevalkit), so --backend {name} cannot be found"
        )
    near = get_close_matches(name.replace("-", "_").lower(), known, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]}?" if near else "."
    return f"no backend is called {name!r}{hint} Known: {', '.join(known)}"
