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

Whatever takes ``EngineOptions`` and returns a ``Backend`` can be named: as ``module:attribute``, by the entry
points of the group ``mathevalkit.backends``, or in the table ``BUILTIN_BACKENDS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from mathevalkit.errors import BackendUnavailableError, UsageError, named_by
from mathevalkit.types import Completion, EngineOptions, Message, ModelInfo, Request

if TYPE_CHECKING:
    from answer_normalizers.plugins import Registry


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
    """What the name of a backend stands for."""

    def __call__(self, options: EngineOptions) -> Backend:
        """Make a backend that has not been started yet."""
        ...


# ---- engines by name -----------------------------------------------------------------------------------

BUILTIN_BACKENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vllm": "mathevalkit.backends.vllm:VllmBackend",
        "llama_cpp": "mathevalkit.backends.llama_cpp.backend:LlamaCppBackend",
        "replay": "mathevalkit.backends.replay:ReplayBackend",
    }
)
"""Name to place."""


def open_backend(options: EngineOptions) -> Backend:
    """The backend ``options.backend``. Its engine's process starts here and warms up in the background.

    Raises:
        BackendUnavailableError: no backend is called that, or its package is not installed.
        PluginError: somebody else's backend cannot be imported.
        UsageError: options that the backend cannot honour.
    """
    with named_by("backend", unknown=BackendUnavailableError):
        factory = _registry().load(options.backend)
    return factory(options)


def backend_names() -> tuple[str, ...]:
    """Every backend's name, sorted."""
    return _registry().names()


def backend_for(model: str) -> str:
    """The backend a model gets when none is named."""
    path = Path(model)
    if path.suffix.lower() == ".gguf":
        return "llama_cpp"
    if path.suffix.lower() == ".jsonl" or (path / "manifest.json").is_file():
        return "replay"
    return "vllm"


@cache
def _registry() -> Registry[BackendFactory]:
    from answer_normalizers.plugins import Registry  # brings the engine, which an engine's process never asks

    return Registry("backend", "mathevalkit.backends", BUILTIN_BACKENDS)


# ---- what backends check alike -------------------------------------------------------------------------


def refuse_options(options: EngineOptions, *names: str, why: str) -> None:
    """Raise UsageError where one of these fields of the options was set: this backend cannot honour it."""
    unset = EngineOptions(model=options.model)
    given = [f"`{name}`" for name in names if getattr(options, name) != getattr(unset, name)]
    if given:
        raise UsageError(f"the {options.backend} backend cannot honour {', '.join(given)}: {why}")


def refuse_unknown_arguments(options: EngineOptions, known: Collection[str], *, engine: str) -> None:
    """Raise UsageError where ``engine_args`` holds a name that the engine does not know."""
    for name in options.engine_args:
        if name not in known:
            from answer_normalizers.plugins import did_you_mean

            raise UsageError(
                f"`engine_args.{name}`: {engine} has no such argument{did_you_mean(name, known)}"
            )


def require_package(package: str, *, extra: str) -> None:
    """Raise BackendUnavailableError where it is not installed: before rows are read or a process starts."""
    if find_spec(package) is None:
        raise BackendUnavailableError(f'{package} is not installed: pip install "mathevalkit[{extra}]"')
