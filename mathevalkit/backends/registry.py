"""Engines by name, through the entry-point group ``mathevalkit.backends``.

An entry point names a function that takes ``EngineOptions`` and returns a ``Backend``. The built-in
engines are registered the same way, in ``pyproject.toml``.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path

from mathevalkit.backends.base import Backend, BackendFactory
from mathevalkit.errors import BackendUnavailableError
from mathevalkit.types import EngineOptions

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
