"""mathevalkit: evaluate mathematical language models.

    >>> import mathevalkit
    >>> results = mathevalkit.evaluate(model="meta-math/MetaMath-7B-V1.0", task="gsm8k")  # doctest: +SKIP
    >>> round(100 * results.accuracy.value, 1)  # doctest: +SKIP
    66.5

Names are loaded on first use, so that ``import mathevalkit`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mathevalkit.bundle import verify_bundle as verify_bundle
    from mathevalkit.bundle import write_bundle as write_bundle
    from mathevalkit.comparing import compare as compare
    from mathevalkit.dashboard import build_dashboard as build_dashboard
    from mathevalkit.exporters import export as export
    from mathevalkit.gating import gate as gate
    from mathevalkit.journal import load_run as load_run
    from mathevalkit.nightly import run_night as run_night
    from mathevalkit.pipeline import evaluate as evaluate
    from mathevalkit.reporting import report as report
    from mathevalkit.reproducing import reproduce as reproduce
    from mathevalkit.rescoring import rescore as rescore
    from mathevalkit.suite import read_suite as read_suite
    from mathevalkit.tasks import load_task as load_task

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "build_dashboard",
    "compare",
    "evaluate",
    "export",
    "gate",
    "load_run",
    "load_task",
    "read_suite",
    "report",
    "reproduce",
    "rescore",
    "run_night",
    "verify_bundle",
    "write_bundle",
]

_HOME = {
    "build_dashboard": "mathevalkit.dashboard",
    "compare": "mathevalkit.comparing",
    "evaluate": "mathevalkit.pipeline",
    "export": "mathevalkit.exporters",
    "gate": "mathevalkit.gating",
    "load_run": "mathevalkit.journal",
    "load_task": "mathevalkit.tasks",
    "read_suite": "mathevalkit.suite",
    "report": "mathevalkit.reporting",
    "reproduce": "mathevalkit.reproducing",
    "rescore": "mathevalkit.rescoring",
    "run_night": "mathevalkit.nightly",
    "verify_bundle": "mathevalkit.bundle",
    "write_bundle": "mathevalkit.bundle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
